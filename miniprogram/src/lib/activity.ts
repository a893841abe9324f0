// What an activity is in words.
import { moment } from "./time";

interface Slot { capacity: number; taken: number; waiting: number }
interface Activity {
  state: string; state_name: string; starts_at: string | null; ends_at: string | null; signup_until: string | null;
  slots: Slot[]; mine: { state: string; ahead: number } | null; min_age: number; audience: string;
}

/** free are the seats that are left at a post. */
export function free(s: Slot): number { return Math.max(0, s.capacity - s.taken); }

/** freeOf are the seats that are left in all; 0 when nobody can sign up any more. */
export function freeOf(a: Activity, now: number = Date.now()): number {
  return takesSignUps(a, now) ? a.slots.reduce((n, s) => n + free(s), 0) : 0;
}

/** takesSignUps says whether one may sign up now, or wait. */
export function takesSignUps(a: Activity, now: number = Date.now()): boolean {
  return a.state === "published" && (!a.signup_until || Date.parse(a.signup_until) > now);
}

/** over says that it has ended: whoever was there may say how it was. */
export function overNow(a: Activity, now: number = Date.now()): boolean {
  return a.state === "done" || a.state === "archived" || (a.state === "running" && !!a.ends_at && Date.parse(a.ends_at) < now);
}

/** brief is how it stands: 还有 3 个名额. */
export function brief(a: Activity, now: number = Date.now()): string {
  if (a.state !== "published") return a.state_name;
  if (!takesSignUps(a, now)) return "报名已截止";
  const n = freeOf(a, now);
  return n ? `还有 ${n} 个名额` : "名额已满，可以候补";
}

/** mineOf is the caller's own part: 已报名. */
export function mineOf(a: Activity): string {
  return { seated: "您已报名", offered: "等您确认", waiting: "您在候补" }[a.mine?.state ?? ""] ?? "";
}

/** span is when it is: 明天 09:00 到 11:00. */
export function span(a: { starts_at: string | null; ends_at: string | null }, now: number = Date.now()): string {
  const from = moment(a.starts_at, now), to = moment(a.ends_at, now);
  const same = (a.starts_at ?? "").slice(0, 10) === (a.ends_at ?? "").slice(0, 10);
  return `${from} 到 ${same ? to.split(" ").pop() : to}`;
}

/** whoMay is who may come. */
export function whoMay(a: Activity): string {
  return [a.audience === "members" ? "党员" : "谁都可以来", a.min_age > 0 && `满 ${a.min_age} 岁`].filter(Boolean).join("，");
}
