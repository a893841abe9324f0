import { ask } from "/api.js";
import { el, moment } from "/dom.js";
import { path, rates } from "./rates.js";

// showTicket is one ticket with all that happened to it, as far as the caller may see it.
export async function showTicket(at) {
  const [whole, t] = await Promise.all([rates(at), ask("GET", `/api/v1/tickets/${encodeURIComponent(at.ticket)}`)]);
  path(at, whole.org);
  const place = [t.compound?.name, t.building && `${t.building}号楼`, t.unit && `${t.unit}单元`, t.floor && `${t.floor}层`, t.room].filter(Boolean).join(" ");
  const facts = [
    ["内容", t.text || "（不公开）"], ["位置", place || "未定"], ["类别", t.category.name + (t.emergency ? "　紧急" : "")],
    ["状态", t.state_name + (t.overdue ? "　已超期" : "")], ["办理岗位", t.lead?.title ?? "—"], ["为什么由其办理", t.reason || "—"],
    ["提交", moment(t.created_at)], ["时限", moment(t.due_at)],
  ];
  const parts = [el("div", { class: "panel" }, el("h2", {}, t.number), el("dl", { class: "facts" }, ...facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])))];
  if (t.timeline.length) {
    parts.push(el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "text" },
      el("caption", {}, "办理经过"),
      el("thead", {}, el("tr", {}, ...["时间", "谁", "做了什么", "说明"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...t.timeline.map((e) => el("tr", {},
        el("td", {}, moment(e.at)), el("td", {}, e.actor), el("td", {}, done(e)), el("td", {}, e.note)))))));
  }
  return parts;
}

const answers = { satisfied: "满意", basic: "基本满意", dissatisfied: "不满意" };

// done is what an event did, with what was decided or answered.
function done({ label, data }) {
  const said = [
    data.approve === null ? "" : data.approve ? "同意" : "不同意", data.solved === null ? "" : data.solved ? "已解决" : "没解决", answers[data.satisfaction],
    data.until && `到 ${moment(data.until)}`, data.into && `并入 ${data.into}`,
  ].filter(Boolean).join("，");
  return label + (said && `：${said}`) + (data.to ? ` → ${data.to.name}` : "");
}
