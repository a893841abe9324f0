// How much there is to do, counted on the tickets that were fetched: they come by due time, so what is late comes first.
import type { Schema } from "@/api";

type Ticket = Pick<Schema<"TicketBrief">, "overdue" | "due_at" | "state">;

/** Counts are of the inbox; `sure` = false: there may be more. */
export interface Counts { overdue: number; today: number; all: number; sure: { overdue: boolean; today: boolean; all: boolean } }

/** countsOf counts; `more` says that the list goes on. */
export function countsOf(tickets: Ticket[], more: boolean, now: number = Date.now()): Counts {
  const kinds = tickets.map((t) => kindOf(t, now));
  const last = kinds[kinds.length - 1];
  return {
    overdue: kinds.filter((k) => k === "overdue").length, today: kinds.filter((k) => k === "today").length, all: tickets.length,
    sure: { overdue: !more || last !== "overdue", today: !more || last === "later", all: !more },
  };
}

function kindOf(t: Ticket, now: number): "overdue" | "today" | "later" {
  if (t.overdue) return "overdue";
  return t.due_at && dayOf(Date.parse(t.due_at)) === dayOf(now) ? "today" : "later";
}

/** The day in the city's zone, which is eight hours ahead. */
const dayOf = (at: number) => Math.floor((at + 8 * 3_600_000) / 86_400_000);

/** shown is a count in words: 12, or 50 多 when there may be more. */
export function shown(n: number, sure: boolean): string { return sure ? String(n) : `${n} 多`; }
