// What there is to do next about one's own activities, in words.
import type { Schema } from "@/api";

type Activity = Pick<Schema<"ActivityView">, "state" | "starts_at" | "slots" | "summary" | "may">;

/** nextOf is the next thing to do about an activity. */
export function nextOf(a: Activity, now: number = Date.now()): string {
  const taken = a.slots.reduce((n, s) => n + s.taken, 0), waiting = a.slots.reduce((n, s) => n + s.waiting, 0);
  const signed = taken ? `${taken} 人报名${waiting ? `，${waiting} 人候补` : ""}` : "还没有人报名";
  switch (a.state) {
    case "draft": return a.starts_at && Date.parse(a.starts_at) <= now ? "开始时间已过：改时间再发布" : "核对一遍，发布出去";
    case "published": return a.may.includes("tick_in") ? `打开签到屏（${signed}）` : signed;
    case "running": return `现场签到、签退（${signed}）`;
    case "done": return a.summary ? "核对时长，归档" : "写小结，归档";
    default: return "";
  }
}

/** toneOf is how a state looks. */
export function toneOf(state: string): string {
  return { draft: "amber", published: "blue", running: "green", done: "amber", cancelled: "red" }[state] ?? "grey";
}

/** mainOf is the action of the big button: what the organiser most likely came for. */
export function mainOf<A extends { action: string }>(actions: A[]): A | undefined {
  return actions.find((a) => a.action === "publish" || a.action === "archive" || a.action === "finish");
}
