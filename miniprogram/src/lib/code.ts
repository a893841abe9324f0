/** Kept is a scan of somebody that waits for the network; trouble: it arrived, and why the server refused it. */
export interface Kept { code: string; at: number; who: string; trouble?: string }

/** codeOf finds the code in what was scanned or typed: the code itself, our address with it, or six digits; empty: none. */
export function codeOf(text: string): string {
  const plain = decode(text).trim().toUpperCase();
  const whole = /(?:^|[/:=])(A[0-9A-Z]{1,13}-[0-9A-Z]{1,13}-[0-9A-F]{20})$/.exec(plain);
  if (whole) return whole[1] ?? "";
  const digits = plain.replace(/\s/g, "");
  return /^\d{6}$/.test(digits) ? digits : "";
}

/** freshOf says whether a code tells by itself when it was scanned: the changing one does, digits and a printed one do not. */
export function freshOf(code: string): boolean {
  return /^A[0-9A-Z]+-[0-9A-Z]+-/.test(code) && !/^A[0-9A-Z]+-S-/.test(code);
}

/** ofWeChat says whether it is a code that only WeChat's own scanner can read. */
export function ofWeChat(text: string): boolean { return /weixin\.qq\.com/i.test(text); }

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
