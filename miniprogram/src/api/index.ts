// The API, typed by its own OpenAPI document: schema.d.ts is made by `npm run api`.
import { site } from "@/lib/site";
import { session, signedIn, signedOut } from "@/state/session";
import type { components, paths } from "./schema";
import { refused, Trouble, unreached } from "./trouble";

export { Trouble, troubleOf } from "./trouble";

/** Schema is a type of the API by its name: Schema<"TicketView">. */
export type Schema<K extends keyof components["schemas"]> = components["schemas"][K];

type Prefix = "/api/v1";
type Method = "get" | "post" | "put" | "patch" | "delete";
type Short<K> = K extends `${Prefix}${infer R}` ? R : never;
type Operation<P extends string, M extends Method> = `${Prefix}${P}` extends keyof paths ? NonNullable<paths[`${Prefix}${P}`][M]> : never;
type PathOf<M extends Method> = { [K in keyof paths]: NonNullable<paths[K][M]> extends { responses: unknown } ? Short<K> : never }[keyof paths];

type Part<O, K extends "path" | "query"> = O extends { parameters: { [k in K]?: infer V } } ? (V extends undefined ? never : NonNullable<V>) : never;
type Body<O> = O extends { requestBody?: infer R } ? ([NonNullable<R>] extends [never] ? never : NonNullable<R> extends { content: { "application/json": infer B } } ? B : never) : never;
type JSONOf<R> = R extends { content: { "application/json": infer B } } ? B : undefined;
type Answer<O> = O extends { responses: infer R } ? JSONOf<R[Extract<keyof R, 200 | 201 | 202 | 204>]> : never;

type Optional<K extends string, V> = [V] extends [never] ? unknown : { [k in K]?: V };
type Required_<K extends string, V> = [V] extends [never] ? unknown : { [k in K]: V };
type Options<O> = Required_<"path", Part<O, "path">> & Optional<"query", Part<O, "query">> & (O extends { requestBody: { content: unknown } } ? Required_<"body", Body<O>> : Optional<"body", Body<O>>) & {
  /** For operations that create: lib/random's newKey(), the same again on a retry. */
  once?: string;
  /** It needs nobody signed in. */
  open?: boolean;
};
type Args<O> = Record<never, never> extends Options<O> ? [Options<O>?] : [Options<O>];

/** How long a request may take, in milliseconds. */
const TIMEOUT = 20_000;
const UPLOAD_TIMEOUT = 60_000;

/** api calls one operation and gives its answer; what it throws is a Trouble.
 * Unless open, it waits until somebody is signed in. */
export async function api<M extends Method, P extends PathOf<M>>(method: M, path: P, ...args: Args<Operation<P, M>>): Promise<Answer<Operation<P, M>>> {
  const o = (args[0] ?? {}) as { path?: Record<string, string>; query?: Record<string, unknown>; body?: unknown; once?: string; open?: boolean };
  const url = `${site()}/api/v1${fill(path, o.path)}${search(o.query)}`;
  const send = async () => {
    if (!o.open) await signedIn();
    return request(method, url, o.body, o.once, !o.open);
  };
  try {
    return (await send()) as Answer<Operation<P, M>>;
  } catch (error) {
    if (!(error instanceof Trouble) || error.status !== 401 || o.open) throw error;
    signedOut(); // it has run out: sign in again, then once more; the page keeps what was written
    return (await send()) as Answer<Operation<P, M>>;
  }
}

