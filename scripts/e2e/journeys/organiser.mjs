// Who organises an activity: writes it, publishes it, holds up the code, sees who came, closes it.
import assert from "node:assert/strict";
import { photograph, press, read, task, write } from "../hands.mjs";
import { png } from "../picture.mjs";
import { settled } from "../shoot.mjs";

const minute = 60_000;
/** inCity is a moment as the city's clock shows it. */
const inCity = (at) => { const [day, hour] = new Date(at + 8 * 60 * minute).toISOString().split("T"); return { day, hour: hour.slice(0, 5) }; };
const secretary = (t, n) => t.person("branch_secretary", () => true, 20 + n);
const said = (page, words) => page.waitForFunction((w) => document.body.innerText.includes(w), words);

// when chooses a day and an hour on the phone's wheels.
async function when(page, group, { day, hour }) {
  for (const [n, parts] of [[0, day.split("-")], [1, hour.split(":")]]) {
    await page.locator(`[role=group][aria-label="${group}"]:visible .fen-when`).nth(n).click();
    const wheels = page.locator(".uni-picker-container uni-picker-view-column:visible");
    await wheels.first().waitFor();
    await page.waitForTimeout(400); // it slides in
    for (const [i, part] of parts.entries()) {
      await wheels.nth(i).evaluate(async (el, want) => {
        const middle = () => { const r = el.getBoundingClientRect(); return r.top + r.height / 2; };
        const at = () => [...el.querySelectorAll(".uni-picker-item")].reduce((best, item, k, all) => {
          const far = (e) => Math.abs(e.getBoundingClientRect().top + e.offsetHeight / 2 - middle());
          return far(item) < far(all[best]) ? k : best;
        }, 0);
        const aim = [...el.querySelectorAll(".uni-picker-item")].findIndex((e) => parseInt(e.textContent) === want);
        const steps = aim - at();
        for (let i = 0; i < Math.abs(steps); i++) el.querySelector(".uni-picker-view-group").dispatchEvent(new WheelEvent("wheel", { deltaY: Math.sign(steps) * 20, bubbles: true, cancelable: true }));
        await new Promise((r) => setTimeout(r, 700)); // it turns
        if (at() !== aim) throw new Error(`the wheel does not come to ${want}`);
      }, Number(part));
    }
    await page.locator(".uni-picker-action-confirm:visible").click();
    await wheels.first().waitFor({ state: "hidden" });
  }
}

// hold makes an activity by the API that begins in some minutes and lasts some, and publishes it.
async function hold(t, who, { begins = 10, lasts = 120, ...more } = {}) {
  const { ask, me } = await t.api(who);
  const at = (m) => new Date(Math.floor(Date.now() / minute + m) * minute).toISOString();
  const made = await ask("POST", "/api/v1/activities", {
    org_id: me.posts[0].org.id, title: `楼院清扫${Math.floor(Math.random() * 1e6)}`, kind: "environment", place: "3号楼前", starts_at: at(begins), ends_at: at(begins + lasts), overlapping: true, slots: [{ name: "清扫", capacity: 2 }], ...more,
  });
  return ask("POST", `/api/v1/activities/${made.id}/actions`, { action: "publish" });
}
const api = (a, rest = "") => `/api/v1/activities/${a.id}${rest}`;

