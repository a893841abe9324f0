import { ask } from "/api.js";
import { byId, el, moment, percent, plain } from "/dom.js";
import { go } from "./address.js";
import { presets } from "./period.js";

// below is what the rows of a unit are when nothing else is asked.
export const below = { city: "subdistrict", subdistrict: "community", community: "compound", compound: "category" };

export const kinds = { subdistrict: "街道", community: "社区", compound: "小区", category: "类别", month: "月份", handler: "办理岗位" };

// columns: what is shown, and the measures whose tickets stand behind it, of a
// rate those of its numerator and denominator (of). A weighted numerator has none.
export const columns = [
  { name: "受理", count: "accepted", measure: "accepted" },
  { name: "应办结", count: "matured", measure: "matured" },
  { name: "办结率", rate: "finished", measure: "finished", of: "matured" },
  { name: "按时率", rate: "on_time", measure: "on_time", of: "matured" },
  { name: "化解率", rate: "settlement", measure: "settled", of: "matured", parts: true },
  { name: "已回访", count: "answered", measure: "answered" },
  { name: "响应率", rate: "response", measure: "responded", of: "answered" },
  { name: "解决率", rate: "resolution", measure: "resolved", of: "answered" },
  { name: "满意率", rate: "satisfaction", of: "answered" },
  { name: "综合分", score: "composite" },
  { name: "剔除率", rate: "exclusion", measure: "excluded", of: "received" },
  { name: "重办率", rate: "reopen", measure: "reopened", of: "ever_done" },
];

// bases are what rates are shares of, as a list of tickets is headed.
const bases = { matured: "应办结", answered: "已回访", received: "受理和剔除", ever_done: "办结过" };

export function question(at) {
  const period = at.from && at.to ? at : presets.year();
  const q = new URLSearchParams({ from: period.from, to: period.to });
  if (at.org) q.set("org", at.org);
  return q;
}

// path is the way from where the caller starts to where they stand; units visited are kept in the address.
export function path(at, unit) {
  const way = at.way ? at.way.split(",").map((part) => part.split(":")) : [];
  const steps = [];
  way.forEach(([id, name], i) => steps.push(
    el("button", { type: "button", click: () => go({ org: id, way: at.way.split(",").slice(0, i).join(","), measure: null, group: null, key: null, label: null, ticket: null, by: null }) }, name), "›"));
  steps.push(at.measure
    ? el("button", { type: "button", click: () => go({ measure: null, group: null, key: null, label: null, ticket: null }) }, unit.name)
    : el("b", {}, unit.name));
  const list = at.label ?? "工单";
  if (at.measure) steps.push("›", at.ticket ? el("button", { type: "button", click: () => go({ ticket: null }) }, list) : el("b", {}, list));
  if (at.ticket) steps.push("›", el("b", {}, at.ticket));
  byId("path").replaceChildren(...steps);
}

export async function showRates(at) {
  const q = question(at);
  let table = null;
  if (at.by) {
    q.set("by", at.by);
    table = await ask("GET", `/api/v1/stats/rates?${q}`);
  } else {
    const whole = await ask("GET", `/api/v1/stats/rates?${q}`);
    q.set("by", below[whole.org.kind] ?? "category");
    table = await ask("GET", `/api/v1/stats/rates?${q}`);
  }
  path(at, table.org);
  const t = table.total;
  const heads = [["化解率", t.settlement], ["满意率", t.satisfaction], ["解决率", t.resolution], ["按时率", t.on_time]].map(([name, r]) =>
    el("div", { class: "head" }, el("span", {}, name), el("b", {}, percent(r.rate)), el("span", {}, `${plain(r.numerator)} / ${r.denominator}`)));
  heads.push(el("div", { class: "head" }, el("span", {}, "受理"), el("b", {}, String(t.accepted)), el("span", {}, `应办结 ${t.matured}`)));
  if (!table.rows.length) {
    return [el("div", { class: "heads" }, ...heads), el("p", { class: "panel soft" }, "这段时间还没有工单。换一段时间看看。")];
  }
  return [el("div", { class: "heads" }, ...heads), el("div", { class: "scroll", tabindex: "0" }, draw(at, table))];
}

function draw(at, table) {
  const deeper = ["subdistrict", "community", "compound"].includes(table.by);
  const step = (row) => () => go({ org: row.key, way: [at.way, `${table.org.id}:${table.org.name}`].filter(Boolean).join(","), by: null });
  const line = (row) => el("tr", {},
    el("th", { scope: "row" }, deeper && row.key !== "none" ? el("button", { type: "button", click: step(row) }, row.name) : row.name),
    ...columns.map((c) => cell(c, row, table.by, row.key, row.name)));
  return el("table", {},
    el("caption", {}, `${table.org.name}　${moment(table.from).slice(0, 10)} 起，截至 ${moment(table.as_of)}。每个比率下为 分子/分母，— 表示没有可算的工单。`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, kinds[table.by] ?? ""), ...columns.map((c) => el("th", { scope: "col" }, c.name)))),
    el("tbody", {}, ...table.rows.map(line)),
    el("tfoot", {},
      el("tr", {}, el("th", { scope: "row" }, "合计"), ...columns.map((c) => cell(c, table.total, "", "", "合计"))),
      el("tr", {}, el("th", { scope: "row" }, "各行平均"), ...columns.map((c) => el("td", {}, mean(c, table.macro))))));
}

function mean(column, macro) {
  if (column.score) return macro.composite === null ? "—" : macro.composite.toFixed(1);
  return column.rate in macro ? percent(macro[column.rate]) : "";
}

function cell(column, row, by, key, name) {
  const behind = (text, measure, what) => el("button", {
    type: "button", title: `看${name}的工单`, "aria-label": `${name}，${what}，${text}，看工单`,
    click: () => go({ measure, group: by || null, key: key || null, label: `${name === "合计" ? "" : name + " "}${what}` }),
  }, text);
  const number = (n, measure, what = column.name) => (n && measure ? behind(plain(n), measure, what) : plain(n));
  if (column.score) return el("td", {}, row[column.score] === null ? "—" : row[column.score].toFixed(1));
  if (column.count) return el("td", {}, number(row[column.count], column.measure));
  const r = row[column.rate];
  const fraction = el("small", {}, number(r.numerator, column.measure), " / ", number(r.denominator, column.of, bases[column.of]));
  const parts = column.parts && r.numerator ? el("small", {}, `确认 ${r.confirmed}　默认 ${r.tacit}`) : null;
  return el("td", {}, percent(r.rate), fraction, parts);
}