/** fill puts values into a path: /tickets/{number}. */
export function fill(path: string, values: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

/** search is a query without what is empty. */
export function search(query: Record<string, unknown> = {}): string {
  const parts = Object.entries(query).filter(([, v]) => v !== undefined && v !== "" && v !== null)
    .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(String(v))}`);
  return parts.length ? `?${parts.join("&")}` : "";
}

function headers(once: string | undefined, signed: boolean): Record<string, string> {
  const out: Record<string, string> = {};
  if (signed && session.token) out.Authorization = `Bearer ${session.token}`;
  if (once) out["Idempotency-Key"] = once;
  return out;
}

function request(method: Method, url: string, body: unknown, once: string | undefined, signed: boolean): Promise<unknown> {
  const header = headers(once, signed);
  if (body !== undefined) header["Content-Type"] = "application/json";
  return new Promise((resolve, reject) => {
    uni.request({
      url, header, timeout: TIMEOUT, dataType: "text", responseType: "text",
      method: method.toUpperCase() as "GET",
      data: body === undefined ? undefined : JSON.stringify(body),
      success: (res) => {
        const answer = parse(res.data);
        if (res.statusCode >= 200 && res.statusCode < 300) resolve(answer);
        else reject(refused(res.statusCode, answer));
      },
      fail: (cause) => reject(unreached(cause)),
    });
  });
}

function parse(data: unknown): unknown {
  if (typeof data !== "string") return data;
  if (!data) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined; // not ours: a proxy's page
  }
}

/** upload sends a file as one field of a form; progress is told in per cent. */
export async function upload<T>(path: string, name: string, file: { path: string; blob?: Blob }, once: string, progress: (percent: number) => void): Promise<T> {
  await signedIn();
  return new Promise((resolve, reject) => {
    const task = uni.uploadFile({
      url: `${site()}/api/v1${path}`, name, header: headers(once, true), timeout: UPLOAD_TIMEOUT,
      filePath: file.path,
      ...(file.blob && { file: file.blob as File }),
      success: (res) => {
        const answer = parse(res.data);
        if (res.statusCode >= 200 && res.statusCode < 300) return resolve(answer as T);
        if (res.statusCode === 401) signedOut();
        reject(refused(res.statusCode, answer));
      },
      fail: (cause) => reject(unreached(cause)),
    });
    task?.onProgressUpdate?.((p) => progress(p.progress));
  });
}

/** sendPhoto uploads one picture. */
export function sendPhoto(file: { path: string; blob?: Blob }, once: string, progress: (percent: number) => void): Promise<Schema<"PhotoView">> {
  return upload("/photos", "photo", file, once, progress);
}

/** sendFile uploads a file as it is, in place of what is there. */
export async function sendFile(url: string, bytes: ArrayBuffer): Promise<unknown> {
  await signedIn();
  return new Promise((resolve, reject) => {
    uni.request({
      url: `${site()}/api/v1${url}`, method: "PUT", data: bytes, dataType: "text", responseType: "text", timeout: UPLOAD_TIMEOUT,
      header: { ...headers(undefined, true), "Content-Type": "application/octet-stream" },
      success: (res) => {
        const answer = parse(res.data);
        if (res.statusCode === 200) return resolve(answer);
        if (res.statusCode === 401) signedOut();
        reject(refused(res.statusCode, answer));
      },
      fail: (cause) => reject(unreached(cause)),
    });
  });
}

/** fetchPhoto gives the address under which a photo, or another file, of the API can be shown; it lives as long as the page does. */
export async function fetchPhoto(url: string): Promise<string> { return (await fetchFile(url)).at; }

/** fetchFile is fetchPhoto with the type of the file: application/pdf. */
export async function fetchFile(url: string): Promise<{ at: string; type: string }> {
  await signedIn();
  const header = headers(undefined, true);
  // #ifdef H5
  const res = await fetch(url, { headers: header }).catch((cause) => { throw unreached(cause); });
  if (!res.ok) throw refused(res.status, parse(await res.text()));
  return { at: URL.createObjectURL(await res.blob()), type: res.headers.get("Content-Type") ?? "" };
  // #endif
  // #ifndef H5
  return new Promise((resolve, reject) => {
    uni.downloadFile({
      url: site() + url, header, timeout: UPLOAD_TIMEOUT,
      success: (res) => {
        const { header: h = {} } = res as { header?: Record<string, string> };
        if (res.statusCode === 200) return resolve({ at: res.tempFilePath, type: h["Content-Type"] ?? h["content-type"] ?? "" });
        const told = (body: unknown) => reject(refused(res.statusCode, body)); // what was downloaded says why
        uni.getFileSystemManager().readFile({ filePath: res.tempFilePath, encoding: "utf8", success: (r) => told(parse(r.data)), fail: () => told(undefined) });
      },
      fail: (cause) => reject(unreached(cause)),
    });
  });
  // #endif
}
