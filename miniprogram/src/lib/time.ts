// Times come as RFC 3339 in the city's zone and are shown in it, wherever the phone is.

interface Clock { year: number; month: number; day: number; hour: string; minute: string; zone: number }

function read(at: string): Clock | undefined {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)[^Z+-]*(Z|([+-])(\d\d):(\d\d))$/.exec(at);
  if (!m) return undefined;
  const zone = m[6] === "Z" ? 0 : (m[7] === "-" ? -1 : 1) * (Number(m[8]) * 60 + Number(m[9]));
  return { year: Number(m[1]), month: Number(m[2]), day: Number(m[3]), hour: m[4] ?? "", minute: m[5] ?? "", zone };
}

/** moment is a time as people say it: 今天 14:05, 11月30日 09:00. */
export function moment(at: string | null | undefined, now: number = Date.now()): string {
  const c = at ? read(at) : undefined;
  if (!c) return "—";
  const here = new Date(now + c.zone * 60_000);
  const days = Math.round((Date.UTC(c.year, c.month - 1, c.day) - Date.UTC(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate())) / 86_400_000);
  const word = ({ "-2": "前天", "-1": "昨天", "0": "今天", "1": "明天", "2": "后天" } as Record<string, string>)[String(days)];
  const date = c.year === here.getUTCFullYear() ? `${c.month}月${c.day}日` : `${c.year}年${c.month}月${c.day}日`;
  return `${word ?? date} ${c.hour}:${c.minute}`;
}

/** day is the date of a time. */
export function day(at: string | null | undefined): string {
  const c = at ? read(at) : undefined;
  return c ? `${c.year}年${c.month}月${c.day}日` : "—";
}

/** left says how long is left, or by how much it is late: 还剩 3 小时, 超时 2 天. */
export function left(at: string | null | undefined, now: number = Date.now()): string {
  if (!at) return "";
  const minutes = Math.round((Date.parse(at) - now) / 60_000);
  const n = Math.abs(minutes);
  const span = n < 60 ? `${Math.max(n, 1)} 分钟` : n < 48 * 60 ? `${Math.floor(n / 60)} 小时` : `${Math.floor(n / 1440)} 天`;
  return minutes < 0 ? `超时 ${span}` : `还剩 ${span}`;
}

/** endOfDay is the end of a day chosen in a picker (2026-11-30), as the API takes it, in the city's zone. */
export function endOfDay(date: string): string {
  return `${date}T23:59:59+08:00`;
}

/** inDays is a day so many days from now in the city's zone: 2026-11-30. */
export function inDays(days: number, now: number = Date.now()): string {
  return new Date(now + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);
}

/** dayWords is a day of the API (2026-11-30) as people say it: 11月30日（明天）. */
export function dayWords(date: string, now: number = Date.now()): string {
  const [year, month, date_] = date.split("-");
  const word = { [inDays(0, now)]: "今天", [inDays(1, now)]: "明天", [inDays(2, now)]: "后天" }[date];
  return `${year === inDays(0, now).slice(0, 4) ? "" : `${year}年`}${Number(month)}月${Number(date_)}日${word ? `（${word}）` : ""}`;
}
