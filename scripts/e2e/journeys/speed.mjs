// How fast: the bytes of the first load have a limit. Times are printed and not asserted: a machine that is busy is slow.
import assert from "node:assert/strict";
import { slowPhone } from "../browser.mjs";

/** What the first load may take, in bytes as sent; charts are not in it. */
const FIRST = 300 * 1024;
const MANY = 1000;

// A row like a real one: nobody may report a thousand times, so these answers are made here.
const row = (n) => ({ ...JSON.parse(JSON.stringify(row.like)), number: `FY991231-${String(n).padStart(4, "0")}`, text: `${row.like.text}（第 ${n} 件）` });

export default {
  async "the first load is small, and usable soon on a slow phone"(t) {
    const who = t.person("resident", (p) => p.roles.length === 1);
    for (const [what, nobody] of [["signed out", true], ["signed in", false]]) {
      const page = await t.phone(nobody ? null : who, "/home");
      await page.goto("about:blank");
      const cdp = await slowPhone(page, { cpu: 1 });
      await cdp.send("Network.clearBrowserCache");
      let bytes = 0;
      const kinds = new Map();
      cdp.on("Network.responseReceived", (e) => kinds.set(e.requestId, e.response.url));
      cdp.on("Network.loadingFinished", (e) => { if (kinds.get(e.requestId)?.includes("/app/")) bytes += e.encodedDataLength; });
      await page.goto(`${t.address}/app/#/home`, { waitUntil: "commit" });
      await page.waitForSelector(".home-report");
      const usable = await page.evaluate(() => Math.round(performance.now()));
      await page.waitForLoadState("networkidle");
      const paint = await page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
      console.log(`     home ${what}, slow 4G (150 ms, 1.6 Mbit/s): ${Math.round(bytes / 1024)} KB, first words after ${paint} ms, usable after ${usable} ms (wanted: 2000)`);
      assert.ok(bytes > 10_000 && bytes < FIRST, `${bytes} bytes of ${FIRST}`);
      await page.context().close();
    }
  },

  async "an inbox of a thousand scrolls"(t) {
    const who = t.person("city_secretary"), { ask } = await t.api(who);
    row.like = (await ask("GET", "/api/v1/tickets?view=mine&limit=1")).items[0] ?? (await (await t.api(t.person("resident"))).ask("GET", "/api/v1/tickets?view=mine&limit=1")).items[0];
    const page = await t.phone(t.person("branch_secretary"), "/home");
    await page.route(/\/api\/v1\/tickets\?.*view=/, (route) => {
      const q = new URL(route.request().url()).searchParams, from = Number(q.get("cursor") || 0), size = Number(q.get("limit") || 20);
      const items = Array.from({ length: Math.min(size, MANY - from) }, (_, i) => row(from + i + 1)), next = from + items.length;
      return route.fulfill({ json: { items, next_cursor: next < MANY ? String(next) : "" } });
    });
    await page.addInitScript(() => {
      globalThis.long = [];
      new PerformanceObserver((l) => globalThis.long.push(...l.getEntries().map((e) => Math.round(e.duration)))).observe({ type: "longtask", buffered: true });
    });
    await t.open(page, "/work");
    await page.waitForSelector(".fen-ticket");
    const began = Date.now();
    const shown = () => page.locator(".fen-ticket").count();
    for (let n = await shown(); n < MANY; n = await shown()) {
      const more = page.locator("uni-button:visible:has-text('再看更多')");
      if (!(await more.count())) break;
      await more.first().click();
      await page.waitForFunction((was) => document.querySelectorAll(".fen-ticket").length > was, n);
    }
    const count = await shown(), filled = Date.now() - began, filling = await page.evaluate(() => globalThis.long.splice(0));
    for (let i = 0; i < 30; i++) await page.mouse.wheel(0, i % 2 ? -9000 : 12000);
    await page.waitForTimeout(500);
    const scrolling = await page.evaluate(() => globalThis.long.splice(0));
    const sum = (all) => `${all.length} long tasks, longest ${Math.max(0, ...all)} ms`;
    console.log(`     inbox: ${count} tickets by ${Math.ceil(count / 20)} pages in ${filled} ms (${sum(filling)}); scrolling them: ${sum(scrolling)}`);
    assert.equal(count, MANY);
    await page.context().close();
  },
};
