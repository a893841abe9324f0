// What an action asks for, and what is sent of it.
import type { Schema } from "@/api";
import { endOfDay } from "@/lib/time";

type Ticket = Schema<"TicketView">;
type Action = Schema<"ActionView">;

/** Answers are what was filled in, by field. */
export interface Answers {
  note: string; photos: string[]; to: string; posts: string[]; until: string; approve: string; solved: string; satisfaction: string; into: string; ground: string;
  wait: boolean; unwatch: boolean; category: string; compound_id: string; building: string; unit: string; floor: string; room: string;
}

/** blank is nothing filled in. */
export function blank(): Answers {
  return {
    note: "", photos: [], to: "", posts: [], until: "", approve: "", solved: "", satisfaction: "", into: "", ground: "",
    wait: false, unwatch: false, category: "", compound_id: "", building: "", unit: "", floor: "", room: "",
  };
}

const place = ["category", "compound_id", "building", "unit", "floor", "room"] as const;

/** fieldsOf are the fields that an action has, those that must be given first. */
export function fieldsOf(a: Action): { field: string; must: boolean }[] {
  return [...a.needs.map((field) => ({ field, must: true })), ...a.takes.filter((f) => !a.needs.includes(f)).map((field) => ({ field, must: false }))];
}

/** missing says, by field, what still has to be given. */
export function missing(a: Action, v: Answers): Record<string, string> {
  const out: Record<string, string> = {};
  for (const f of a.needs) {
    const given = f === "place" ? place.some((p) => v[p]) : f === "note" || f === "into" ? !!v[f].trim() : f === "posts" || f === "photos" ? v[f].length > 0
      : f === "to" || f === "until" || f === "approve" || f === "solved" || f === "satisfaction" || f === "ground" ? !!v[f] : true;
    if (!given) out[f] = asks[f] ?? "请填写";
  }
  return out;
}

const asks: Record<string, string> = {
  note: "请写几句", to: "请选一个", posts: "请至少选一个", until: "请选日期", approve: "请选同意或不同意", solved: "请选解决没有", satisfaction: "请选满意不满意",
  into: "请填工单编号", place: "请至少改一项", ground: "请选一条理由", photos: "请加照片",
};

/** bodyOf is what is sent: only the fields that the action has and that were filled in. */
export function bodyOf(t: Pick<Ticket, "version">, a: Action, v: Answers): Schema<"ActInputBody"> {
  const has = (f: string) => a.needs.includes(f) || a.takes.includes(f);
  const body: Record<string, unknown> = { action: a.action, version: t.version };
  if (has("note") && v.note.trim()) body.note = v.note.trim();
  for (const f of ["photos", "posts"] as const) if (has(f) && v[f].length) body[f] = v[f];
  for (const f of ["to", "satisfaction", "ground"] as const) if (has(f) && v[f]) body[f] = v[f];
  if (has("into") && v.into.trim()) body.into = v.into.trim().toUpperCase();
  if (has("until") && v.until) body.until = endOfDay(v.until);
  for (const f of ["approve", "solved"] as const) if (has(f) && v[f]) body[f] = v[f] === "yes";
  if (has("wait") && v.wait) body.wait = true;
  if (has("watch") && v.unwatch) body.watch = false;
  if (has("place")) for (const p of place) if (v[p]) body[p] = v[p];
  return body as Schema<"ActInputBody">;
}

/** Which action is the big button: what the reporter or the handler most likely came for. */
const order = ["confirm", "decide", "accept", "contact", "arrive", "finish", "resume", "rate", "follow"];

/** The other actions stand in this order; what ends a ticket comes last. */
const after = ["add", "urge", "correct", "dispatch", "transfer", "extend", "whistle", "consult", "suspend", "escalate", "return", "reopen", "close", "merge", "exclude", "reject", "withdraw"];

/** mainOf is the action of the big button. */
export function mainOf(t: Pick<Ticket, "actions" | "overdue">): Action | undefined {
  for (const name of t.overdue ? [...order, "urge"] : order) {
    const found = t.actions.find((a) => a.action === name);
    if (found) return found;
  }
  return undefined;
}

/** othersOf are the actions beside the big one. */
export function othersOf(t: Pick<Ticket, "actions" | "overdue">): Action[] {
  const main = mainOf(t);
  return t.actions.filter((a) => a !== main).sort((a, b) => after.indexOf(a.action) - after.indexOf(b.action));
}
