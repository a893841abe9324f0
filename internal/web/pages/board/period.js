import { byId } from "/dom.js";

// today in the city's zone, whatever the machine's.
function today() {
  const [y, m, d] = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date()).split("-").map(Number);
  return { y, m, d };
}

export const day = (y, m, d) => new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);

// presets are the periods by name, each with its first and last day.
export const presets = {
  year() { const t = today(); return { from: day(t.y, 1, 1), to: day(t.y, t.m, t.d) }; },
  month() { const t = today(); return { from: day(t.y, t.m, 1), to: day(t.y, t.m, t.d) }; },
  week() { const t = today(); return { from: day(t.y, t.m, t.d - 6), to: day(t.y, t.m, t.d) }; },
  "last-month"() { const t = today(); return { from: day(t.y, t.m - 1, 1), to: day(t.y, t.m, 0) }; },
  quarter() { const t = today(); return { from: day(t.y, t.m - ((t.m - 1) % 3), 1), to: day(t.y, t.m, t.d) }; },
  twelve() { const t = today(); return { from: day(t.y, t.m - 11, 1), to: day(t.y, t.m, t.d) }; },
  "last-year"() { const t = today(); return { from: day(t.y - 1, 1, 1), to: day(t.y - 1, 12, 31) }; },
  three() { const t = today(); return { from: day(t.y - 2, 1, 1), to: day(t.y, t.m, t.d) }; },
};

// periodOf is the period of an address: its own days, or those of the name it has now; this year without either.
export const periodOf = (at) => (at.from && at.to ? { from: at.from, to: at.to } : (presets[at.period] ?? presets.year)());

// yearTo is the period, or the twelve months up to its end when it is too short to show a trend.
export function yearTo({ from, to }) {
  const [y, m] = to.split("-").map(Number);
  const early = day(y, m - 11, 1);
  return { from: from < day(y, m - 2, 1) ? from : early, to };
}

// setPeriod shows the period of the address in the form.
export function setPeriod(at) {
  const { from, to } = periodOf(at);
  byId("from").value = from;
  byId("to").value = to;
  byId("preset").value = at.from && at.to ? "custom" : presets[at.period] ? at.period : "year";
  byId("days").hidden = byId("preset").value !== "custom";
}
