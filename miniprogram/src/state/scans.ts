// Checking in and out: what was scanned, where one is, and what waits for the network.
import { watch } from "vue";
import { api, type Schema, Trouble } from "@/api";
import { codeOf, freshOf, type Kept } from "@/lib/code";
import { keep, recall } from "@/lib/keep";
import { where, type Point } from "@/lib/where";
import { say } from "./go";
import { session } from "./session";

type CheckIn = Schema<"CheckInView">;

/** scan shows a code to the server, which checks in, or out of where one is in. The place is
 * asked only when the server wants it; sure: they leave although they came just now. What cannot be sent is kept. Gives undefined then. */
export async function scan(text: string, sure = false): Promise<CheckIn | undefined> {
  const code = codeOf(text);
  if (!code) throw new Trouble("这不是汾邻的签到码，请扫现场屏幕上的二维码，或输入屏幕上的 6 位数字", -1, "code");
  try {
    return await withPlace((location) => api("post", "/checkins", { body: { code, either: true, ...(sure && { sure }), ...(location && { location }) } }));
  } catch (error) {
    if (!(error instanceof Trouble) || !error.offline) throw error;
    if (!freshOf(code)) throw new Trouble("没有网络，数字和贴着的码现在送不出去。请扫屏幕上的二维码，或请组织人在名单上为您签", 0, "offline");
    const all = kept();
    if (!all.some((k) => k.code === code && k.who === mine())) keep("checkins", [...all, { code, at: Date.now(), who: mine() }]);
    return undefined;
  }
}

/** leave checks out within the fence, without a code. */
export function leave(id: string): Promise<CheckIn> {
  return withPlace((location) => api("post", "/checkins/{checkin_id}/out", { path: { checkin_id: id }, body: { ...(location && { location }) } }));
}

async function withPlace<T>(send: (location?: Point) => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof Trouble) || error.code !== "location_missing") throw error;
  }
  let at: Point;
  try {
    at = await where();
  } catch {
    throw new Trouble("没有取到您的位置。请打开手机定位、允许汾邻用一次位置再试，或请组织人在名单上为您签", -1, "where");
  }
  return send(at);
}

const mine = () => session.me?.id ?? "";
const kept = () => recall<Kept[]>("checkins") ?? [];

/** waiting are this person's scans that were not delivered yet; refused those that the server did not take. */
export function waiting(): Kept[] { return kept().filter((k) => k.who === mine() && !k.trouble); }
export function refused(): Kept[] { return kept().filter((k) => k.who === mine() && k.trouble); }

/** forget lets go of scans whose refusal was read. */
export function forget(): void { keep("checkins", kept().filter((k) => k.who !== mine() || !k.trouble)); }

let delivering = false;

/** deliver sends what was scanned without network; gives what the server took, in words. What it refuses is not sent
 * again, and stays with its reason until it was read. */
export async function deliver(): Promise<string[]> {
  if (delivering || session.state !== "in") return [];
  delivering = true;
  const said: string[] = [], who = mine();
  try {
    for (const k of waiting()) {
      let trouble = "";
      try {
        const got = await api("post", "/checkins", { body: { code: k.code, either: true, offline: true } });
        said.push(got.state === "claimed" ? "没有网络时的扫码已经送到，组织人确认后生效" : got.out_at ? "签退送到了" : "签到送到了");
      } catch (error) {
        if (!(error instanceof Trouble) || error.offline || error.status >= 500) break;
        trouble = error.message;
      }
      keep("checkins", kept().flatMap((w) => (w.code !== k.code || w.who !== who ? [w] : trouble ? [{ ...w, trouble }] : [])));
    }
  } finally {
    delivering = false;
  }
  return said;
}

/** startScans is called once, when the app opens: what waits goes out as soon as there is a network and somebody is signed in. */
export function startScans(): void {
  const go = async () => { for (const words of await deliver()) say(words); };
  uni.onNetworkStatusChange((now) => { if (now.isConnected) void go(); });
  watch(() => session.me?.id, (id) => { if (id) void go(); }, { immediate: true });
}
