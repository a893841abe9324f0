// A member: finds an activity and signs up.
import assert from "node:assert/strict";
import { settled } from "../shoot.mjs";
import { press } from "../hands.mjs";

export default {
  async "a member signs up for an activity"(t) {
    const who = t.person("member"), { ask } = await t.api(who);
    const { items } = await ask("GET", "/api/v1/activities");
    assert.ok(items.length, "the sample has no activity");
    const page = await t.phone(who, "/activities");
    await settled(page);
    await t.shoot(page, "activities");
    await page.locator(`[role=link]:has-text("${items[0].title}")`).first().click();
    await page.waitForURL((u) => /id=\d+/.test(u.hash));
    await settled(page);
    await t.shoot(page, "activity");
    const sign = page.locator("uni-button:has-text('报名')");
    if (!(await sign.count())) return console.log("     the page of an activity has no button to sign up yet");
    await press(page, "报名");
    await page.waitForTimeout(300);
    if (await page.locator(".fen-sheet-foot uni-button").count()) await page.locator(".fen-sheet-foot uni-button").last().click();
    await settled(page);
    await page.waitForFunction(() => /取消报名|已报名|报上|候补/.test(document.body.innerText));
    await t.shoot(page, "activity-signed-up");
    await page.context().close();
  },
};
