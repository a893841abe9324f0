import { say } from "@/state/go";
// #ifdef H5
import { inWeChat } from "./browser";
// #endif

/** Spot is a place of the API on the map. */
export interface Spot { lat: number; lng: number; datum?: string }

/** showPlace leads to a place: WeChat opens its map. A browser has none of ours, so the address is copied. */
export function showPlace(spot: Spot, name: string, address: string): void {
  // #ifdef H5
  const copy = () => uni.setClipboardData({ data: address.startsWith(name) ? address : `${name} ${address}`.trim(), showToast: false, success: () => say("地址已复制，打开手机地图粘贴就能导航") });
  if (inWeChat()) void import("./wechat").then((w) => w.mapInWeChat(spot, name, address)).catch(copy);
  else copy();
  // #endif
  // #ifndef H5
  uni.openLocation({ latitude: spot.lat, longitude: spot.lng, name, address, scale: 16, fail: () => say("地图没有打开，请按地址找") });
  // #endif
}

/** far is a distance in words. */
export function far(metres: number | undefined): string {
  if (metres === undefined) return "";
  return metres < 1000 ? `约 ${Math.max(10, Math.round(metres / 10) * 10)} 米` : `约 ${(metres / 1000).toFixed(1)} 公里`;
}
