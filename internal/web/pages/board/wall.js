// The board on a wall: big, dark, nothing to press. It asks again by itself,
// turns from view to view, and when the network is away it goes on showing what
// it had and says how old that is.
import { session } from "/api.js";
import { byId, el, moment } from "/dom.js";
import { hasCharts } from "./draw.js";
import { figures, figuresList } from "./figures.js";
import { head } from "./heads.js";
import { placesOf, ranked } from "./overview.js";
import { categories, ranking, trend } from "./panels.js";
import { periodOf, yearTo } from "./period.js";
import { canMap, join, map, tiles } from "./places.js";
import { below, columns, rates } from "./rates.js";
import { deed, deeds } from "./stream.js";
import { ratesTable } from "./table.js";

const every = 60_000, turn = 15_000, soon = 10_000;
const headlines = ["settlement", "on_time", "resolution", "satisfaction", "accepted", "overdue"];

// wall fills view until what it returns is called. `#wall=5` turns every five seconds.
export function wall(at, view, home) {
  const title = el("h1", {}), when = el("p", {}), age = el("p", { class: "age", role: "status", hidden: true });
  const numbers = el("div", { class: "heads" }), stage = el("div", { class: "stage" }), today = el("ol", { class: "stream" });
  const dots = el("p", { class: "dots", "aria-hidden": "true" });
  view.replaceChildren(el("div", { class: "wall" }, el("header", {}, title, when), age, numbers,
    el("div", { class: "rest" }, stage, el("aside", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "今天的动态")), today)), dots));
  let data = null, views = [], shown = 0, asked = 0, over = false;
  const timers = new Set();
  const later = (f, ms) => { const id = setTimeout(() => { timers.delete(id); if (!over) f(); }, ms); timers.add(id); };

  const load = async () => {
    let table = await rates(at, below[home]);
    const kind = table.org.kind;
    if (table.by !== (below[kind] ?? "category")) table = await rates(at, below[kind] ?? "category");
    const months = yearTo(periodOf(at)), city = kind === "city", compound = kind === "compound";
    const [trends, kinds, compounds, ranks, places, told, deedsNow] = await Promise.all([
      rates(at, "month", months), rates(at, "category"), compound ? null : rates(at, "compound"), city ? rates(at, ranked(kind)) : null, compound ? null : placesOf(at), city ? figures().catch(() => null) : null, deeds(at, 30),
    ]);
    return { table, months, trends, kinds, compounds, ranks: ranks ?? compounds, places, told, deeds: deedsNow };
  };

  const show = () => {
    if (!data || !views.length) return;
    stage.replaceChildren(...[views[shown % views.length]()].flat());
    dots.replaceChildren(...views.map((_, i) => el("span", { class: i === shown % views.length && "on" })));
  };

  const paint = () => {
    const { table } = data;
    const t = { ...table.total, key: "", name: "" };
    title.textContent = `${table.org.name} · 诉求办理`;
    when.textContent = `${moment(table.from).slice(0, 10)} 至今　数字截至 ${moment(table.as_of)}`;
    if (periodOf(at).to < table.as_of.slice(0, 10)) when.textContent = `${moment(table.from).slice(0, 10)} 至 ${periodOf(at).to}　数字截至 ${moment(table.as_of)}`;
    numbers.replaceChildren(...headlines.filter((name) => name in t).map((name) => head(columns.find((c) => name === (c.rate ?? c.count)), t)));
    today.replaceChildren(...(data.deeds.items.length ? data.deeds.items.map((d) => deed(d, true)) : [el("li", { class: "soft" }, "今天还没有动静")]));
    const spots = data.places && "overdue" in table.total ? join(data.places, data.compounds) : [];
    views = [
      hasCharts() && (() => trend(data.trends, data.months)),
      spots.length > 1 && (() => (canMap(spots) ? map(spots, data.compounds) : tiles(spots, data.compounds))),
      hasCharts() && data.kinds.rows.length > 0 && (() => categories(data.kinds)),
      hasCharts() && data.ranks?.rows.length > 0 && (() => ranking(data.ranks, "settlement", null, 12)),
      hasCharts() && data.ranks && "overdue" in table.total && data.ranks.rows.some((r) => r.overdue > 0) && (() => ranking(data.ranks, "overdue", null, 12)),
      () => ratesTable(at, table, table.org.kind, ["accepted", "open", "overdue", "on_time", "settlement", "satisfaction"]),
      data.told && (() => figuresList(data.told)),
    ].filter(Boolean);
  };

  const tellAge = (offline) => {
    const minutes = asked ? Math.floor((Date.now() - asked) / 60_000) : 0;
    age.hidden = !offline && minutes < 3;
    age.textContent = data ? `网络中断，正在重试。下面是 ${minutes < 1 ? "刚才" : `${minutes} 分钟前`}的数字（${moment(data.table.as_of)}）` : "网络中断，正在重试";
  };

  const refresh = async () => {
    let next = every;
    try {
      const found = await load();
      if (over) return;
      const first = !data;
      data = found;
      asked = Date.now();
      paint();
      if (first) show();
      tellAge(false);
    } catch (error) {
      if (over) return;
      if (error.status === 401) { session.token = null; location.reload(); return; }
      if (error.status >= 400 && error.status < 500 && error.status !== 429) { byId("trouble").hidden = false; byId("trouble").textContent = error.message; }
      tellAge(true);
      next = soon;
    }
    later(refresh, next);
  };

  const rotate = () => { shown++; show(); later(rotate, Number(at.wall) > 1 ? Number(at.wall) * 1000 : turn); };
  const offline = () => tellAge(true), online = () => refresh();
  addEventListener("offline", offline);
  addEventListener("online", online);
  refresh().then(() => later(rotate, Number(at.wall) > 1 ? Number(at.wall) * 1000 : turn));
  const watch = () => { if (asked && Date.now() - asked > 3 * every) tellAge(true); later(watch, soon); };
  later(watch, soon);
  return () => {
    over = true;
    timers.forEach(clearTimeout);
    removeEventListener("offline", offline);
    removeEventListener("online", online);
    byId("trouble").hidden = true;
  };
}
