// Putting hours right: what is asked and what is sent.
import type { Schema } from "@/api";
import { hours } from "@/lib/hours";
import { clock, cut } from "./draft";

type Share = Schema<"ShareView">;
type Pair = Schema<"CheckInView">;

/** Fix is what is to be put right of somebody's hours. */
export interface Fix { what: "set" | "add" | "strike" | "manual" | "refuse"; who: Share; pair?: Pair }

export const fixNames: Record<Fix["what"], string> = { set: "更正签到签退", add: "补签到签退", strike: "划去这次签到", manual: "补录时长", refuse: "不计入这些时长" };

/** Times are a check-in and its check-out as they are chosen. */
export interface Times { inDay: string; inClock: string; outDay: string; outClock: string }

/** timesOf is where a correction starts: the check-in as it is, else the activity's own times. */
export function timesOf(fix: Fix, activity: { starts_at: string | null; ends_at: string | null }): Times {
  const [inDay = "", inClock = ""] = cut(fix.pair?.in_at ?? activity.starts_at), [outDay = "", outClock = ""] = cut(fix.pair?.out_at ?? activity.ends_at);
  return { inDay, inClock, outDay, outClock };
}

/** fixOf is what is sent of a correction. A time that was not touched keeps its seconds. */
export function fixOf(fix: Fix, t: Times, reason: string): Schema<"CorrectHoursInputBody"> {
  const kept = (day: string, hour: string, before: string | null | undefined) => (before && cut(before).join() === [day, hour].join() ? before : clock(day, hour));
  return {
    what: fix.what as "set", reason,
    ...(fix.what === "add" ? { person_id: fix.who.person_id } : { checkin_id: fix.pair?.id ?? "", version: fix.pair?.version }),
    ...(fix.what !== "strike" && { in_at: kept(t.inDay, t.inClock, fix.pair?.in_at), out_at: kept(t.outDay, t.outClock, fix.pair?.out_at) }),
  };
}

/** worthWords is what the activity is worth to somebody. */
export function worthWords(h: Pick<Share, "minutes" | "manual_minutes" | "review">): string {
  if (h.manual_minutes && !h.minutes) return `补录 ${hours(h.manual_minutes)}`;
  return `${hours(h.minutes)}${h.review === "waiting" ? "，等您复核" : ""}`;
}
