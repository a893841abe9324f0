// What stands below the numbers of a unit: charts, places, today's stream.
import { ask } from "/api.js";
import { el } from "/dom.js";
import { hasCharts, noCharts } from "./draw.js";
import { categories, ranking, trend } from "./panels.js";
import { periodOf, yearTo } from "./period.js";
import { canMap, join, map, tiles } from "./places.js";
import { deeper, rates } from "./rates.js";
import { stream } from "./stream.js";

export const placesOf = (at) => ask("GET", `/api/v1/stats/places?${new URLSearchParams(at.org ? { org: at.org } : {})}`);

// ranked is what places of a unit are ordered.
export const ranked = (kind) => (kind === "city" ? "community" : "compound");

export async function below(at, table) {
  const kind = table.org.kind, months = yearTo(periodOf(at)), inside = kind !== "compound";
  const left = el("div", { class: "grid" }), wide = el("div", {});
  const slot = (into) => into.appendChild(el("div", { class: "slot" }));
  const fill = (where, loading, make) => loading.then((found) => { const made = make(found); made ? where.replaceChildren(...[made].flat()) : where.remove(); }, (error) => where.replaceChildren(el("p", { class: "panel soft" }, error.message)));
  const one = hasCharts() ? slot(left) : null;
  slot(left).replaceChildren(stream(at));
  const two = hasCharts() ? slot(left) : null, three = hasCharts() && inside ? slot(left) : null;
  const compounds = inside ? rates(at, "compound") : null;
  if (hasCharts()) {
    fill(one, rates(at, "month", months), (found) => trend(found, months));
    fill(two, table.by === "category" ? Promise.resolve(table) : rates(at, "category"), (found) => (found.rows.length ? categories(found) : null));
  }
  if (three) {
    const places = ranked(kind) === "compound" ? compounds : ranked(kind) === table.by ? Promise.resolve(table) : rates(at, ranked(kind));
    const draw = (found, by) => (found.rows.length ? ranking(found, by, (next) => three.replaceChildren(draw(found, next))) : null);
    fill(three, places, (found) => draw(found, "overdue"));
  }
  if (inside) {
    const where = slot(wide);
    fill(where, Promise.all([placesOf(at), compounds]), ([places, found]) => {
      if (!("overdue" in found.total) || !places.items.length) return null;
      const spots = join(places, found), lead = (p) => deeper(at, table.org, { key: p.id });
      if (!canMap(spots)) return tiles(spots, found, lead);
      const turn = (to) => [el("button", { type: "button", class: "small noprint", click: () => where.replaceChildren(to()) }, to === asTiles ? "看名单" : "看分布图")];
      const asMap = () => map(spots, found, lead, turn(asTiles)), asTiles = () => tiles(spots, found, lead, turn(asMap));
      return asMap();
    });
  }
  return [hasCharts() ? null : noCharts(), left, wide];
}

