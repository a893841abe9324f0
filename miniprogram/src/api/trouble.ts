import type { components } from "./schema";

type Problem = components["schemas"]["Problem"];

/** Trouble is why a request failed, in words that can be shown as they are. */
export class Trouble extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 = the server was not reached. */
    readonly status: number,
    readonly code: string,
    /** What is wrong with each field, by its name in the API. */
    readonly fields: Record<string, string> = {},
    readonly requestId = "",
    /** What is wrong with a part of a field, by its whole name: slots[1].capacity. It stands in fields too. */
    readonly parts: Record<string, string> = {},
  ) {
    super(message);
  }

  /** The server was not reached: trying again can help. */
  get offline(): boolean { return this.status === 0; }
}

/** refused reads the server's answer (RFC 9457). */
export function refused(status: number, body: unknown): Trouble {
  const p = (body && typeof body === "object" ? body : {}) as Partial<Problem>;
  const fields: Record<string, string> = {}, parts: Record<string, string> = {};
  for (const e of p.errors ?? []) {
    const name = e.field.split(/[.[]/)[0] ?? "";
    fields[name] = fields[name] ? `${fields[name]}；${e.message}` : e.message;
    if (name !== e.field) parts[e.field] = e.message;
  }
  return new Trouble(p.detail || "系统繁忙，请稍后再试", status, p.code ?? "busy", fields, p.request_id, parts);
}

/** unreached is a request that got no answer. */
export function unreached(cause: unknown): Trouble {
  const text = String((cause as { errMsg?: string } | undefined)?.errMsg ?? cause ?? "");
  if (/timeout|timed out/i.test(text)) return new Trouble("网络太慢，没有等到回应，请再试一次", 0, "timeout");
  return new Trouble("网络不通，请检查手机网络后再试", 0, "offline");
}

/** troubleOf makes anything thrown something that can be shown. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  console.error(error);
  return new Trouble("页面出错了，请返回重试", -1, "page");
}
