// A page's picture in both sizes, and the rules that every page keeps.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pictures } from "./browser.mjs";

// One rule is off: it is experimental and takes the dots between Chinese words for words.
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** settled waits until nothing is read any more. */
export async function settled(page) {
  await page.waitForSelector(".fen");
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => ![...document.querySelectorAll(".fen-state-wait")].some((e) => e.getClientRects().length));
  await page.waitForTimeout(120); // the framework's pages slide in
}

// shootInto gives shoot(page, name), which tells `fault` of what it finds.
export function shootInto(fault) {
  return async function shoot(page, name) {
    await settled(page);
    // Short words that go by themselves are measured here, and gone in the picture: they fade, which is no contrast.
    const small = await page.evaluate(() => [...document.querySelectorAll("uni-toast p")].find((e) => parseFloat(getComputedStyle(e).fontSize) < 18)?.textContent);
    if (small) fault(`${name}: the short words “${small}” are small`);
    await page.waitForFunction(() => ![...document.querySelectorAll("uni-toast p")].some((e) => e.getClientRects().length));
    const was = await page.evaluate(() => !!document.querySelector(".fen-large"));
    for (const large of [false, true]) {
      await page.evaluate((on) => { for (const e of document.querySelectorAll(".fen")) e.classList.toggle("fen-large", on); }, large);
      const file = `${name}${large ? "-large" : ""}`;
      await page.screenshot({ path: `${pictures}/${file}.png` });
      if (await page.evaluate(() => document.documentElement.scrollHeight > innerHeight + 8)) await page.screenshot({ path: `${pictures}/${file}-whole.png`, fullPage: true });
      for (const found of await page.evaluate(wrong, large)) fault(`${file}.png: ${found}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], rules: { "label-content-name-mismatch": { enabled: false } } }));
      for (const v of violations.filter((v) => v.impact === "serious" || v.impact === "critical")) {
        for (const n of v.nodes.slice(0, 3)) fault(`${file}.png: axe ${v.id} (${v.impact}): ${v.help}: ${n.html.slice(0, 200)} ${n.failureSummary.split("\n").slice(1).join(" ").trim().slice(0, 160)}`);
      }
    }
    await page.evaluate((on) => { for (const e of document.querySelectorAll(".fen")) e.classList.toggle("fen-large", on); }, was);
  };
}

// In the page: what is too small, too wide, cut off, or has no way out.
function wrong(large) {
  const out = [], wide = document.documentElement.clientWidth;
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden" && !e.closest(".fen-hidden");
  const named = (e) => `“${(e.getAttribute("aria-label") || e.textContent || e.className).trim().slice(0, 30)}”`;
  if (document.documentElement.scrollWidth > wide) out.push(`is ${document.documentElement.scrollWidth}px wide`);

  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const small = new Map(), past = new Set(), cut = new Set();
  while (words.nextNode()) {
    const e = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT)$/.test(e.tagName) || !seen(e)) continue;
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (size < (large ? 18 : 15)) small.set(named(e), size);
    const range = document.createRange();
    range.selectNodeContents(words.currentNode);
    const box = range.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1)) past.add(named(e));
    for (let a = e; a && a !== document.body; a = a.parentElement) {
      const style = getComputedStyle(a);
      if (!/hidden|clip/.test(style.overflowX) || style.webkitLineClamp !== "none") continue;
      const edge = a.getBoundingClientRect();
      if (box.right > edge.right + 2) cut.add(named(e));
      if (a.clientHeight > 0 && style.overflowY === "hidden" && box.bottom > edge.bottom + 4 && a.scrollHeight > a.clientHeight + 4 && a.clientHeight < 200) cut.add(named(e));
    }
  }
  for (const e of document.querySelectorAll("input, textarea")) {
    if (!seen(e) || e.type === "file") continue;
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (size < (large ? 18 : 15)) small.set(`field ${named(e)}`, size);
  }
  for (const [what, size] of small) out.push(`${what} is ${size}px`);
  for (const what of past) out.push(`${what} stands past the edge`);
  for (const what of cut) out.push(`${what} is cut off`);

  const low = new Set();
  for (const e of document.querySelectorAll("[role=button], [role=link], [role=radio], [role=checkbox], [role=tab]")) {
    if (!seen(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.height < 44 || box.width < 44) low.add(`${named(e)} is ${Math.round(box.width)} × ${Math.round(box.height)}px to tap`);
    if (e.tabIndex < 0 && e.getAttribute("aria-disabled") !== "true") low.add(`${named(e)} cannot be reached by keys`);
  }
  out.push(...low);
  if (![...document.querySelectorAll(".fen-tabs, .fen-head-back")].some(seen)) out.push("has no way out");
  if (/undefined|\[object|NaN/.test(document.body.innerText)) out.push("shows a value that is none");
  return out;
}
