import { ref } from "vue";
import { keep, recall } from "@/lib/keep";

/** WeChat's own setting is 16 or 17 at its middle; from here on people have asked for larger text. */
const LARGE_FROM = 19;

/** large says whether text is large. It stays as chosen; not chosen, it follows WeChat. */
export const large = ref(recall<boolean>("large") ?? wechatIsLarge());

function wechatIsLarge(): boolean {
  // #ifdef MP-WEIXIN
  try {
    return Number((uni.getAppBaseInfo() as { fontSizeSetting?: number }).fontSizeSetting ?? 0) >= LARGE_FROM;
  } catch {
    return false;
  }
  // #endif
  // #ifndef MP-WEIXIN
  return LARGE_FROM < 0;
  // #endif
}

/** setLarge remembers the choice. */
export function setLarge(on: boolean): void {
  large.value = on;
  keep("large", on);
}