export default {
  async "an organiser makes, publishes, holds up the code, sees who came, and closes"(t) {
    const who = secretary(t, 0), member = t.stranger(), page = await t.phone(who, "/work");
    page.expects.add(422);
    await task(page, "我办的活动");
    await page.waitForSelector("text=办一个新活动");
    await t.shoot(page, "organise-list-empty");
    await press(page, "办一个新活动");
    await page.waitForSelector("text=是什么活动");
    await t.shoot(page, "organise-form-empty");
    await press(page, "存下来"); // nothing written: the server says it at the field
    await said(page, "活动名称请写");
    await write(page, "活动名称", "周日楼院清扫");
    await page.locator(".fen-chip", { hasText: "环境整治" }).click();
    await write(page, "集合地点", "3号楼前");
    await write(page, "要几个人", "0");
    await press(page, "存下来");
    await page.waitForSelector("[aria-label='第 1 个岗位'] [role=alert]");
    await write(page, "要几个人", "2");

    const now = Date.now();
    await when(page, "开始", inCity(now + 20 * minute));
    await when(page, "结束", inCity(now + 10 * minute)); // before it begins
    await press(page, "存下来");
    await page.waitForSelector("[role=group][aria-label=结束] [role=alert]");
    await t.shoot(page, "organise-form-refused");
    await page.reload(); // what was written is there
    await page.waitForSelector("text=是什么活动");
    assert.equal(await read(page, "活动名称"), "周日楼院清扫");
    await when(page, "结束", inCity(now + 140 * minute));
    await press(page, "地图上的位置");
    await page.waitForSelector(".fen-sheet");
    await t.shoot(page, "organise-place");
    await press(page, `用${who.org}的位置`);
    await page.waitForSelector("text=按位置签到");
    await press(page, "存下来");
    await page.waitForURL((u) => u.hash.includes("/organise/manage"));
    await settled(page);
    await t.shoot(page, "organise-draft");

    let posts = 0; // two taps publish once
    page.on("request", (r) => { if (r.method() === "POST" && r.url().endsWith("/actions")) posts++; });
    await page.locator(".fen-foot uni-button:visible").click();
    await page.waitForSelector(".fen-sheet");
    await t.shoot(page, "organise-publishing");
    await page.evaluate(() => { const b = [...document.querySelectorAll(".fen-sheet-foot uni-button")].pop(); b.click(); b.click(); });
    await said(page, "发布了");
    assert.equal(posts, 1);
    const id = /id=(\d+)/.exec(page.url())[1], { ask } = await t.api(member);
    await ask("POST", `/api/v1/activities/${id}/signup`);

    await press(page, "打开签到屏");
    await page.waitForSelector(".code-picture img");
    await t.shoot(page, "organise-code");
    const digits = (await page.innerText(".code-digits")).replace(/\s/g, "");
    assert.match(digits, /^\d{6}$/);
    const hand = await t.phone(member, `/activities/${id}`);
    await press(hand, "扫码签到");
    await write(hand, "6 位数字", digits);
    await press(hand, "签到或签退");
    await said(hand, "签到好了");
    await hand.context().close();
    await page.waitForFunction((old) => document.querySelector(".code-digits").innerText.replace(/\s/g, "") !== old, digits, { timeout: 40_000 }); // it renews by itself
    await said(page, "已签到 1 人");

    await press(page, "返回");
    await page.waitForSelector("text=报名和签到名单");
    await settled(page);
    await t.shoot(page, "organise-running");
    await press(page, "报名和签到名单");
    await said(page, "还没签退");
    await t.shoot(page, "organise-people");
    await press(page, "签退");
    await page.waitForFunction(() => / 签退/.test(document.body.innerText) && !document.body.innerText.includes("还没签退"));
    await press(page, "返回");
    for (const step of ["现在就开始", "结束活动"]) {
      await press(page, step);
      await page.waitForSelector(".fen-sheet");
      await page.locator(".fen-sheet-foot uni-button").last().click();
      await page.waitForSelector(".fen-sheet", { state: "detached" });
    }
    await press(page, "归档活动");
    await page.waitForSelector(".fen-sheet");
    assert.ok(await page.locator(".fen-sheet-foot .fen-button-off").count(), "closes without a summary");
    await write(page, "活动小结", "清了三栋楼，来了一个人");
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await said(page, "现在是“已归档”");
    await t.shoot(page, "organise-archived");
    await press(page, "大家的时长");
    await page.waitForSelector("text=补签到签退");
    await t.shoot(page, "organise-hours");
    await page.context().close();
  },

  async "without a network the code screen says so, and goes on by itself"(t) {
    const who = secretary(t, 1), a = await hold(t, who), page = await t.phone(who, `/organise/activities/${a.id}`);
    await press(page, "打开签到屏");
    await page.waitForSelector(".code-picture img");
    page.offline = true;
    await page.context().setOffline(true);
    await page.waitForSelector(".code-all [role=alert]", { timeout: 45_000 });
    assert.match(await page.innerText(".code-all [role=alert]"), /网络断了/);
    await page.waitForSelector("text=码已经过期");
    await t.shoot(page, "organise-code-offline");
    await page.context().setOffline(false);
    page.offline = false;
    await page.waitForSelector(".code-all [role=alert]", { state: "detached", timeout: 20_000 });
    await press(page, "返回");
    await page.waitForSelector("text=报名和签到名单");
    await page.context().close();
  },

  async "calling off needs a reason, and who does not organise finds a way out"(t) {
    const who = secretary(t, 2), a = await hold(t, who, { begins: 60 * 30 }), page = await t.phone(who, `/organise/activities/${a.id}`);
    await press(page, "取消活动");
    await page.waitForSelector(".fen-sheet");
    assert.ok(await page.locator(".fen-sheet-foot .fen-button-off").count(), "can be called off without a reason");
    await write(page, "原因", "下大雨");
    await t.shoot(page, "organise-calling-off");
    await page.locator(".fen-sheet-foot uni-button").last().click();
    await said(page, "取消的原因：下大雨");
    await t.shoot(page, "organise-cancelled");
    await page.context().close();

    const other = await t.phone(t.person("resident", (p) => p.roles.length === 1, 9), `/organise/activities/${a.id}`);
    await said(other, "不归您办");
    await t.open(other, "/organise/new");
    await said(other, "您现在不能办活动");
    await t.shoot(other, "organise-not-mine");
    await other.context().close();
  },

  async "a helper, a late check-in that is refused, hours put right, photos and the Excel file"(t) {
    const who = secretary(t, 3), [one, two, three] = [t.stranger(), t.stranger(), t.stranger()], { ask } = await t.api(who);
    const a = await hold(t, who, { begins: -1 + 2, lasts: 60 });
    for (const m of [one, two, three]) await (await t.api(m)).ask("POST", api(a, "/signup")); // the third waits
    const page = await t.phone(who, `/organise/activities/${a.id}`);
    await press(page, "报名和签到名单");
    await page.locator(".fen-link:visible", { hasText: one.name }).first().click();
    await press(page, "请他当帮手");
    await said(page, "不再请他当帮手");
    await t.shoot(page, "organise-helper");
    await press(page, "关闭");
    await page.locator(".fen-chip", { hasText: "候补的 1" }).click();
    await said(page, three.name);
    await t.shoot(page, "organise-waiting");

    const hand = await t.phone(one, `/activities/${a.id}`); // the helper holds up the code, and may no more
    await press(hand, "办这个活动");
    await page.waitForSelector(".fen");
    await said(hand, "报名和签到名单");
    await settled(hand);
    assert.ok(!(await hand.innerText(".fen-body")).includes("取消活动"));
    await t.shoot(hand, "organise-as-helper");
    await hand.context().close();

    const { code } = await ask("GET", api(a, "/code"));
    await page.waitForTimeout(62_000); // until the code is too old but for a claim
    await (await t.api(two)).ask("POST", "/api/v1/checkins", { code, offline: true });
    await t.open(page, `/organise/activities/${a.id}`);
    await press(page, "去看看");
    await said(page, "没有网络时扫了码");
    await t.shoot(page, "organise-claim");
    await press(page, "不确认");
    await write(page, `写给${two.name}的原因`, "当时没有看到您");
    await press(page, "告诉他");
    await said(page, "没有确认，不算");
    assert.match(JSON.stringify(await ask("GET", api(a, "/corrections"))), /当时没有看到您/);

    await page.locator(".fen-chip", { hasText: "要来的" }).click();
    await page.locator(`uni-button[aria-label="给${one.name}签到"]:visible`).click();
    await page.waitForSelector(`uni-button[aria-label="给${one.name}签退"]:visible`);
    await press(page, "返回");
    await press(page, "活动照片");
    await photograph(page, png(400, 300));
    await page.waitForFunction(() => !/正在处理|已传/.test(document.querySelector(".fen-photos").innerText));
    await write(page, "照片上是什么", "清扫前的3号楼");
    await press(page, "加到活动里");
    await page.waitForSelector(".photos-picture img");
    await t.shoot(page, "organise-photos");
    await t.open(page, `/activities/${a.id}`);
    await said(page, "清扫前的3号楼");
    await t.shoot(page, "organise-public");

    await ask("POST", api(a, "/checkins"), { person_ids: [(await ask("GET", api(a, "/signups"))).items[0].person_id], out: true });
    for (const action of ["start", "finish"]) await ask("POST", api(a, "/actions"), { action }).catch((error) => { if (error.status !== 409) throw error; }); // time may have begun it
    await t.open(page, `/organise/activities/${a.id}`);
    await press(page, "大家的时长");
    await page.locator("uni-button:visible", { hasText: "划去" }).first().click();
    await write(page, "为什么", "签错了人");
    await t.shoot(page, "organise-striking");
    await press(page, "确定，告诉他");
    await said(page, "划去了，不算");
    await page.locator(`uni-button[aria-label="为${one.name}补录时长"]:visible`).click();
    page.expects.add(422);
    await write(page, "多少分钟", "600"); // longer than the activity
    await write(page, "为什么", "来了半个小时，忘了签到");
    await press(page, "确定，告诉他");
    await page.waitForSelector(".fen-sheet .fen-field [role=alert]");
    await t.shoot(page, "organise-manual");
    await write(page, "多少分钟", "30");
    await press(page, "确定，告诉他");
    await said(page, "补录 30 分钟");
    await press(page, "改过什么");
    await said(page, "忘了签到");
    await t.shoot(page, "organise-corrections");
    await press(page, "关闭");
    const [file] = await Promise.all([page.waitForEvent("download"), press(page, "取志愿服务记录")]);
    assert.match(file.suggestedFilename(), /志愿服务记录.*\.xlsx$/);
    await page.context().close();
  },

  async "of a ticket comes an activity, without the reporter's words"(t) {
    const { ask: report } = await t.api(t.stranger());
    let who, number;
    for (let n = 70; !number; n++) {
      who = t.person("branch_secretary", () => true, n);
      const text = `${who.org}4号楼3单元501张奶奶家门口堆了垃圾`, { route } = await report("POST", "/api/v1/tickets/preview", { text });
      if (route?.lead?.role === "branch_secretary") number = (await report("POST", "/api/v1/tickets", { text })).number;
    }
    const page = await t.phone(who, `/tickets/${number}`);
    await press(page, "为它办一个志愿活动");
    await said(page, `为工单 ${number} 办的活动`);
    assert.doesNotMatch(await read(page, "集合地点"), /501|奶奶/);
    await t.shoot(page, "organise-of-a-ticket");
    await page.locator(".fen-chip", { hasText: "环境整治" }).click();
    await press(page, "存下来");
    await page.waitForURL((u) => u.hash.includes("/organise/manage"));
    await said(page, number);
    await page.context().close();
  },
};
