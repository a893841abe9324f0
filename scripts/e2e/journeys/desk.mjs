// The desk of a community: wishes, outages, corrections.
import assert from "node:assert/strict";
import { press, task, write } from "../hands.mjs";
import { settled } from "../shoot.mjs";

const confirm = async (page) => {
  await page.locator(".fen-sheet-foot uni-button:visible").last().click();
  await page.waitForFunction(() => ![...document.querySelectorAll(".fen-sheet")].some((e) => e.getClientRects().length));
};
const says = (page, words) => page.waitForFunction((w) => [...document.querySelectorAll(".fen")].some((e) => e.getClientRects().length && e.innerText.includes(w)), words);

// may waits until the server offers an action: words are checked in the background.
async function may(t, who, wish, action) {
  const { ask } = await t.api(who);
  for (let i = 0; i < 100; i++) {
    if ((await ask("GET", `/api/v1/wishes/${wish}`)).actions.some((a) => a.action === action)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${who.name} may not ${action}`);
}

export default {
  async "a wish is checked, claimed, fulfilled and confirmed by the community"(t) {
    const wisher = t.person("resident", (p) => p.roles.length === 1 && p.org === "福馨苑小区"), branch = t.person("branch_secretary", (p) => p.org === wisher.org), member = t.people.find((p) => p.openid === "sim-member-002");
    const { ask } = await t.api(wisher), text = "想要一把小椅子，晒太阳时坐一坐";
    const { id } = await ask("POST", "/api/v1/wishes", { text, kind: "things" });
    await may(t, branch, id, "publish");

    const desk = await t.phone(branch, "/work");
    await settled(desk);
    await task(desk, "心愿核实");
    await settled(desk);
    await t.shoot(desk, "desk-wishes");
    await desk.locator(`[role=link]:visible:has-text("${text}")`).first().click();
    await settled(desk);
    await press(desk, "看许愿人的电话");
    await t.shoot(desk, "desk-wish-reach");
    await desk.locator("[aria-label=关闭]:visible").click();
    await press(desk, "核实后发布");
    await confirm(desk);
    await says(desk, "待认领");

    const phone = await t.phone(member, `/wishes/${id}`);
    await settled(phone);
    await press(phone, "认领");
    await says(phone, "前办到");
    await t.shoot(phone, "desk-wish-claim");
    await confirm(phone);
    await says(phone, "已认领");
    await press(phone, "已经办到");
    await phone.locator(".fen-sheet textarea:visible").fill("送去了一把竹椅");
    await confirm(phone);
    await says(phone, "待确认");

    await t.open(desk, "/wish-desk");
    await settled(desk);
    await desk.locator("[role=radio]:visible:has-text('等确认的')").click();
    await desk.locator(`[role=link]:visible:has-text("${text}")`).first().click();
    await settled(desk);
    await press(desk, "代为确认");
    await desk.locator(".fen-sheet textarea:visible").fill("到家里看过，椅子在用");
    await t.shoot(desk, "desk-wish-confirm");
    await confirm(desk);
    await says(desk, "已实现");
    await desk.context().close();
    await phone.context().close();
  },

  async "an outage stands on the compound's page until it is over"(t) {
    const who = t.person("branch_secretary", () => true, 20), { me } = await t.api(who), compound = me.posts.find((p) => p.org.kind === "compound").org;
    const desk = await t.phone(who, "/work");
    desk.expects.add(422);
    desk.expects.add(409);
    await settled(desk);
    await task(desk, "停水停电公告");
    await settled(desk);
    await press(desk, "发一条公告");
    await settled(desk);
    await desk.locator("[role=radio]:visible:has-text('停电')").click();
    await write(desk, "为什么停", "线路检修，请提前给手机充电");
    await t.shoot(desk, "desk-outage-written");
    await desk.locator(".fen-foot uni-button:visible").last().click();
    await says(desk, "将要停电");
    await t.shoot(desk, "desk-outages");

    const resident = await t.phone(null, `/compounds/${compound.id}`);
    await says(resident, "线路检修");
    await press(desk, "改时间和内容");
    await desk.locator(".fen-sheet textarea:visible").fill("线路检修，改到下午");
    await t.shoot(desk, "desk-outage-change");
    await confirm(desk);
    await says(desk, "改到下午");
    await t.open(resident, `/compounds/${compound.id}`);
    await says(resident, "改到下午");
    await press(desk, "停电：结束");
    await confirm(desk);
    await says(desk, "没有停水、停电");
    await t.open(resident, `/compounds/${compound.id}`);
    await says(resident, "没有停水、停电");
    await t.shoot(resident, "desk-compound-after-outage");
    await desk.context().close();
    await resident.context().close();
  },

  async "a correction is refused with a reason, and another made"(t) {
    const member = t.people.find((p) => p.openid === "sim-member-003"), clerk = t.person("clerk"), { ask } = await t.api(member);
    await ask("POST", "/api/v1/me/corrections", { field: "id_number", value: "11010519491231002X" });
    await ask("POST", "/api/v1/me/corrections", { field: "address", value: "福馨苑小区5号楼1单元201" });
    const desk = await t.phone(clerk, "/corrections");
    await settled(desk);
    await t.shoot(desk, "desk-corrections");
    await press(desk, `${member.name}：看完整内容`);
    await says(desk, "11010519491231002X");
    await press(desk, `${member.name}：不更正身份证号`);
    await write(desk, "为什么不更正", "和身份证上不一样，请带证件来社区");
    await t.shoot(desk, "desk-correction-refused");
    await confirm(desk);
    await press(desk, `${member.name}：更正住址`);
    await confirm(desk);
    await says(desk, "没有等您办的更正");
    const { items } = await ask("GET", "/api/v1/me/corrections");
    assert.deepEqual(items.map((c) => [c.field.code, c.accepted, c.answer]).sort(), [["address", true, ""], ["id_number", false, "和身份证上不一样，请带证件来社区"]]);
    await desk.context().close();
  },

  async "a code for the gate is made and its picture shown"(t) {
    const who = t.person("branch_secretary", () => true, 21);
    const desk = await t.phone(who, "/codes");
    await settled(desk);
    await press(desk, "做一个新的");
    await write(desk, "叫什么", "南门");
    await t.shoot(desk, "desk-code-new");
    await press(desk, "做好");
    await desk.waitForSelector(".codes-picture:visible");
    await t.shoot(desk, "desk-code");
    const [download] = await Promise.all([desk.waitForEvent("download"), press(desk, "存下来打印")]);
    assert.match(download.suggestedFilename(), /二维码\.png$/);
    await desk.context().close();
  },
};
