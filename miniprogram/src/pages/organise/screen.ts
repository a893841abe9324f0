// The screen with the changing code.

/** A code stands half a minute. */
const STANDS = 30_000;
/** How soon a code is asked for when the phone's own clock is wrong. */
const BLIND = 8_000;

/** waitFor is how long a code stands yet, in milliseconds; sure: the phone's clock agrees with the server's. */
export function waitFor(until: string, now: number): { ms: number; sure: boolean } {
  const ms = Date.parse(until) - now;
  return ms > 0 && ms <= STANDS ? { ms, sure: true } : { ms: BLIND, sure: false };
}

/** spaced is six digits as people read them out. */
export function spaced(digits: string): string { return `${digits.slice(0, 3)} ${digits.slice(3)}`; }
