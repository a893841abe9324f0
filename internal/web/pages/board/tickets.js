import { ask } from "/api.js";
import { byId, el, moment } from "/dom.js";
import { go } from "./address.js";
import { path, question, rates } from "./rates.js";

// showTickets lists the tickets behind a number.
export async function showTickets(at) {
  const q = question(at);
  q.set("measure", at.measure);
  if (at.group) q.set("by", at.group);
  if (at.key) q.set("key", at.key);
  const load = (cursor) => {
    if (cursor) q.set("cursor", cursor);
    return ask("GET", `/api/v1/stats/rates/tickets?${q}`);
  };
  const [first, whole] = await Promise.all([load(""), rates(at)]);
  path(at, whole.org);
  if (!first.items.length) return [el("p", { class: "panel soft" }, "没有这样的工单。")];
  const rows = el("tbody", {}, ...first.items.map(line));
  const more = el("button", { type: "button", class: "more", hidden: !first.next_cursor }, "再看一些");
  let cursor = first.next_cursor;
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const next = await load(cursor);
      rows.append(...next.items.map(line));
      cursor = next.next_cursor;
      more.hidden = !cursor;
    } catch (error) {
      byId("trouble").hidden = false;
      byId("trouble").textContent = error.message;
    }
    more.disabled = false;
  });
  return [
    el("section", { class: "panel flush" }, el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "text tickets" },
      el("caption", {}, `${at.label ?? "工单"}：共 ${first.count} 件（${q.get("from")} 至 ${q.get("to")}，截至 ${moment(whole.as_of)}）`),
      el("thead", {}, el("tr", {}, ...["编号", "小区", "类别", "状态", "提交", "时限", "结案", "办理岗位"].map((h) => el("th", { scope: "col" }, h)))),
      rows))),
    more,
  ];
}

function line(t) {
  return el("tr", {},
    el("th", { scope: "row" }, el("button", { type: "button", click: () => go({ ticket: t.number }) }, t.number)), el("td", {}, t.compound.name), el("td", {}, t.category.name), el("td", {}, t.state_name),
    el("td", {}, moment(t.created_at)), el("td", { class: late(t) && "late" }, moment(t.due_at)), el("td", {}, moment(t.closed_at)), el("td", {}, t.lead));
}

// late: over the time allowed, and still open or closed after it.
function late(t) {
  return Boolean(t.due_at) && Date.parse(t.closed_at ?? new Date().toISOString()) > Date.parse(t.due_at) && !["finished", "withdrawn", "merged", "excluded", "rejected"].includes(t.state);
}
