interface Hours { days: number[]; from: string; to: string }

const names = ["一", "二", "三", "四", "五", "六", "日"];

/** opening is when a point is open, a line for each time: 周一到周五 09:00 到 18:00. */
export function opening(all: Hours[]): string[] { return all.map((h) => `${daysOf(h.days)} ${h.from} 到 ${h.to}`); }

function daysOf(days: number[]): string {
  const some = [...new Set(days)].sort((a, b) => a - b);
  if (some.length === 7) return "每天";
  const first = some[0] ?? 1, last = some[some.length - 1] ?? 7;
  if (some.length > 2 && last - first === some.length - 1) return `周${names[first - 1]}到周${names[last - 1]}`;
  return some.map((d) => `周${names[d - 1]}`).join("、");
}
