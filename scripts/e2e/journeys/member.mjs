// A member: finds an activity and signs up.
import assert from "node:assert/strict";
import { settled } from "../shoot.mjs";
import { press, write } from "../hands.mjs";

// begun is an activity of a branch's secretary that takes check-ins, and its organiser's hand.
async function begun(t, n, { begins = 10, ...more } = {}) {
  const { ask: organiser, me } = await t.api(t.person("branch_secretary", () => true, 20 + n));
  const at = (m) => new Date(Math.floor(Date.now() / 60_000 + m) * 60_000).toISOString();
  const { id } = await organiser("POST", "/api/v1/activities", {
    org_id: me.posts[0].org.id, title: "楼院巡查", kind: "safety", place: "门卫室", starts_at: at(begins), ends_at: at(begins + 120), overlapping: true, slots: [{ name: "巡查", capacity: 3 }], ...more,
  });
  return { a: await organiser("POST", `/api/v1/activities/${id}/actions`, { action: "publish" }), organiser };
}

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

  async "where an age is asked, one says so when signing up"(t) {
    const { a } = await begun(t, 4, { begins: 60 * 26, min_age: 18 }), page = await t.phone(t.person("resident", (p) => p.roles.length === 1, 12), `/activities/${a.id}`); // of whom no ledger knows the age
    page.expects.add(409);
    page.expects.add(403);
    page.expects.add(422);
    await page.waitForSelector("text=满 18 岁");
    await press(page, "我要报名");
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await page.waitForSelector("text=您满 18 岁了吗");
    await t.shoot(page, "activity-age");
    await page.locator(".fen-sheet .fen-chip", { hasText: "我已满 18 岁" }).click();
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await page.waitForSelector("text=报上名了");
    await page.context().close();
  },

  async "who scans without a network has it delivered when there is one"(t) {
    const { a, organiser } = await begun(t, 5), who = t.stranger();
    await (await t.api(who)).ask("POST", `/api/v1/activities/${a.id}/signup`);
    const page = await t.phone(who, "/checkin/0"), { code } = await organiser("GET", `/api/v1/activities/${a.id}/code`);
    await page.waitForSelector("text=6 位数字");
    page.offline = true;
    await page.context().setOffline(true);
    await write(page, "6 位数字", "123456"); // digits do not tell when they were read
    await press(page, "签到或签退");
    await page.waitForSelector("text=现在送不出去");
    await press(page, "返回");
    await page.waitForSelector("text=我要报事");
    await page.evaluate((c) => { location.hash = `/pages/activities/checkin?code=${c}`; }, code); // as a scan brings it
    await page.waitForSelector("text=先记在手机里");
    await t.shoot(page, "checkin-kept");
    await page.reload().catch(() => {}); // the phone is put away meanwhile
    await page.context().setOffline(false);
    await t.open(page, `/activities/${a.id}`); // no page of check-ins need be open
    page.offline = false;
    await page.waitForFunction(async () => !/\[\{/.test(localStorage.getItem("fenlin-checkins") ?? ""));
    const { items } = await organiser("GET", `/api/v1/activities/${a.id}/signups`);
    assert.ok(["ok", "claimed"].includes(items[0].checkins[0]?.state), "it did not arrive");
    await t.open(page, `/activities/${a.id}`);
    await page.waitForSelector("text=您已签到");
    await page.context().close();
  },
};
