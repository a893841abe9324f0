// Where it stands still: the compounds on a map without a background, and as
// tiles by community; both coloured by what is open and past its time.
import { el } from "/dom.js";
import { chart, hasCharts } from "./draw.js";
import { asOf, rateText } from "./rates.js";
import { text, tip } from "./panels.js";

// level of a number of overdue tickets: how strongly it is coloured.
const levels = [["没有超期", (r) => !r.overdue], ["1–2 件", (r) => r.overdue <= 2], ["3–5 件", (r) => r.overdue <= 5], ["6 件以上", () => true]];
const level = (r) => levels.findIndex(([, is]) => is(r));

// join puts the numbers to the places; a place without tickets has none.
export function join(places, table) {
  const rows = new Map(table.rows.map((r) => [r.key, r]));
  return places.items.map((p) => ({ ...p, row: rows.get(p.id), overdue: rows.get(p.id)?.overdue ?? 0, open: rows.get(p.id)?.open ?? 0 }));
}

const told = (p) => `${p.name}\n${p.subdistrict} · ${p.community}\n${p.row ? `超期未结 ${p.overdue}，在办 ${p.open}\n受理 ${p.row.accepted}，化解率 ${rateText(p.row.settlement)}` : "这段时间没有工单"}`;

// map draws the places where they are, north up; a point leads on.
export function map(found, table, lead, controls) {
  const located = found.filter((p) => p.location);
  const squeeze = Math.cos((located[0].location.lat * Math.PI) / 180);
  const points = located.map((p) => ({ ...p, x: p.location.lng * squeeze, y: p.location.lat }));
  const range = (name) => { const all = points.map((p) => p[name]); return [Math.min(...all), Math.max(...all)]; };
  const [west, east] = range("x"), [south, north] = range("y");
  const groups = Object.entries(Object.groupBy?.(points, (p) => p.subdistrict) ?? {}).map(([name, of]) => ({ name, x: of.reduce((s, p) => s + p.x, 0) / of.length, y: Math.max(...of.map((p) => p.y)) }));
  const worst = new Set(points.filter((p) => p.overdue > 0).sort((a, b) => b.overdue - a.overdue).slice(0, 12).map((p) => p.id));
  return chart({
    title: "小区分布", note: `${asOf(table)}。颜色为超期未结的件数，大小为在办的件数；示意图，上北下南`, tall: "tall", controls, pick: lead && ((p) => p.id && lead(p)),
    make: (c, { width, height }) => {
      const colours = [c.green, c.amber, "#e8702a", c.red];
      const pad = c.size * 2.4, W = width - 2 * pad, H = height - 3.4 * pad;
      const scale = Math.max((east - west) / W, (north - south) / H, 1e-6);
      const wide = Math.max(scale / 1.8, (east - west) / W, 1e-6); // a schematic: stretched where there is room
      const mid = [(west + east) / 2, (south + north) / 2];
      const spot = (list) => list.map((p) => ({ ...p, value: [p.x, p.y] }));
      const size = (p) => (p.row ? Math.min(c.size * 0.7 + 2.2 * Math.sqrt(p.open + p.overdue), c.size * 2.2) : c.size * 0.42);
      const series = [...levels.map(([name], i) => ({
        name, type: "scatter", color: colours[i], symbolSize: (_, { data }) => size(data), data: spot(points.filter((p) => level(p) === i && p.row)), z: 3 + i,
        itemStyle: { borderColor: c.paper, borderWidth: 1, opacity: 0.92 }, labelLayout: { hideOverlap: true },
        label: { show: i > 0, position: "right", color: c.ink, fontSize: c.size * 0.92, textBorderColor: c.paper, textBorderWidth: 2, formatter: ({ data }) => (worst.has(data.id) ? `${data.name} ${data.overdue}` : "") },
      })), {
        name: "没有工单", type: "scatter", color: c.grey, symbolSize: c.size * 0.42, data: spot(points.filter((p) => !p.row)), z: 2,
      }];
      return {
        legend: { top: 0, textStyle: text(c), itemGap: 14, data: series.map((s) => s.name) },
        tooltip: tip(c, { formatter: ({ data }) => (data.id ? told(data) : "") }),
        grid: { left: pad, right: pad, top: 2.4 * pad, bottom: pad, outerBoundsMode: "none" },
        xAxis: { type: "value", show: false, min: mid[0] - (wide * W) / 2, max: mid[0] + (wide * W) / 2 },
        yAxis: { type: "value", show: false, min: mid[1] - (scale * H) / 2, max: mid[1] + (scale * H) / 2 },
        series: [...series, {
          type: "scatter", symbolSize: 0.01, silent: true, data: groups.length > 1 ? spot(groups) : [], z: 1, tooltip: { show: false },
          label: { show: true, position: "top", distance: c.size * 0.8, color: c.soft, fontSize: c.size * 1.15, formatter: ({ data }) => data.name },
        }],
      };
    },
  });
}

// tiles are the places by community, for those who read rather than look.
export function tiles(found, table, lead, controls = []) {
  const communities = new Map();
  for (const p of found) {
    const name = `${p.subdistrict} · ${p.community}`;
    communities.set(name, [...(communities.get(name) ?? []), p]);
  }
  const tile = (p) => el(lead ? "button" : "span", { type: lead && "button", class: `tile ${p.row ? `level${level(p)}` : "quiet"}`, title: told(p), ...(lead ? { click: () => lead(p) } : {}) }, el("span", {}, p.name), el("b", {}, p.row ? String(p.overdue) : "—"));
  return el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "小区一览"), el("div", { class: "keys" }, ...levels.map(([name], i) => el("span", { class: `key level${i}` }, name)), el("span", { class: "key quiet" }, "没有工单")), el("div", { class: "tools" }, ...controls)),
    el("div", { class: "tiles" }, ...[...communities].sort(([a], [b]) => a.localeCompare(b, "zh")).map(([name, list]) => el("div", { class: "group" }, el("h3", {}, name), el("div", {}, ...list.map(tile))))),
    el("p", { class: "soft note" }, `${asOf(table)}。数字为超期未结的件数`));
}

// canMap: where most places are known and there is something to draw with.
export const canMap = (found) => hasCharts() && found.length > 1 && found.filter((p) => p.location).length * 2 > found.length;
