// #ifdef H5
import { inWeChat } from "./browser";
// #endif

/** Point is a place on the earth as the API takes it: WeChat gives gcj02, a browser wgs84. */
export interface Point { lat: number; lng: number; datum: "gcj02" | "wgs84" }

/** where asks the phone where it is. Error: words for people, with another way. */
export function where(): Promise<Point> {
  return new Promise((resolve, reject) => {
    const refused = new Error("没有取到位置。可以在下面按名称找小区");
    // #ifdef H5
    const byBrowser = () => {
      // Not uni.getLocation, which would ask a map service.
      if (!navigator.geolocation) return reject(refused);
      navigator.geolocation.getCurrentPosition(
        (p) => resolve({ lat: p.coords.latitude, lng: p.coords.longitude, datum: "wgs84" }),
        () => reject(refused),
        { timeout: 10_000, maximumAge: 60_000, enableHighAccuracy: true },
      );
    };
    if (inWeChat()) void import("./wechat").then((w) => w.whereInWeChat()).then(resolve, byBrowser);
    else byBrowser();
    // #endif
    // #ifndef H5
    uni.getLocation({ type: "gcj02", success: (p) => resolve({ lat: p.latitude, lng: p.longitude, datum: "gcj02" }), fail: () => reject(refused) });
    // #endif
  });
}
