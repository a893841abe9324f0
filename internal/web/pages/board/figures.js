// The figures of the city's own report beside those that the tables give.
import { ask } from "/api.js";
import { el, moment } from "/dom.js";

export const figures = () => ask("GET", "/api/v1/stats/figures");

// figuresList is the same for a wall: large, and where they differ both.
export const figuresList = ({ items }) => el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "全市数字")),
  el("ul", { class: "figurelist" }, ...items.map((f) => el("li", {}, el("span", {}, f.name), el("b", {}, f.computed), f.agrees ? null : el("em", {}, `公布为 ${f.printed}`)))));

export function figuresTable({ as_of: asOf, items }) {
  const differ = items.filter((f) => !f.agrees).length;
  return el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "市里公布的数字，和系统里算出来的")),
    el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "text figures" },
      el("caption", {}, `算出的数截至 ${moment(asOf)}。${items.length} 项中 ${differ ? `${differ} 项对不上，原因写在右边` : "全部对得上"}。`),
      el("thead", {}, el("tr", {}, ...["数字", "公布的", "算出的", "公布日期", "对得上吗", "说明"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...items.map((f) => el("tr", { class: !f.agrees && "differs" },
        el("th", { scope: "row" }, f.name), el("td", {}, f.printed), el("td", {}, el("b", {}, f.computed)), el("td", {}, f.as_of), el("td", {}, f.agrees ? "一致" : el("em", {}, "不一致")), el("td", {}, [f.note, f.why].filter(Boolean).join("；"))))))));
}
