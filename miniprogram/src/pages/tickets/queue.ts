// Finishing without a network: kept on the phone, sent when the network is back.
import { computed, reactive, watch } from "vue";
import { api, sendPhoto, Trouble, troubleOf } from "@/api";
import { keep, recall } from "@/lib/keep";
import type { Picture } from "@/lib/picture";
import { dropPicture, loadPicture, savePicture } from "@/lib/pictures";
import { session } from "@/state/session";
import { afterFailure, bodyOfHeld, type Held, put, replaced } from "./held";

const NAME = "held";
const queue = reactive({ all: recall<Held[]>(NAME) ?? [], busy: "" });

/** mine are those of who is signed in. */
export const mine = computed(() => queue.all.filter((h) => h.person === session.me?.id));

/** heldOf is what waits for a ticket. */
export function heldOf(number: string): Held | undefined { return mine.value.find((h) => h.number === number); }

/** sending says whether one is on its way just now. */
export function sending(h: Held): boolean { return queue.busy === h.key; }

function set(all: Held[]): void {
  queue.all = all;
  keep(NAME, all.length ? all : undefined);
}

/** hold keeps a finishing with the pictures that have not been sent, and tries at once.
 * Error: words for people, when the phone cannot keep it; then nothing was kept. */
export async function hold(h: Omit<Held, "photos" | "person" | "state" | "why">, pictures: { key: string; picture: Picture }[]): Promise<void> {
  const photos: Held["photos"] = [];
  try {
    for (const p of pictures) photos.push({ key: p.key, id: "", path: await savePicture(p.key, p.picture) });
    const before = heldOf(h.number);
    set(put(queue.all, { ...h, photos, person: session.me?.id ?? "", state: "waiting", why: "" }));
    if (!recall<Held[]>(NAME)?.some((k) => k.key === h.key)) throw new Error("storage is full");
    for (const p of before?.photos ?? []) void dropPicture(p.key, p.path);
  } catch {
    set(queue.all.filter((k) => k.key !== h.key));
    for (const p of photos) void dropPicture(p.key, p.path);
    throw new Error("手机存不下，请走到有网络的地方再发送");
  }
  void flush();
}

/** drop throws one away. */
export function drop(h: Held): void {
  set(queue.all.filter((k) => k.key !== h.key));
  for (const p of h.photos) void dropPicture(p.key, p.path);
}

/** resend lets one go again, as a person decided. */
export function resend(h: Held): void {
  set(replaced(queue.all, h));
  void flush();
}

/** flush sends what waits, one after the other. */
export async function flush(): Promise<void> {
  if (queue.busy || session.state !== "in") return;
  for (const h of mine.value.filter((k) => k.state === "waiting")) {
    queue.busy = h.key;
    const now: Held = { ...h, photos: h.photos.map((p) => ({ ...p })) };
    try {
      for (const p of now.photos) {
        if (p.id) continue;
        const picture = await loadPicture(p.key, p.path);
        if (!picture) throw new Trouble("手机里的照片找不到了，请删掉这一条，重新办结", 410, "lost");
        p.id = (await sendPhoto(picture, p.key, () => {})).id;
        set(replaced(queue.all, now));
      }
      await api("post", "/tickets/{number}/actions", { path: { number: now.number }, body: bodyOfHeld(now), once: now.key });
      drop(h);
    } catch (error) {
      const trouble = troubleOf(error);
      set(replaced(queue.all, afterFailure(now, trouble)));
      if (trouble.offline) break;
    } finally {
      queue.busy = "";
    }
  }
}

/** startQueue is called once, when the app opens. */
export function startQueue(): void {
  uni.onNetworkStatusChange((res) => { if (res.isConnected) void flush(); });
  watch(() => session.me?.id, (id) => { if (id) void flush(); }, { immediate: true });
}
