// A secretary with a phone: accepts, contacts, finishes with a photo; two at once.
import assert from "node:assert/strict";
import { photograph, press, write } from "../hands.mjs";
import { png } from "../picture.mjs";

// ticketFor has a resident report something that comes to a branch's secretary: some compounds have a property company for it.
async function ticketFor(t, n) {
  const { ask } = await t.api(t.stranger());
  for (;; n++) {
    const who = t.person("branch_secretary", () => true, n), text = `${who.org}4号楼3单元楼道灯坏了`;
    const { route } = await ask("POST", "/api/v1/tickets/preview", { text });
    if (route?.lead?.role === "branch_secretary") return { who, number: (await ask("POST", "/api/v1/tickets", { text })).number };
  }
}

export default {
  async "a secretary accepts, contacts and finishes with a photo"(t) {
    const { who, number } = await ticketFor(t, 50);
    const page = await t.phone(who, "/work");
    await page.waitForSelector(`text=${number}`);
    await t.shoot(page, "secretary-inbox");
    await page.locator(`[role=link]:has-text("${number}")`).first().click();
    for (const [step, state] of [["签收", "accepted"], ["联系", "contacted"], ["办结", "finished"]]) {
      await page.waitForSelector(".fen-foot uni-button");
      await t.shoot(page, `secretary-ticket-before-${state}`);
      await press(page, step);
      await page.waitForSelector(".fen-sheet");
      if (await page.locator(".fen-sheet textarea").count()) await write(page, "说明", "已到现场处理");
      if (state === "finished") {
        await photograph(page, png(800, 600));
        await page.waitForFunction(() => document.querySelector(".fen-shot-picture") && !/正在处理|已传/.test(document.querySelector(".fen-photos").innerText));
      }
      await t.shoot(page, `secretary-sheet-${state}`);
      await page.locator(".fen-sheet-foot uni-button").last().click();
      await page.waitForSelector(".fen-sheet", { state: "detached" });
      assert.equal((await (await t.api(who)).ask("GET", `/api/v1/tickets/${number}`)).state, state);
    }
    await page.context().close();
  },

  async "of two at once the later is told, and sees what is there now"(t) {
    const { who, number } = await ticketFor(t, 90);
    const page = await t.phone(who, `/tickets/${number}`);
    page.expects.add(409);
    await page.waitForSelector(".fen-foot uni-button");
    const { ask } = await t.api(who);
    await press(page, "签收");
    await page.waitForSelector(".fen-sheet");
    await ask("POST", `/api/v1/tickets/${number}/actions`, { action: "accept", version: (await ask("GET", `/api/v1/tickets/${number}`)).version, note: "" });
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await page.waitForSelector(".fen-sheet [role=alert], .fen-note[role=alert]");
    const words = (await page.locator("[role=alert]:visible").allInnerTexts()).join();
    assert.match(words, /已|刷新/);
    await t.shoot(page, "secretary-conflict");
    await page.context().close();
  },
};
