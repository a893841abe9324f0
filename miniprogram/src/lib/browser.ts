// What only browsers have: addresses, WeChat's sign-in by going there and back, the demo.
import { pages } from "@/made/pages";
import { resolve } from "./links";

/** landing is the address that was opened first: signing in changes it. */
export let landing = "";

/** inWeChat says whether the page is open inside WeChat. */
export function inWeChat(): boolean {
  return /MicroMessenger/i.test(navigator.userAgent);
}

/** isDemo says whether the server is a demo, which it writes into the page. */
export function isDemo(): boolean {
  return document.documentElement.dataset.demo === "true";
}

/** pressByKey lets a keyboard press what a finger taps: the framework's buttons are not the browser's. */
export function pressByKey(): void {
  document.addEventListener("keydown", (event) => {
    const el = event.target as HTMLElement;
    if ((event.key !== "Enter" && event.key !== " ") || !/^(button|link|radio|checkbox)$/.test(el.getAttribute("role") ?? "")) return;
    event.preventDefault();
    el.click();
  });
}

/** namePictures gives the browser's pictures the words of the framework's around them; without any they are decoration. */
export function namePictures(): void {
  const name = (img: HTMLImageElement) => { img.alt ||= img.parentElement?.getAttribute("alt") ?? ""; };
  new MutationObserver((changes) => {
    for (const c of changes) for (const node of c.addedNodes) if (node instanceof Element) (node instanceof HTMLImageElement ? [node] : node.querySelectorAll("img")).forEach(name);
  }).observe(document.body, { childList: true, subtree: true });
}

/** keepLinks turns the addresses that notices carry (#/tickets/NUMBER) into those of pages,
 * now and whenever one is followed while the app is open. */
export function keepLinks(): void {
  landing = location.href.split("#")[0]!;
  if (inWeChat()) comeBack();
  turn();
  window.addEventListener("hashchange", () => {
    if (turn()) location.reload();
  });
}

function turn(): boolean {
  const link = location.hash.slice(1);
  if (!link || link === "/" || pages.some((p) => p.url === link.split("?")[0])) return false;
  history.replaceState(null, "", `#${resolve(link, pages) ?? `/pages/home/open?link=${encodeURIComponent(link)}`}`);
  return true;
}

const LEFT = "fenlin-left";
let brought = "";

/** goToWeChat leaves for WeChat, which sends back a one-time code. It never returns. */
export function goToWeChat(): Promise<never> {
  const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(LEFT, `${state}${location.hash}`);
  location.replace(`/oauth/start?${new URLSearchParams({ to: location.pathname, state })}`);
  return new Promise(() => {});
}

/** comeBack keeps the code that WeChat sent back, and restores where the page was. */
function comeBack(): void {
  const left = sessionStorage.getItem(LEFT);
  sessionStorage.removeItem(LEFT);
  if (!left) return;
  const back = new URLSearchParams(location.search);
  const [state, hash = ""] = left.split("#");
  history.replaceState(null, "", location.pathname + (hash && `#${hash}`));
  if (back.get("state") === state) brought = back.get("code") ?? "";
  tried = true;
}

let tried = false;

/** codeOfWeChat is the code that WeChat sent back, once; goes there when it was not asked yet. */
export async function codeOfWeChat(): Promise<string> {
  if (!tried) return goToWeChat();
  const code = brought;
  brought = "";
  return code;
}
