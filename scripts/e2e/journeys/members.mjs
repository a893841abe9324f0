// A secretary with a phone: a vacancy is filled, a phone is seen in full for a reason; a unit registers with a community.
import assert from "node:assert/strict";
import { press, task, write } from "../hands.mjs";
import { settled } from "../shoot.mjs";

// secretaryWith finds a community's secretary for whom fits(ask) finds something.
async function secretaryWith(t, fits) {
  for (const who of t.people.filter((p) => p.roles.includes("community_secretary"))) {
    const { ask } = await t.api(who), found = await fits(ask);
    if (found) return { who, ask, found };
  }
  throw new Error("no community secretary has what is looked for");
}

export default {
  async "a secretary finds a vacancy and fills it"(t) {
    const { who, ask, found } = await secretaryWith(t, async (a) => (await a("GET", "/api/v1/posts?vacant=true")).items.find((p) => p.may_appoint));
    const page = await t.phone(who, "/work");
    await task(page, "职务和空缺");
    await page.waitForSelector(`text=${found.title}`);
    await t.shoot(page, "members-vacancies");
    await press(page, `任命${found.title}`);
    await page.waitForSelector(".fen-sheet");
    await write(page, "姓名", "任新民");
    await write(page, "手机号", "1381234");
    await t.shoot(page, "members-appointing");
    page.expects.add(422);
    await page.locator(".fen-sheet-foot uni-button").click();
    await page.waitForSelector(".fen-sheet [role=alert]");
    await t.shoot(page, "members-appointing-wrong");
    await write(page, "手机号", "13912340987");
    await page.locator(".fen-sheet-foot uni-button").click();
    await page.waitForSelector(".fen-sheet", { state: "detached" });
    await settled(page);
    assert.ok(!(await ask("GET", "/api/v1/posts?vacant=true")).items.some((p) => p.post_id === found.post_id), "the post is vacant still");
    await page.locator('[role=radio]:has-text("全部职务")').click();
    await settled(page);
    await t.shoot(page, "members-posts");
    await press(page, "只看一个社区或小区");
    await write(page, "名称", found.org.name.slice(0, 2));
    const near = page.locator(".fen-sheet [role=link]").first();
    const place = (await near.locator(".fen-grow > *").first().innerText()).trim();
    await near.click();
    await page.waitForSelector(`text=只看${place}`);
    await settled(page);
    await t.shoot(page, "members-posts-here");
    const held = (await ask("GET", `/api/v1/posts/${found.post_id}/appointments`)).items;
    assert.equal(held[0].name, "任新民");
    await page.context().close();
  },

  async "a secretary sees a masked phone, and the whole one for a reason"(t) {
    const { who, found } = await secretaryWith(t, async (a) => (await a("GET", "/api/v1/members?limit=50")).items.find((m) => m.phone && m.may.includes("reveal")));
    const page = await t.phone(who, "/work");
    await task(page, "党员");
    await page.waitForSelector("text=直管党员");
    await t.shoot(page, "members-list");
    await write(page, "找人", found.name);
    await page.waitForSelector(`[role=link]:has-text("${found.phone}")`);
    await page.locator(`[role=link]:has-text("${found.phone}")`).first().click();
    await page.waitForSelector("text=看完整的手机号等");
    assert.match(await page.locator(".fen-body").last().innerText(), /\d{3}\*{4}\d{4}/);
    await t.shoot(page, "members-member");
    await press(page, "看完整的手机号等");
    await page.waitForSelector(".fen-sheet");
    await write(page, "为什么要看", "通知开支部大会");
    await t.shoot(page, "members-revealing");
    await page.locator(".fen-sheet-foot uni-button").click();
    await page.waitForSelector("text=谁看过有记录");
    await settled(page);
    const whole = await page.locator(".member-seen").innerText();
    assert.match(whole, /^1\d{10}$/);
    await t.shoot(page, "members-revealed");
    const log = await (await t.api(t.person("privacy_officer"))).ask("GET", `/api/v1/access-log?subject_id=${found.id}`);
    assert.ok(log.items.some((l) => l.reason === "通知开支部大会"), "the look is not in the log");
    await press(page, "登记改过什么");
    await page.waitForSelector(".member-line, .fen-sheet :text(\"没有改过\")");
    await t.shoot(page, "members-history");
    await page.context().close();
  },

  async "a secretary sees who works for the community"(t) {
    const page = await t.phone(t.person("community_secretary"), "/workers");
    await page.waitForSelector("text=两委成员");
    await t.shoot(page, "members-workers");
    await page.context().close();
  },

  async "a secretary enters a member, and moves one to another category"(t) {
    const { who, ask } = await secretaryWith(t, async () => true);
    const page = await t.phone(who, "/members");
    await press(page, "登记一位党员");
    await page.waitForSelector("text=哪一类党员");
    await write(page, "姓名", "新登记");
    await write(page, "手机号", "13912340976");
    await page.locator('[role=radio]:has-text("直管党员"):visible').first().click();
    await t.shoot(page, "members-entering");
    page.expects.add(422);
    page.expects.add(403);
    await press(page, "登记");
    await page.waitForSelector("[role=alert]:visible");
    await t.shoot(page, "members-entering-wrong");
    const place = (await ask("GET", "/api/v1/me")).posts[0].org.name;
    await press(page, "党支部");
    await write(page, "名称", place.slice(0, 2));
    await page.locator(`.fen-sheet [role=link]:has-text("${place}")`).first().click();
    await page.locator('uni-button:visible', { hasText: /^登记$/ }).click();
    await page.waitForSelector("text=看完整的手机号等");
    assert.match(await page.locator(".fen-body:visible").innerText(), /139\*{4}0976/);
    await press(page, "更正、转支部、改类别");
    await page.waitForSelector("text=更正登记");
    await page.locator('[role=radio]:has-text("离退休党员"):visible').click();
    await write(page, "为什么转支部、改类别", "退休了");
    await t.shoot(page, "members-changing");
    await press(page, "改好了");
    await page.waitForSelector("text=看完整的手机号等");
    await page.waitForFunction(() => document.body.innerText.includes("离退休党员"));
    await page.context().close();
  },

  async "a unit registers with a community, which says why not and then yes"(t) {
    let contact, unit;
    for (const p of t.people.filter((x) => x.roles.includes("branch_secretary"))) {
      const { me } = await t.api(p);
      if ((unit = me.units[0])) { contact = p; break; }
    }
    const paired = (await (await t.api(contact)).ask("GET", "/api/v1/partnerships")).items.map((p) => p.community.name);
    const { who, found: community } = await secretaryWith(t, async (a) => {
      const org = (await a("GET", "/api/v1/me")).posts.find((p) => p.role === "community_secretary").org;
      return paired.includes(org.name) ? null : org.name;
    });
    const page = await t.phone(contact, "/partnerships");
    await press(page, "到社区报到");
    await press(page, "选社区");
    await write(page, "名称", community.slice(0, 2));
    await page.locator(`.fen-sheet [role=link]:has-text("${community}")`).first().click();
    await t.shoot(page, "partners-asking");
    await page.locator(".fen-sheet-foot uni-button").click();
    await page.waitForSelector("text=等社区答复");
    await t.shoot(page, "partners-asked");

    const desk = await t.phone(who, "/partnerships");
    await press(desk, `不同意${unit.name}`);
    await write(desk, `写给${unit.name}的原因`, "今年已有三家单位");
    await t.shoot(desk, "partners-refusing");
    await desk.locator(".fen-sheet-foot uni-button").click();
    await desk.waitForSelector(".fen-sheet", { state: "detached" });

    await t.open(page, "/partnerships");
    await page.waitForSelector("text=今年已有三家单位");
    await t.shoot(page, "partners-refused");
    await press(page, "再报到一次");
    await page.waitForSelector("text=等社区答复");
    await t.open(desk, "/partnerships");
    await press(desk, `同意${unit.name}`);
    await desk.waitForSelector(`[aria-label="结束${unit.name}和${community}的结对"]`);
    await t.shoot(desk, "partners-paired");
    await desk.context().close();
    await page.context().close();
  },
};
