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
    await press(page, "我要报名");
    if (items[0].slots.length > 1) await page.locator(".fen-sheet [role=radio]:visible").first().click();
    await t.shoot(page, "activity-signing-up");
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await settled(page);
    await page.waitForFunction(() => /取消报名|已报名|报上|候补/.test(document.body.innerText));
    await t.shoot(page, "activity-signed-up");
    await page.context().close();
  },
};
