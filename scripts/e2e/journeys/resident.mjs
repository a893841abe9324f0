// A resident: from one sentence to the word that it is solved.
import assert from "node:assert/strict";
import { press, write, photograph } from "../hands.mjs";
import { png } from "../picture.mjs";

const ends = (page, path) => page.waitForURL((u) => u.hash.includes(path));

export default {
  async "somebody without a session signs in, and in large text next time"(t) {
    const who = t.person("resident", (p) => p.roles.length === 1);
    const page = await t.phone(null, "/home");
    await t.shoot(page, "home-signed-out");
    await press(page, "登录");
    await page.waitForSelector("text=请先登录");
    await t.shoot(page, "sign-in");
    await write(page, "查找人物", who.name);
    await page.locator(`.fen-cell:has-text("${who.name}"):has-text("${who.org}")`).first().click();
    await page.waitForSelector(".fen-ticket, .fen-state");
    await t.open(page, "/me");
    await press(page, "换成大字");
    await page.waitForSelector(".fen-large");
    await t.open(page, "/home");
    await page.waitForSelector(".fen-large");
    assert.ok(await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector(".fen-body")).fontSize)) >= 20);
    await press(page, "换回标准字");
    await page.waitForSelector(".fen:not(.fen-large)");
    await page.context().close();
  },

  async "reports in one sentence, with a photo, and follows it to the end"(t) {
    const who = t.stranger(), page = await t.phone(who);
    const desk = t.person("branch_secretary", () => true, 30);
    await page.locator(".home-report").click();
    await ends(page, "/report/report");
    await write(page, "是什么事，在哪里", `${desk.org}3号楼2单元楼道灯坏了`);
    await page.waitForSelector("text=我们这样理解");
    const understood = (await page.locator(".fen-card", { hasText: "我们这样理解" }).innerText()).replace(/\s+/g, " ");
    assert.match(understood, /✓ 公共照明.*3号楼 2单元/);
    await t.shoot(page, "report-understood");
    await press(page, "都不是，选别的类别");
    await page.waitForSelector(".fen-sheet .fen-chip");
    await t.shoot(page, "report-category");
    await page.locator(".fen-sheet .fen-chip", { hasText: "公共照明" }).click();
    await page.locator(".fen-cell", { hasText: "楼号、单元、房号" }).click();
    await write(page, "几层", "5");
    await t.shoot(page, "report-place");
    await press(page, "好了");
    await page.locator(".fen-cell", { hasText: "小区" }).first().click();
    await page.waitForSelector(".fen-sheet .fen-cell");
    await t.shoot(page, "report-compound");
    await press(page, "关闭");

    const sent = page.waitForResponse((r) => r.url().endsWith("/photos"));
    await photograph(page, png(1200, 900));
    assert.equal((await sent).status(), 201);
    await page.waitForFunction(() => !/正在处理|已传/.test(document.querySelector(".fen-photos").innerText));
    await t.shoot(page, "report-photo");
    await press(page, "提交");
    await ends(page, "/report/done");
    await page.waitForSelector("text=编号");
    await t.shoot(page, "report-done");
    const number = (await page.innerText(".done-head .fen-big")).trim();
    const { ask } = await t.api(who);
    const ticket = await ask("GET", `/api/v1/tickets/${number}`);
    assert.deepEqual([ticket.category.code, ticket.building, ticket.unit, ticket.floor, ticket.photos.length], ["lighting", "3", "2", "5", 1]);
    const facts = await page.innerText(".fen-body");
    assert.ok(facts.includes(ticket.lead.title) && /\d+:\d\d 前/.test(facts), facts);

    await press(page, "看这件事");
    await page.waitForSelector("text=办理经过");
    await page.waitForSelector(".photos-picture img, uni-image.photos-picture");
    await t.shoot(page, "ticket-new");
    await press(page, "补充");
    await write(page, "说明", "晚上六点以后全黑");
    await t.shoot(page, "ticket-add");
    await press(page, "确定补充");
    await page.waitForSelector(".fen-note-green");
    assert.match(await page.innerText(".fen-body"), /晚上六点以后全黑/);

    await t.handle(number, "accept", "contact", "finish");
    await t.open(page, "/tickets");
    await page.locator(`.fen-ticket:has-text("${number}")`).click();
    await press(page, "确认");
    await page.waitForSelector(".fen-sheet");
    await page.locator(".fen-sheet .fen-chip", { hasText: "解决了" }).first().click();
    await page.locator(".fen-sheet .fen-chip", { hasText: /^(✓ )?满意$/ }).click();
    await t.shoot(page, "ticket-confirm");
    await page.locator(".fen-sheet-foot uni-button").click();
    await page.waitForSelector(".fen-note-green");
    const closed = await ask("GET", `/api/v1/tickets/${number}`);
    assert.equal(closed.state, "closed");
    await t.shoot(page, "ticket-closed");
    await page.context().close();
  },

  async "joins a neighbour's report instead of a second one"(t) {
    const [first, second] = [t.stranger(), t.stranger()];
    const place = (await t.api(second)).me.compound.name, text = `${place}7号楼1单元下水道堵了，污水往外冒`;
    const { number } = await (await t.api(first)).ask("POST", "/api/v1/tickets", { text });
    const page = await t.phone(second, "/report");
    await write(page, "是什么事，在哪里", text);
    await page.waitForSelector("text=这些可能是同一件事");
    await t.shoot(page, "report-duplicate");
    await press(page, "我也遇到");
    await ends(page, "/tickets/ticket");
    await page.waitForSelector("text=您也遇到了这件事");
    await t.shoot(page, "ticket-joined");
    await t.open(page, "/tickets");
    await page.locator(".fen-chip", { hasText: "我也遇到的" }).click();
    await page.waitForSelector(`.fen-ticket:has-text("${number}")`);
    const mine = await (await t.api(second)).ask("GET", "/api/v1/tickets?view=mine");
    assert.ok(!mine.items.some((i) => i.text === text), "a second ticket was made");
    await page.context().close();
  },

  async "danger comes with the numbers to call"(t) {
    const page = await t.phone(t.stranger(), "/report");
    await write(page, "是什么事，在哪里", `${t.person("branch_secretary").org}2号楼有人被困在电梯里`);
    await page.waitForSelector(".report-alarm");
    assert.ok(await page.locator(".report-alarm uni-button").count() > 0, "no number to call");
    await t.shoot(page, "report-danger");
    await page.context().close();
  },
};

