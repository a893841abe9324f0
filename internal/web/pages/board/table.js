// The table of rates: a row for each unit, month, category or post.
import { el, percent, plain } from "/dom.js";
import { go } from "./address.js";
import { asOf, bases, behind, below, columns, deeper, isUnit, kinds, span } from "./rates.js";

// groups are what the rows may be instead.
const groups = (kind) => [...new Set([below[kind] ?? "category", ...(kind === "city" ? ["community"] : []), "category", "month", "handler"])];

// only, when given, are the columns to show.
export function ratesTable(at, table, kind, only) {
  const name = (c) => c.count ?? c.rate ?? c.score ?? c.time;
  const shown = columns.filter((c) => name(c) in table.total && (!only || only.includes(name(c))));
  const line = (row) => el("tr", {},
    el("th", { scope: "row" }, isUnit(table.by) && row.key !== "none" ? el("button", { type: "button", click: () => deeper(at, table.org, row) }, row.name) : row.name),
    ...shown.map((c) => cell(c, row, table.by)));
  const choose = el("div", { class: "tools tabs", role: "group", "aria-label": "按什么分行" }, ...groups(kind).map((by) =>
    el("button", { type: "button", "aria-pressed": String(by === table.by), click: () => go({ by: by === (below[kind] ?? "category") ? null : by }) }, `按${kinds[by]}`)));
  if (!table.rows.length) return el("section", { class: "panel" }, choose, el("p", { class: "soft" }, "这段时间没有工单。"));
  return el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "明细"), choose), el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "rates" },
    el("caption", {}, `${table.org.name}　${asOf(table)}。比率下为 分子/分母，— 表示没有可算的工单。`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, kinds[table.by] ?? ""), ...shown.map((c) => el("th", { scope: "col" }, c.name)))),
    el("tbody", {}, ...table.rows.map(line)),
    el("tfoot", {},
      el("tr", {}, el("th", { scope: "row" }, "合计"), ...shown.map((c) => cell(c, { ...table.total, key: "", name: "合计" }, ""))),
      el("tr", {}, el("th", { scope: "row" }, "各行平均"), ...shown.map((c) => el("td", {}, mean(c, table.macro))))))));
}

function mean(column, macro) {
  if (column.score) return macro.composite === null ? "—" : macro.composite.toFixed(1);
  return column.rate in macro ? percent(macro[column.rate]) : "";
}

function cell(column, row, by) {
  const of = { by, key: row.key, name: row.name === "合计" ? "" : row.name };
  if (column.score) return el("td", {}, behind(row.answered, { ...of, measure: row.composite === null ? "" : "answered", what: "已回访" }, row.composite === null ? "—" : row.composite.toFixed(1)));
  if (column.count) return el("td", { class: column.count === "overdue" && row.overdue > 0 && "late" }, behind(row[column.count], { ...of, measure: column.measure, what: column.name }));
  if (column.time) { const t = row[column.time]; return el("td", {}, span(t.median), el("small", {}, t.count ? `九成 ${span(t.p90)}` : "")); }
  const r = row[column.rate];
  const fraction = el("small", {}, behind(r.numerator, { ...of, measure: column.measure, what: column.name }), " / ", behind(r.denominator, { ...of, measure: column.of, what: bases[column.of] }));
  return el("td", {}, percent(r.rate), fraction, column.parts && r.numerator ? el("small", {}, `确认 ${r.confirmed} 默认 ${r.tacit}`) : null);
}
