// The headline figures: each with what it is made of, how it moved against the
// period before, and its tickets behind it; and how far to trust them.
import { el, moment, percent, plain } from "/dom.js";
import { bases, behind, columns, span } from "./rates.js";

const headlines = ["settlement", "on_time", "resolution", "satisfaction", "composite", "accepted", "open", "overdue", "response_time", "handling_time"];

const hints = {
  settlement: "居民确认解决，或到期没有异议的，占应办结的", on_time: "没有超过时限办结的，占应办结的", resolution: "回访时居民说解决了的", satisfaction: "满意，加上按权重折算的基本满意",
  composite: "响应、解决、满意按权重合成，满分 100", accepted: "这段时间报来的，不含撤销、合并、剔除的", open: "现在还没有办结的", overdue: "现在还没有办结、已经超过时限的",
  response_time: "从报事到第一次联系居民，中位数", handling_time: "从报事到办结，中位数",
};

export function heads(table) {
  const t = { ...table.total, key: "", name: "" };
  return el("div", { class: "heads" }, ...headlines.filter((name) => name in t).map((name) => head(columns.find((c) => name === (c.rate ?? c.score ?? c.count ?? c.time)), t)));
}

export function head(c, t) {
  const name = c.rate ?? c.score ?? c.count ?? c.time;
  const now = t[name], before = t.before?.[name];
  const big = (content) => el("b", { class: "big" }, content);
  const parts = [el("span", { class: "title", title: hints[name] }, c.name)];
  if (c.rate) {
    parts.push(big(behind(now.numerator || now.denominator, { name: "", measure: now.denominator ? c.measure ?? c.of : "", what: c.measure ? c.name : bases[c.of] }, percent(now.rate))),
      el("span", {}, behind(now.numerator, { name: "", measure: c.measure, what: c.name }), " / ", behind(now.denominator, { name: "", measure: c.of, what: bases[c.of] }), ` ${bases[c.of]}`,
        c.parts && now.numerator ? el("small", {}, `确认 ${now.confirmed}，默认 ${now.tacit}`) : null),
      trend(now.rate, before?.rate, (d) => `${(d * 100).toFixed(1)} 个百分点`, 0.0005, t.before && before && `上期 ${percent(before.rate)}（${plain(before.numerator)}/${before.denominator}）`));
  } else if (c.score) {
    parts.push(big(behind(t.answered, { name: "", measure: now === null ? "" : "answered", what: "已回访" }, now === null ? "—" : now.toFixed(1))), el("span", {}, "已回访 ", behind(t.answered, { name: "", measure: "answered", what: "已回访" })),
      trend(now, before, (d) => `${d.toFixed(1)} 分`, 0.05, t.before && `上期 ${before === null || before === undefined ? "—" : before.toFixed(1)}`));
  } else if (c.time) {
    parts.push(big(span(now.median)), now.count
      ? el("span", {}, `九成在${span(now.p90)}内，共 `, behind(now.count, { name: "", measure: c.measure, what: c.name }), " 件")
      : el("span", {}, "没有可算的工单"));
  } else {
    parts.push(big(behind(now, { name: "", measure: c.measure, what: c.name })), el("span", {}, { accepted: `应办结 ${t.matured}`, open: "还没有办结", overdue: "已过时限" }[name]));
    if (name === "accepted") parts.push(trend(now, before, (d) => `${d} 件`, 0.5, t.before && `上期 ${before}`, true));
  }
  return el("div", { class: `head ${name === "overdue" && now > 0 ? "alert" : ""}` }, ...parts);
}

// trend tells how a number moved; a neutral one is neither better nor worse.
function trend(now, before, tell, least, title, neutral = false) {
  if (!title) return null;
  if (now === null || before === null || before === undefined) return el("span", { class: "trend", title }, "上期没有可比的");
  const moved = now - before;
  if (Math.abs(moved) < least) return el("span", { class: "trend", title }, "与上期持平");
  const up = moved > 0;
  return el("span", { class: `trend ${neutral ? "" : up ? "better" : "worse"}`, title }, `${up ? "▲" : "▼"} 比上期${up ? "高" : "低"} ${tell(Math.abs(moved))}`);
}

// trust tells how far the numbers can be believed; every signal leads to its tickets.
export function trust(table) {
  const signals = table.total.trust ?? [];
  if (!signals.length) return null;
  const doubtful = signals.filter((s) => s.doubtful);
  const judged = signals.some((s) => s.denominator > 0);
  const verdict = !judged ? "还没有可以判断的工单" : doubtful.length ? `有 ${doubtful.length} 项要打问号：${doubtful.map((s) => s.name).join("、")}` : "没有发现可疑之处";
  return el("section", { class: `panel trust ${doubtful.length ? "doubt" : ""}` },
    el("h2", {}, "这些数字可信吗？"), el("p", {}, verdict),
    el("ul", {}, ...signals.map((s) => el("li", { class: s.doubtful && "doubtful", title: `超过 ${percent(s.limit)} 就要打问号` },
      el("span", {}, s.name), el("b", {}, behind(s.numerator || s.denominator, { name: "", measure: s.numerator ? s.measure : "", what: s.name }, percent(s.rate))),
      el("small", {}, behind(s.numerator, { name: "", measure: s.measure, what: s.name }), ` / ${s.denominator}`), s.doubtful ? el("em", {}, "存疑") : null))));
}

// beforeText names the period before by its first and last day.
export function beforeText({ before }) {
  if (!before) return "";
  const last = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(Date.parse(before.to) - 1000);
  return `上期为 ${moment(before.from).slice(0, 10)} 至 ${last}`;
}
