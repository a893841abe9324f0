// Rates as people read them: in per cent, and always of how many.
import type { Schema } from "@/api";

type Row = Schema<"RowView">;

/** Figure is one number of a row and the tickets behind it. */
export interface Figure {
  name: string;
  hint: string;
  value: string;
  /** What the API calls the tickets that are counted; of a rate those of its numerator, empty when it is weighted. */
  measure: string;
  /** Of a rate: those of its denominator. */
  of: string;
}

const counts = [["受理", "accepted"], ["在办", "open"], ["超期未结", "overdue"]] as const;
const rates = [
  ["化解率", "settlement", "settled", "matured", "应办结的", "居民说解决了，或到期没有异议"],
  ["按时率", "on_time", "on_time", "matured", "应办结的", "没有超过时限就办结"],
  ["响应率", "response", "responded", "answered", "已回访的", "居民说有人及时联系"],
  ["解决率", "resolution", "resolved", "answered", "已回访的", "居民说解决了"],
  ["满意率", "satisfaction", "", "answered", "已回访的", "满意，加上按权重折算的基本满意"],
] as const;

/** figuresOf are the numbers of a row. */
export function figuresOf(row: Row): Figure[] {
  return [
    ...counts.map(([name, key]) => ({ name, hint: "", value: `${row[key]} 件`, measure: key, of: "" })),
    ...rates.map(([name, key, measure, of, , what]) => ({ name, hint: `${what}：${plain(row[key].numerator)}/${row[key].denominator} 件`, value: percent(row[key].rate), measure, of })),
  ];
}

/** listsOf are the lists of tickets behind a figure: its numerator and what it is a share of; one list for a count. */
export function listsOf(measure: string, of: string): { title: string; lists: { value: string; text: string }[] } {
  const count = counts.find((c) => c[1] === measure), rate = rates.find((r) => (r[2] || r[3]) === measure && r[3] === of);
  if (!rate) return { title: count?.[0] ?? "工单", lists: [] };
  const [name, , numerator, , ofName] = rate;
  return { title: name, lists: numerator ? [{ value: numerator, text: `算进${name}的` }, { value: of, text: `全部${ofName}` }] : [] };
}

/** percent is a share in words; there is none of nothing. */
export function percent(rate: number | null): string { return rate === null ? "还没有" : `${(rate * 100).toFixed(1)}%`; }

const plain = (n: number) => (Number.isInteger(n) ? String(n) : n.toFixed(1));

/** byOf are the ways to take a number apart, by what the organisation is. */
export function byOf(kind: string): { value: string; text: string }[] {
  const below: Record<string, [string, string]> = { community: ["compound", "各小区"], subdistrict: ["community", "各社区"], city: ["subdistrict", "各街道"] };
  const own = below[kind];
  return [{ value: "", text: "合计" }, ...(own ? [{ value: own[0], text: own[1] }] : []), { value: "category", text: "各类别" }, { value: "month", text: "各月" }, { value: "handler", text: "各岗位" }];
}

/** sinceOf is the first day of a period that ends today: 2026-11-01. */
export function sinceOf(period: string, today: string): string {
  const [year = 2000, month = 1] = today.split("-").map(Number);
  const back = period === "year" ? month - 1 : period === "three" ? 2 : 0;
  return new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 10);
}
