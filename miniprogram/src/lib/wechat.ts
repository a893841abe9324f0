// What WeChat does for a page that is open inside it (JS-SDK): scanning, the place, its map, photos, consent.
// The kit is loaded when it is first needed: most people never need it.
import type wx from "weixin-js-sdk";
import { api } from "@/api";
import { landing } from "./browser";
import type { Point } from "./where";

type Kit = typeof wx;

let readied: Promise<Kit> | undefined;

/** ready is WeChat's kit once WeChat took our signature. Error: it did not, or has not answered in 8 seconds. */
export function ready(): Promise<Kit> {
  readied ??= configure().catch((cause: unknown) => {
    readied = undefined; // the next time may go well
    throw cause;
  });
  return readied;
}

async function configure(): Promise<Kit> {
  // On iPhones WeChat compares with the address that was opened first, elsewhere with the one that is shown.
  const page = /iPhone|iPad/i.test(navigator.userAgent) ? landing : location.href.split("#")[0]!;
  const [{ default: kit }, signed] = await Promise.all([import("weixin-js-sdk"), api("get", "/wechat/page", { query: { page } })]);
  return new Promise((resolve, reject) => {
    setTimeout(reject, 8000, new Error("WeChat does not answer"));
    kit.error(reject);
    kit.ready(() => resolve(kit)); // called after error too, which changes nothing then
    kit.config({
      debug: false, appId: signed.app_id, timestamp: signed.timestamp, nonceStr: signed.nonce, signature: signed.signature,
      jsApiList: ["scanQRCode", "getLocation", "openLocation", "chooseImage"], openTagList: ["wx-open-subscribe"],
    });
  });
}

/** scanCode is what the code says; undefined when they scanned none. Error: WeChat does not let us. */
export async function scanCode(): Promise<string | undefined> {
  const kit = await ready();
  return new Promise((resolve, reject) => {
    kit.scanQRCode({ needResult: 1, scanType: ["qrCode"], success: (res: { resultStr: string }) => resolve(res.resultStr), fail: reject, ...{ cancel: () => resolve(undefined) } });
  });
}

/** whereInWeChat is where the phone is. Error: refused, or WeChat does not let us. */
export async function whereInWeChat(): Promise<Point> {
  const kit = await ready();
  return new Promise((resolve, reject) => {
    kit.getLocation({
      type: "gcj02", success: (p: { latitude: number | string; longitude: number | string }) => resolve({ lat: Number(p.latitude), lng: Number(p.longitude), datum: "gcj02" }),
      fail: reject, ...{ cancel: reject },
    });
  });
}

/** mapInWeChat opens WeChat's map at a place in gcj02. */
export async function mapInWeChat(at: { lat: number; lng: number }, name: string, address: string): Promise<void> {
  const kit = await ready();
  kit.openLocation({ latitude: at.lat, longitude: at.lng, name, address, scale: 16, infoUrl: "" });
}

/** photosInWeChat are photos taken or chosen, none when they chose none. Error: WeChat does not let us. */
export async function photosInWeChat(count: number): Promise<Blob[]> {
  const kit = await ready();
  const ids = await new Promise<string[]>((resolve, reject) => {
    kit.chooseImage({ count, sizeType: ["compressed"], sourceType: ["album", "camera"], success: (res: { localIds: string[] }) => resolve(res.localIds), fail: reject, ...{ cancel: () => resolve([]) } });
  });
  const blobs: Blob[] = [];
  for (const localId of ids) blobs.push(await photoOf(kit, localId)); // WeChat gives one at a time
  return blobs;
}

function photoOf(kit: Kit, localId: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    kit.getLocalImgData({ localId, success: (res: { localData: string }) => resolve(blobOf(res.localData)), fail: reject } as Parameters<Kit["getLocalImgData"]>[0]);
  });
}

/** blobOf reads a picture as WeChat gives it: iPhones with "data:image/jgp;base64," before it, others without. */
export function blobOf(data: string): Blob {
  const raw = atob(data.replace(/^data:[^,]*,/, "").replace(/\s/g, ""));
  return new Blob([Uint8Array.from(raw, (c) => c.charCodeAt(0))]);
}
