// The page of a ticket that a notice leads to: where it stands, and one tap for
// what the reader may do now, above all to say whether it is solved.
import { ask, session } from "/api.js";
import { byId, el, moment } from "/dom.js";
import { frame, tell } from "/frame.js";

const roles = {
  resident: "居民", group_leader: "楼栋党小组长", property_manager: "物业经理", grid_worker: "网格员", branch_secretary: "小区党支部书记",
  community_secretary: "社区党组织书记", subdistrict_secretary: "街道党工委书记", department: "部门", city_secretary: "市委社会工作部",
};

const { start, signIn } = frame({ roles, whom: "查看工单", begin: draw });

const number = () => /^#\/tickets\/([^/?]+)/.exec(location.hash)?.[1] ?? "";

async function draw() {
  const view = byId("view");
  if (!number()) return view.replaceChildren(...(await mine()));
  tell(null);
  try {
    view.replaceChildren(...page(await ask("GET", `/api/v1/tickets/${number()}`)));
  } catch (error) {
    view.replaceChildren();
    tell(error);
    if (error.status === 401) {
      session.token = null;
      await signIn();
    }
  }
}

// mine lists what the reader has reported.
async function mine() {
  const { items } = await ask("GET", "/api/v1/tickets?view=mine");
  if (!items.length) return [el("p", { class: "panel soft" }, "您还没有报过事。")];
  return [el("ul", { class: "links" }, ...items.map((t) => el("li", {}, el("a", { href: `#/tickets/${t.number}` }, el("b", {}, `${t.number}　${t.state_name}`), el("span", {}, t.text || t.category.name)))))];
}

function page(t) {
  const place = [t.compound?.name, t.building && `${t.building}号楼`, t.unit && `${t.unit}单元`].filter(Boolean).join(" ");
  const facts = [["内容", t.text || "（不公开）"], ["位置", place || "待确认"], ["类别", t.category.name], ["办理", t.lead?.title ?? "—"], ["时限", moment(t.due_at)]];
  return [
    el("div", { class: "panel" }, el("h2", {}, `${t.number}　${t.state_name}`), el("dl", { class: "facts" }, ...facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]))),
    ...t.actions.flatMap((a) => offers[a.action]?.(t, a) ?? plain(t, a)),
    ...(t.activities.length ? [el("div", { class: "panel" }, el("h2", {}, "由此开展的志愿活动"), el("ul", {}, ...t.activities.map((a) =>
      el("li", {}, `${moment(a.starts_at)}　${a.title}：${a.state_name}`, a.people ? `，${a.people} 人参加，共 ${a.hours} 小时` : ""))))] : []),
    ...(t.timeline.length ? [el("div", { class: "panel" }, el("h2", {}, "办理经过"), el("ol", {}, ...t.timeline.map((e) =>
      el("li", {}, `${moment(e.at)}　${e.actor}：${e.label}`, e.note && el("div", { class: "soft" }, e.note)))))] : []),
  ];
}

// What the reporter may say of a finished or closed ticket.
const offers = {
  confirm: (t, a) => [panel("解决了吗？", tap(t, a, "满意", { solved: true, satisfaction: "satisfied" }, true), tap(t, a, "基本满意", { solved: true, satisfaction: "basic" }),
    tap(t, a, "已解决但不满意", { solved: true, satisfaction: "dissatisfied" }), tap(t, a, "解决了", { solved: true }), tap(t, a, "没解决", { solved: false }))],
  rate: (t, a) => (t.state === "finished" ? [] : a.needs.includes("posts") ? [] : [panel("满意吗？", tap(t, a, "满意", { satisfaction: "satisfied" }, true),
    tap(t, a, "基本满意", { satisfaction: "basic" }), tap(t, a, "不满意", { satisfaction: "dissatisfied" }))]),
  reopen: (t, a) => [form(t, a, "问题还在？15 天内可以要求重办", "请写明哪里还没有解决")],
};

// plain offers what one tap or one sentence does; all else is for the desk.
function plain(t, a) {
  if (!a.needs.length && a.action !== "add" && a.action !== "correct") return [el("p", {}, tap(t, a, a.label, {}))];
  if (a.needs.length === 1 && a.needs[0] === "note" || a.action === "add") return [form(t, a, a.label, "请写明情况")];
  return [];
}

const panel = (title, ...buttons) => el("div", { class: "panel" }, el("h2", {}, title), el("div", { class: "tools" }, ...buttons));

function tap(t, a, label, body, first = false) {
  return el("button", { type: "button", class: first && "primary", click: (event) => act(t, a, body, event.target) }, label);
}

function form(t, a, title, hint) {
  const note = el("textarea", { rows: "3", required: true, maxlength: "1000", placeholder: hint, "aria-label": hint });
  return el("details", { class: "panel" }, el("summary", {}, title), el("form", {
    submit: (event) => {
      event.preventDefault();
      act(t, a, { note: note.value.trim() }, event.submitter);
    },
  }, note, el("p", {}, el("button", { class: "primary" }, a.label))));
}

async function act(t, a, body, button) {
  button.disabled = true;
  tell(null);
  try {
    await ask("POST", `/api/v1/tickets/${t.number}/actions`, { action: a.action, version: t.version, ...body });
    await draw();
  } catch (error) {
    tell(error);
    button.disabled = false;
  }
}

addEventListener("hashchange", () => { if (session.token) draw(); });
// Without a ticket the page tells how to report; nobody has to sign in for that.
if (number() || session.token) start();
