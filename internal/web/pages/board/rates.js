// What the board asks and how numbers are told; every view builds on it.
import { ask } from "/api.js";
import { byId, el, moment, percent, plain } from "/dom.js";
import { away, go } from "./address.js";
import { periodOf } from "./period.js";

// below is what the rows of a unit are when nothing else is asked.
export const below = { province: "subdistrict", prefecture: "subdistrict", city: "subdistrict", subdistrict: "community", community: "compound", compound: "category" };

export const kinds = { subdistrict: "街道", community: "社区", compound: "小区", category: "类别", month: "月份", handler: "办理岗位" };

// columns: what is shown, and the measures whose tickets stand behind it, of a
// rate those of its numerator and denominator (of). A weighted numerator has none.
export const columns = [
  { name: "受理", count: "accepted", measure: "accepted" },
  { name: "在办", count: "open", measure: "open" },
  { name: "超期未结", count: "overdue", measure: "overdue" },
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
  { name: "首次响应", time: "response_time", measure: "contacted" },
  { name: "办结用时", time: "handling_time", measure: "done" },
];

// bases are what rates are shares of, as a list of tickets is headed.
export const bases = { matured: "应办结", answered: "已回访", received: "受理和剔除", ever_done: "办结过" };

// question is what every view asks: whose, when, of which category. A list of
// tickets may have days of its own.
export function question(at, period = at.days ? daysOf(at.days) : periodOf(at)) {
  const q = new URLSearchParams({ from: period.from, to: period.to });
  if (at.org) q.set("org", at.org);
  if (at.category) q.set("category", at.category);
  return q;
}

const daysOf = (text) => { const [from, to] = text.split("~"); return { from, to }; };

export function rates(at, by, period) {
  const q = question(at, period);
  if (by) q.set("by", by);
  return ask("GET", `/api/v1/stats/rates?${q}`);
}

// behind is a number that leads to its tickets; a plain one when there are none.
export function behind(number, { measure, by, key, name, what, days, ...attributes }, text = plain(number)) {
  if (!number || !measure) return text;
  return el("button", {
    type: "button", class: "number", title: `看${name}的工单`, "aria-label": `${name}，${what}，${text}，看工单`, ...attributes,
    click: () => toTickets({ measure, by, key, name, what, days }),
  }, text);
}

export function toTickets({ measure, by, key, name, what, days }) {
  go({ ...away, measure, group: by || null, key: key || null, days: days || null, label: [name, what].filter(Boolean).join(" ") });
}

// span is minutes as people say them.
export function span(minutes) {
  if (minutes === null || minutes === undefined) return "—";
  if (minutes < 60) return `${Math.round(minutes)} 分钟`;
  if (minutes < 48 * 60) return `${(minutes / 60).toFixed(1)} 小时`;
  return `${(minutes / 1440).toFixed(1)} 天`;
}

export const asOf = (table) => `${moment(table.from).slice(0, 10)} 起，截至 ${moment(table.as_of)}`;

// deeper is where a row of units leads to.
export const deeper = (at, org, row) => go({ ...away, org: row.key, by: null, way: [at.way, `${org.id}:${org.name}`].filter(Boolean).join(",") });

export const isUnit = (by) => ["subdistrict", "community", "compound"].includes(by);

// path is the way from where the caller starts to where they stand; units visited are kept in the address.
export function path(at, unit) {
  const way = at.way ? at.way.split(",").map((part) => part.split(":")) : [];
  const steps = [];
  way.forEach(([id, name], i) => steps.push(
    el("button", { type: "button", click: () => go({ ...away, by: null, org: id, way: at.way.split(",").slice(0, i).join(",") }) }, name), "›"));
  const inside = at.measure || at.ticket || at.view;
  steps.push(inside ? el("button", { type: "button", click: () => go(away) }, unit.name) : el("b", {}, unit.name));
  const list = at.view ? views[at.view] : at.label ?? "工单";
  if (at.measure || at.view) steps.push("›", at.ticket ? el("button", { type: "button", click: () => go({ ticket: null }) }, list) : el("b", {}, list));
  if (at.ticket) steps.push("›", el("b", {}, at.ticket));
  byId("path").replaceChildren(...steps);
}

export const views = { figures: "市里公布的数字", stream: "今天的动态" };

// rateText is a rate with what it is made of.
export const rateText = (r) => `${percent(r.rate)}（${plain(r.numerator)}/${r.denominator}）`;
