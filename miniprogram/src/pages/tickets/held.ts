// What may be finished without a network: the rules of what is kept on the phone until it is sent.
import type { Schema } from "@/api";

/** HeldPhoto is a photo that waits; `id` once it has arrived. Its picture lies under `key`. */
export interface HeldPhoto { key: string; id: string; /** Where the mini-program saved the file. */ path: string }

/** Held is one finishing that was entered and has not been taken by the server. */
export interface Held {
  /** Idempotency-Key, fixed when it was entered: sent twice, it is done once. */
  key: string;
  /** Whose it is: a phone may be shared. */
  person: string;
  number: string;
  /** The ticket in a few words, for the list. */
  what: string;
  /** What is sent, without its photos; its version is the one that was seen. */
  body: Schema<"ActInputBody">;
  photos: HeldPhoto[];
  /** waiting = for the network; conflict = somebody else did something; refused = the server says no, with why. */
  state: "waiting" | "conflict" | "refused";
  why: string;
}

/** What failed, as far as it matters here. */
interface Failure { status: number; code: string; message: string }

/** afterFailure is what becomes of it: only a person resolves what the server refused; all else is tried again. */
export function afterFailure(h: Held, f: Failure): Held {
  if (f.status <= 0 || f.status === 401 || f.status === 408 || f.status === 429 || f.status >= 500) return { ...h, state: "waiting", why: f.status > 0 ? f.message : "" };
  return { ...h, state: f.code === "stale" || f.code === "not_allowed" ? "conflict" : "refused", why: f.message };
}

/** put adds one to those kept; a ticket is finished once, so it takes the place of what waited for the same ticket. */
export function put(all: Held[], h: Held): Held[] { return [...all.filter((o) => !same(o, h)), h]; }

/** replaced are the kept ones with one as it is now. What was thrown away meanwhile stays away. */
export function replaced(all: Held[], h: Held): Held[] { return all.map((o) => (o.key === h.key ? h : o)); }

/** decided is one that a person sends again although the ticket has changed: with the version that they have seen now. */
export function decided(h: Held, version: number): Held { return { ...h, state: "waiting", why: "", body: { ...h.body, version } }; }

/** bodyOfHeld is what is sent, once all photos have arrived. */
export function bodyOfHeld(h: Held): Schema<"ActInputBody"> {
  const photos = [...(h.body.photos ?? []), ...h.photos.map((p) => p.id)];
  return photos.length ? { ...h.body, photos } : h.body;
}

/** stateOf is how it stands, in words. */
export function stateOf(h: Pick<Held, "state" | "why">): string {
  if (h.state === "conflict") return "没有发送：别人刚办过这件事，请您看一看再决定";
  if (h.state === "refused") return `没有发送：${h.why}`;
  return h.why ? `还没有发出去：${h.why}，会自动再发` : "等网络，会自动发送";
}

const same = (a: Held, b: Held) => a.person === b.person && a.number === b.number;
