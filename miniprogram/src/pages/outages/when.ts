// Times of notices: a phone's wheel has 2026-11-30T08:00, the API an offset with it; both in the city's zone.

const EAST = 8 * 3_600_000;

/** clockOf is a time of the API for the wheel. */
export function clockOf(at: string | null): string {
  return at ? new Date(Date.parse(at) + EAST).toISOString().slice(0, 16) : "";
}

/** timeOf is what the wheel chose for the API. */
export function timeOf(clock: string): string { return `${clock}:00+08:00`; }

/** inHours is a full hour, so many hours from now. */
export function inHours(hours: number, now: number = Date.now()): string {
  return `${new Date(now + EAST + hours * 3_600_000).toISOString().slice(0, 13)}:00`;
}
