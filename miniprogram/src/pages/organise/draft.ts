// What is written of an activity on the phone, and what is sent of it.
import type { Schema } from "@/api";

type Activity = Schema<"ActivityView">;
type Fields = Schema<"ChangeActivityInputBody">;

export interface Slot { id: string; name: string; capacity: string }

/** Draft is the form: texts as they were typed, times in the city's zone. */
export interface Draft {
  org: string; kind: string; title: string; about: string;
  place: string; point: string; location: { lat: number; lng: number; datum: "gcj02" | "wgs84" } | null; spot: string; fence: string; strict: boolean;
  from: string; fromClock: string; to: string; toClock: string; until: string; untilClock: string;
  slots: Slot[]; audience: string; age: string; accept: string; overlapping: boolean; risky: boolean; insurance: string; summary: string;
  /** Of a series: every so many days; empty: once. */
  every: string; times: string;
  /** Of the activity that this was read from; 0 = a new one. */
  version: number;
}

/** blank is a new activity that begins on a day. */
export function blank(day: string): Draft {
  return {
    org: "", kind: "", title: "", about: "", place: "", point: "", location: null, spot: "", fence: "0", strict: false,
    from: day, fromClock: "09:00", to: day, toClock: "11:00", until: "", untilClock: "",
    slots: [{ id: "", name: "志愿者", capacity: "10" }], audience: "all", age: "0", accept: "0", overlapping: false, risky: false, insurance: "", summary: "",
    every: "", times: "4", version: 0,
  };
}

/** copy is a draft of its own. */
export function copy(d: Draft): Draft { return JSON.parse(JSON.stringify(d)) as Draft; }

/** draftOf is an activity as the form shows it. */
export function draftOf(a: Activity): Draft {
  const [from = "", fromClock = ""] = cut(a.starts_at), [to = "", toClock = ""] = cut(a.ends_at), [until = "", untilClock = ""] = a.signup_until === a.starts_at ? [] : cut(a.signup_until);
  return {
    org: a.org.id, kind: a.kind.code, title: a.title, about: a.about, place: a.place, point: a.point_id, location: a.location, spot: a.location ? "已经选好的位置" : "", fence: String(a.fence), strict: a.strict,
    from, fromClock, to, toClock, until, untilClock, slots: a.slots.map((s) => ({ id: s.id, name: s.name, capacity: String(s.capacity) })),
    audience: a.audience, age: String(a.min_age), accept: String(a.accept_minutes), overlapping: a.overlapping, risky: a.risky, insurance: a.insurance, summary: a.summary,
    every: "", times: "4", version: a.version,
  };
}

/** fieldsOf is what is sent. What is no number is sent as one that the server refuses in its own words. */
export function fieldsOf(d: Draft): Fields {
  const fenced = !!d.location && number(d.fence) !== 0;
  return {
    title: d.title, kind: d.kind, about: d.about, place: d.place, point_id: d.point, ...(d.location && { location: d.location }), fence: d.location ? number(d.fence) : 0, strict: fenced && d.strict,
    starts_at: clock(d.from, d.fromClock), ends_at: clock(d.to, d.toClock), signup_until: d.until ? clock(d.until, d.untilClock || "18:00") : clock(d.from, d.fromClock),
    min_age: number(d.age), audience: d.audience as "all", accept_minutes: number(d.accept), overlapping: d.overlapping, risky: d.risky, insurance: d.risky ? d.insurance : "",
    slots: d.slots.map((s) => ({ ...(s.id && { id: s.id }), name: s.name, capacity: number(s.capacity) })),
  };
}

/** publicOf is what an activity takes over from a ticket: never the reporter's words, nor whose door it is. */
export function publicOf(t: { category: { name: string }; compound: { name: string } | null; building: string }): { title: string; place: string } {
  return { title: `${t.category.name}志愿行动`, place: [t.compound?.name, t.building && `${t.building}号楼`].filter(Boolean).join(" ") };
}

/** startOn moves the beginning to a day; an end that would lie before it, or was on the same day, goes along. */
export function startOn(d: Draft, day: string): void {
  if (d.to === d.from || d.to < day) d.to = day;
  d.from = day;
}

/** clock is a day and an hour of the city as the API takes them. */
export function clock(day: string, hour: string): string { return `${day}T${hour}:00+08:00`; }

/** cut is a time of the API as a day and an hour. */
export function cut(at: string | null): string[] { return at ? [at.slice(0, 10), at.slice(11, 16)] : []; }

function number(text: string): number { return /^\d{1,6}$/.test(text.trim()) ? Number(text.trim()) : -1; }
