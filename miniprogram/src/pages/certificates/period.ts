/** periodOf is a chosen period as the API takes it; today is 2026-11-29. */
export function periodOf(which: string, today: string): { from?: string; to?: string } {
  const year = Number(today.slice(0, 4));
  if (which === "year") return { from: `${year}-01-01`, to: today };
  if (which === "last") return { from: `${year - 1}-01-01`, to: `${year - 1}-12-31` };
  return {};
}
