// The charts of the board, each from an answer of the rates.
import { el, percent, plain } from "/dom.js";
import { chart } from "./draw.js";
import { asOf, bases, columns, kinds, rateText, toTickets } from "./rates.js";
import { day } from "./period.js";

const tip = (c, more = {}) => ({ renderMode: "richText", confine: true, backgroundColor: c.paper, borderColor: c.line, textStyle: { color: c.ink, fontSize: c.size }, ...more });
const text = (c) => ({ color: c.soft, fontSize: c.size });
const none = "-"; // where there is nothing to draw, not even 0

// trend is how counts and rates went by month; a month leads to its tickets.
export function trend(table, period) {
  const months = monthsOf(period), rows = new Map(table.rows.map((r) => [r.key, r]));
  const rate = (name) => months.map((m) => rows.get(m)?.[name].rate ?? none);
  return chart({
    title: "逐月走势", note: asOf(table), axis: "x",
    pick: (i) => {
      const month = months[i], row = rows.get(month);
      if (row?.accepted) toTickets({ measure: "accepted", what: `${month} 受理`, days: daysOf(month, period) });
    },
    make: (c, size) => ({
      legend: { top: 0, textStyle: text(c), itemGap: 14 },
      grid: { left: 8, right: 8, top: c.size * 2.6, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: tip(c, {
        trigger: "axis",
        formatter: ([{ dataIndex: i }]) => {
          const r = rows.get(months[i]);
          return r ? `${months[i]}\n受理 ${r.accepted}\n化解率 ${rateText(r.settlement)}\n按时率 ${rateText(r.on_time)}\n满意率 ${rateText(r.satisfaction)}` : `${months[i]}\n没有工单`;
        },
      }),
      xAxis: { type: "category", data: months.map((m, i) => (i === 0 || m.endsWith("-01") ? m : m.slice(5))), axisLabel: { ...text(c), hideOverlap: true }, axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false } },
      yAxis: [
        { type: "value", minInterval: 1, axisLabel: text(c), splitLine: { show: false } },
        { type: "value", min: 0, max: 1, interval: 0.25, axisLabel: { ...text(c), formatter: (v) => `${v * 100}%` }, splitLine: { lineStyle: { color: c.line, opacity: 0.5 } } },
      ],
      series: [
        { name: "受理", type: "bar", barMaxWidth: 34, itemStyle: { color: c.grey, borderRadius: [3, 3, 0, 0] }, data: months.map((m) => rows.get(m)?.accepted ?? 0) },
        ...[["化解率", "settlement", c.green, "circle"], ["按时率", "on_time", c.blue, "rect"], ["满意率", "satisfaction", c.amber, "triangle"]].map(([name, key, colour, symbol]) => (
          { name, type: "line", yAxisIndex: 1, symbol, symbolSize: size.width < 500 ? 5 : 8, lineStyle: { width: 2.5 }, color: colour, data: rate(key) })),
      ],
    }),
  });
}

export function monthsOf({ from, to }) {
  const out = [];
  for (let [y, m] = from.split("-").map(Number); day(y, m, 1) <= to; m++) out.push(day(y, m, 1).slice(0, 7));
  return out;
}

// daysOf is a month within the period, whose count it must give again.
function daysOf(month, { from, to }) {
  const [y, m] = month.split("-").map(Number);
  const first = day(y, m, 1), last = day(y, m + 1, 0);
  return `${first > from ? first : from}~${last < to ? last : to}`;
}

