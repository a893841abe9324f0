// Ways between pages.
import { pages } from "@/made/pages";
import { resolve } from "@/lib/links";

const HOME = "/pages/home/home";

/** go opens a page: /pages/tickets/ticket?number=…; or what a link means: /tickets/…. */
export function go(to: string): void {
  const url = to.startsWith("/pages/") ? to : (resolve(to, pages) ?? HOME);
  // WeChat keeps at most ten pages open.
  if (getCurrentPages().length >= 9) uni.redirectTo({ url });
  else uni.navigateTo({ url });
}

/** swap opens a page in place of this one: going back does not lead here again. */
export function swap(url: string): void { uni.redirectTo({ url }); }

/** tab opens a page of the tab bar. */
export function tab(url: string): void { uni.reLaunch({ url }); }

/** back always works: from a page that a notice opened it leads home. */
export function back(): void {
  if (getCurrentPages().length > 1) uni.navigateBack();
  else uni.reLaunch({ url: HOME });
}

/** call dials a number after the phone's own question. */
export function call(phoneNumber: string): void { uni.makePhoneCall({ phoneNumber, fail: () => {} }); }

/** say shows a short word that goes by itself; nothing may depend on it being read. */
export function say(title: string): void { uni.showToast({ title, icon: "none", duration: 2500 }); }
