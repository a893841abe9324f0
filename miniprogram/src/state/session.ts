// Who is signed in. Pages read `session`; api() waits on signedIn().
import { reactive } from "vue";
import type { components } from "@/api/schema";
import { refused, Trouble, troubleOf, unreached } from "@/api/trouble";
import { keep, recall } from "@/lib/keep";
import { client, site } from "@/lib/site";
// #ifdef H5
import { codeOfWeChat, inWeChat } from "@/lib/browser";
// #endif

export type Me = components["schemas"]["MeView"];
type Session = components["schemas"]["SessionView"];

export const session = reactive({
  token: "",
  me: null as Me | null,
  /** starting = silently; out = a person has to do something; in = there is a token. */
  state: "starting" as "starting" | "out" | "in",
  /** Why signing in did not work, for people. */
  trouble: "",
  /** Some page waits for somebody to sign in. */
  wanted: false,
});

/** held is what somebody is to the pages: the roles, and contact for whoever answers for a work unit. */
export function held(): string[] {
  const me = session.me;
  return me ? [...me.roles, ...(me.units?.length ? ["contact"] : [])] : ["resident"]; // a session that was kept may know no units yet
}

let waiting: (() => void)[] = [];
let starting: Promise<void> | undefined;

/** start signs in silently where that can be done: once, when the app opens. */
export function start(): Promise<void> {
  starting ??= silently();
  return starting;
}

async function silently(): Promise<void> {
  const kept = remembered();
  if (kept) {
    hold(kept.token, kept.me);
    void refresh();
    return;
  }
  session.state = "starting";
  try {
    const code = await codeOfApp();
    if (code) await signIn(code);
    else session.state = "out";
  } catch (error) {
    session.trouble = troubleOf(error).message;
    session.state = "out";
  }
}

/** refresh asks anew who this is: roles change. */
export async function refresh(): Promise<void> {
  try {
    const me = (await ask("GET", "/me", undefined)) as Me;
    session.me = me;
    remember();
  } catch (error) {
    if (error instanceof Trouble && error.status === 401) signedOut();
  }
}

/** subscribed tells the server that somebody agreed to one more message: the mini-program's are told to its page alone. */
export async function subscribed(template: string): Promise<void> {
  session.me = (await ask("POST", "/me/subscriptions", { template })) as Me;
  remember();
}

/** codeOfApp is the one-time code that the surroundings give without asking anybody; empty when they do not. */
async function codeOfApp(): Promise<string> {
  // #ifdef H5
  return inWeChat() ? codeOfWeChat() : "";
  // #endif
  // #ifndef H5
  return new Promise((resolve, reject) => {
    uni.login({ provider: "weixin", timeout: 10_000, success: (res) => resolve(res.code), fail: (cause) => reject(unreached(cause)) });
  });
  // #endif
}

/** signIn opens a session with a one-time code. Error: a Trouble. */
export async function signIn(code: string): Promise<void> {
  const s = (await ask("POST", "/sessions", { code, client: client() })) as Session;
  hold(s.token, s.me);
  remember();
}

function hold(token: string, me: Me): void {
  Object.assign(session, { token, me, state: "in", trouble: "", wanted: false });
  for (const go of waiting.splice(0)) go();
}

/** signedIn waits until somebody is. */
export async function signedIn(): Promise<void> {
  await start();
  if (session.state === "in") return;
  session.wanted = true;
  await new Promise<void>((go) => waiting.push(go));
}

/** signedOut is told when the server no longer takes the token. */
export function signedOut(): void {
  forget();
  starting = silently();
}

/** signOut ends the session at the server too, and forgets what the phone keeps of it. */
export async function signOut(): Promise<void> {
  try {
    await ask("DELETE", "/sessions", undefined);
  } catch {
    // it ends by itself
  }
  forget();
  waiting = [];
  session.state = "out";
  session.wanted = false;
  starting = Promise.resolve();
}

function forget(): void {
  Object.assign(session, { token: "", me: null, state: "starting" });
  remember();
}

// A browser outside WeChat may be anybody's: there a session lives as long as the tab.
interface Kept { token: string; me: Me }

function remembered(): Kept | undefined {
  // #ifdef H5
  if (!inWeChat()) {
    try {
      return JSON.parse(sessionStorage.getItem("fenlin-client") ?? "null") ?? undefined;
    } catch {
      return undefined;
    }
  }
  // #endif
  return recall<Kept>("session");
}

function remember(): void {
  const kept = session.token && session.me ? { token: session.token, me: session.me } : undefined;
  // #ifdef H5
  if (!inWeChat()) {
    if (kept) sessionStorage.setItem("fenlin-client", JSON.stringify(kept));
    else sessionStorage.removeItem("fenlin-client");
    return;
  }
  // #endif
  keep("session", kept);
}

/** ask is api() without the waiting, which would wait for itself here. */
function ask(method: "GET" | "POST" | "DELETE", path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: `${site()}/api/v1${path}`, method, timeout: 20_000, data: body ? JSON.stringify(body) : undefined,
      header: { ...(body ? { "Content-Type": "application/json" } : {}), ...(session.token ? { Authorization: `Bearer ${session.token}` } : {}) },
      success: (res) => (res.statusCode < 300 ? resolve(res.data) : reject(refused(res.statusCode, res.data))),
      fail: (cause) => reject(unreached(cause)),
    });
  });
}