// bars are rows as lying bars with a word at their ends, the first row on top.
function bars({ title, note, rows, value, word, colour, pick, controls, share, most, empty }) {
  return chart({
    empty: rows.length ? "" : empty,
    title, note, controls, axis: "y", pick: (i) => rows[i] && pick(rows[i]), tall: rows.length > 10 ? "tall" : "",
    make: (c, size) => ({
      grid: { left: 4, right: share ? Math.max(...rows.map((r) => word(r).length)) * c.size * 0.62 : c.size * 7, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: tip(c, { formatter: ({ dataIndex: i }) => `${rows[i].name}\n${most(rows[i])}` }),
      xAxis: { type: "value", min: 0, max: share ? 1 : null, axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: "category", inverse: true, data: rows.map((r) => r.name), axisLabel: { ...text(c), color: c.ink, interval: 0, width: size.width * 0.32, overflow: "truncate" }, axisLine: { show: false }, axisTick: { show: false } },
      series: [{
        type: "bar", barMaxWidth: 22, data: rows.map((r) => ({ value: value(r), itemStyle: { color: colour(c, r), borderRadius: [0, 3, 3, 0] } })), showBackground: Boolean(share), backgroundStyle: { color: c.line, opacity: 0.25 },
        label: { show: true, position: share ? "insideLeft" : "right", ...text(c), ...(share ? { position: [0, 0], formatter: "" } : { formatter: ({ dataIndex: i }) => word(rows[i]) }) },
      }, ...(share ? [{ // a bar of full length carries the words, so that they stand under one another
        type: "bar", barGap: "-100%", barMaxWidth: 22, silent: true, itemStyle: { color: "transparent" }, data: rows.map(() => 1), label: { show: true, position: "right", ...text(c), formatter: ({ dataIndex: i }) => word(rows[i]) }, tooltip: { show: false },
      }] : [])],
    }),
  });
}

const told = (r) => [`受理 ${r.accepted}`, "overdue" in r ? `超期未结 ${r.overdue}` : "", `化解率 ${rateText(r.settlement)}`, `按时率 ${rateText(r.on_time)}`, `满意率 ${rateText(r.satisfaction)}`].filter(Boolean).join("\n");

// categories are what people reported most.
export function categories(table, most = 12) {
  const rows = table.rows.filter((r) => r.accepted > 0).sort((a, b) => b.accepted - a.accepted).slice(0, most);
  return bars({
    title: "报得最多的问题", note: `${asOf(table)}。条长为受理件数，右边是化解率`, rows, value: (r) => r.accepted, colour: (c) => c.blue,
    word: (r) => `${r.accepted} 件　${percent(r.settlement.rate)}`, most: told, pick: (r) => toTickets({ measure: "accepted", by: "category", key: r.key, name: r.name, what: "受理" }),
  });
}

// rankings are by what places can be ordered; never persons.
const rankings = [["overdue", "超期未结"], ["settlement", "化解率"], ["on_time", "按时率"], ["satisfaction", "满意率"], ["accepted", "受理"]];

// ranking orders places by a measure, those that need help first.
export function ranking(table, chosen, choose, most = 15) {
  const known = rankings.filter(([name]) => name in table.total);
  const by = known.some(([name]) => name === chosen) ? chosen : known[0][0];
  const column = columns.find((c) => (c.rate ?? c.count) === by);
  const value = (r) => (column.rate ? r[by].rate : r[by]);
  const places = table.rows.filter((r) => r.key !== "none");
  const empty = by === "overdue" ? "没有超期未结的工单" : "没有可算的工单";
  const able = places.filter((r) => value(r) !== null && (column.rate || value(r) > 0));
  const rows = able.sort((a, b) => (column.rate ? value(a) - value(b) || b[by].denominator - a[by].denominator : value(b) - value(a))).slice(0, most);
  const select = el("select", { "aria-label": "按什么排", class: "small noprint", change: (event) => choose(event.target.value) }, ...known.map(([name, label]) => el("option", { value: name, selected: name === by }, label)));
  const rest = [able.length > rows.length ? `只列${column.rate ? "最低" : "最多"}的 ${rows.length} 个` : "", column.rate && places.length > able.length ? `${places.length - able.length} 个没有可算的工单，不列` : ""].filter(Boolean).join("；");
  return bars({
    empty,
    title: `${kinds[table.by]}排行：${column.name}`, note: `${asOf(table)}${rest && `。${rest}`}`, rows, value, share: Boolean(column.rate), controls: choose ? [select] : [], most: told,
    colour: (c, r) => (by === "overdue" ? c.red : c.blue),
    word: (r) => (column.rate ? `${percent(r[by].rate)}  ${plain(r[by].numerator)}/${r[by].denominator}` : `${r[by]} 件`),
    pick: (r) => toTickets({ measure: column.rate ? column.of : column.measure, by: table.by, key: r.key, name: r.name, what: column.rate ? bases[column.of] : column.name }),
  });
}

export { tip, text };
