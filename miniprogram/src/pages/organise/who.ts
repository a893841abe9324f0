// Who comes to an activity, in words.
import type { Schema } from "@/api";
import { moment } from "@/lib/time";

type Pair = Pick<Schema<"CheckInView">, "state" | "in_at" | "out_at" | "in_how">;
type Entry = { state: string; checkins: Pair[] };

const groups: Record<string, string> = { coming: "要来的", inside: "在场的", waiting: "候补的", gone: "退出的" };

/** insideOf says that a person is there now. */
export function insideOf(e: { checkins: Pair[] }): boolean { return e.checkins.some((c) => !c.out_at && (c.state === "ok" || c.state === "claimed")); }

/** inGroup says whether a person stands in a group of the list. */
export function inGroup(e: Entry, group: string): boolean {
  switch (group) {
    case "inside": return insideOf(e);
    case "waiting": return e.state === "waiting" || e.state === "offered";
    case "gone": return e.state === "withdrawn" || e.state === "lapsed";
    default: return e.state === "seated";
  }
}

/** groupsOf are the groups with how many; more: the list goes on. */
export function groupsOf(all: Entry[], more: boolean): { value: string; text: string }[] {
  return Object.entries(groups).map(([value, text]) => ({ value, text: `${text} ${all.filter((e) => inGroup(e, value)).length}${more ? "+" : ""}` }));
}

/** pairWords is a check-in and its check-out: 今天 09:02 签到，11:00 签退. */
export function pairWords(c: Pair, now: number = Date.now()): string {
  const said = { claimed: "（等确认）", refused: "（没有确认，不算）", struck: "（划去了，不算）" }[c.state as string] ?? "";
  return `${moment(c.in_at, now)} ${c.in_how === "organiser" ? "名单上签到" : "签到"}，${c.out_at ? `${moment(c.out_at, now).split(" ").pop()} 签退` : "还没签退"}${said}`;
}
