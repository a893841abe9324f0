import { byId } from "/dom.js";

// today in the city's zone, whatever the machine's.
function today() {
  const [y, m, d] = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date()).split("-").map(Number);
  return { y, m, d };
}

const day = (y, m, d) => new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);

// presets are the periods by name, each with its first and last day.
export const presets = {
  year() { const t = today(); return { from: day(t.y, 1, 1), to: day(t.y, t.m, t.d) }; },
  month() { const t = today(); return { from: day(t.y, t.m, 1), to: day(t.y, t.m, t.d) }; },
  "last-month"() { const t = today(); return { from: day(t.y, t.m - 1, 1), to: day(t.y, t.m, 0) }; },
  quarter() { const t = today(); return { from: day(t.y, t.m - ((t.m - 1) % 3), 1), to: day(t.y, t.m, t.d) }; },
  twelve() { const t = today(); return { from: day(t.y, t.m - 11, 1), to: day(t.y, t.m, t.d) }; },
};

// setPeriod shows the period of the address in the form; this year when it has none.
export function setPeriod(at) {
  const { from, to } = at.from && at.to ? at : presets.year();
  byId("from").value = from;
  byId("to").value = to;
  const name = Object.keys(presets).find((n) => { const p = presets[n](); return p.from === from && p.to === to; });
  byId("preset").value = name ?? "custom";
}
