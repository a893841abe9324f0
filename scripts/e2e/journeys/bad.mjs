// What goes wrong on a phone: two taps, no network, a session that ended, wrong links, pictures too large.
import assert from "node:assert/strict";
import { photograph, press, read, write } from "../hands.mjs";
import { png } from "../picture.mjs";

const field = "是什么事，在哪里";
const place = (t, n) => t.person("branch_secretary", () => true, 40 + n).org;
const made = async (t, who) => (await (await t.api(who)).ask("GET", "/api/v1/tickets?view=mine")).items.length;
const away = async (page, on) => { page.offline = on; await page.context().setOffline(on); };

export default {
  async "two taps on send make one ticket"(t) {
    const who = t.stranger(), page = await t.phone(who, "/report");
    const before = await made(t, who);
    await write(page, field, `${place(t, 0)}5号楼门禁刷不开`);
    await page.waitForSelector("text=我们这样理解");
    let posts = 0;
    page.on("request", (r) => { if (r.method() === "POST" && r.url().endsWith("/api/v1/tickets")) posts++; });
    await page.evaluate(() => { const b = [...document.querySelectorAll(".fen-foot uni-button")].pop(); b.click(); b.click(); b.click(); });
    await page.waitForURL((u) => u.hash.includes("/report/done"));
    assert.equal(posts, 1, "requests");
    assert.equal(await made(t, who), before + 1);
    await page.goBack();
    await page.waitForURL("about:blank"); // where the phone was opened: not the form that was sent
    await page.context().close();
  },

  async "an answer lost on the way, and sent again, makes one ticket"(t) {
    const who = t.stranger(), page = await t.phone(who, "/report");
    const before = await made(t, who);
    await write(page, field, `${place(t, 1)}6号楼水管漏水`);
    await page.waitForSelector("text=我们这样理解");
    let lost = 0;
    await page.route("**/api/v1/tickets", async (route) => {
      if (route.request().method() !== "POST" || lost++) return route.fallback();
      await route.fetch(); // it arrives, but its answer does not come back
      return route.abort("connectionreset");
    });
    page.offline = true;
    await press(page, "提交");
    await page.waitForSelector(".fen-foot .fen-note-red");
    assert.match(await page.innerText(".fen-foot .fen-note-red"), /网络/);
    page.offline = false;
    await press(page, "提交");
    await page.waitForURL((u) => u.hash.includes("/report/done"));
    assert.equal(await made(t, who), before + 1);
    await page.context().close();
  },

  async "without a network each step of a report says so, keeps the words, and goes on"(t) {
    const who = t.stranger(), page = await t.phone(who, "/report"), text = `${place(t, 2)}8号楼电梯按钮失灵`;
    const photos = () => page.locator(".fen-photos").innerText();
    await t.shoot(page, "report-empty");

    await away(page, true); // while it is understood
    await write(page, field, text);
    await page.waitForSelector(".fen-note-amber");
    assert.match(await page.innerText(".fen-note-amber"), /网络不通.*不影响提交/);
    await t.shoot(page, "offline-understanding");

    await photograph(page, png(600, 400)); // while a photo is sent
    await page.waitForSelector(".fen-shot .fen-red");
    assert.match(await photos(), /网络不通[^]*重传/);

    await page.locator(".fen-cell", { hasText: "小区" }).first().click({ timeout: 1000 }).catch(() => {}); // shown once understood
    if (await page.locator(".fen-sheet").count()) {
      await page.waitForSelector(".fen-sheet .fen-state");
      await press(page, "关闭");
    }

    await press(page, "提交"); // while it is sent
    await page.waitForSelector(".fen-foot .fen-note-red");
    assert.match(await page.innerText(".fen-foot .fen-note-red"), /网络不通/);
    assert.equal(await read(page, field), text);
    await t.shoot(page, "offline-sending");

    await away(page, false);
    await press(page, "重传");
    await page.waitForFunction(() => !/重传|正在处理|已传/.test(document.querySelector(".fen-photos").innerText));
    await away(page, true); // the page is opened anew: what was written is there
    await away(page, false);
    await page.reload();
    await page.waitForSelector("textarea");
    assert.equal(await read(page, field), text);
    await press(page, "提交");
    await page.waitForURL((u) => u.hash.includes("/report/done"));

    await t.open(page, "/tickets"); // a page that needs its data
    await page.waitForSelector(".fen-ticket");
    await away(page, true);
    await page.locator(".fen-chip", { hasText: "我也遇到的" }).click();
    await page.waitForSelector(".fen-state:visible");
    assert.match(await page.innerText(".fen-state:visible"), /连不上网络[^]*再试一次/);
    await t.shoot(page, "offline-list");
    await away(page, false);
    await press(page, "再试一次");
    await page.waitForSelector(".fen-state:visible:has-text('和邻居一起'), .fen-ticket");
    await page.context().close();
  },

  async "a session that ended in the middle of a form keeps the words"(t) {
    const who = t.person("resident", (p) => p.roles.length === 1, 5), page = await t.phone(who, "/report"), text = `${place(t, 3)}9号楼垃圾没人清`;
    const before = await made(t, who);
    await write(page, field, text);
    await page.waitForSelector("text=我们这样理解");
    await (await t.api(who)).ask("DELETE", "/api/v1/me/sessions");
    page.expects.add(401);
    await press(page, "提交");
    await page.waitForSelector("text=请先登录");
    await t.shoot(page, "session-ended");
    await write(page, "查找人物", who.name);
    await page.locator(`.fen-cell:has-text("${who.name}"):has-text("${who.org}")`).first().click();
    await page.waitForURL((u) => u.hash.includes("/report/done"));
    await page.waitForSelector("text=编号");
    t.forget(who);
    assert.equal(await made(t, who), before + 1);
    await page.context().close();
  },

  async "somebody else's ticket, one that is none, and a link of nonsense have a way out"(t) {
    const [mine, other] = [t.stranger(), t.stranger()];
    const { number } = await (await t.api(mine)).ask("POST", "/api/v1/tickets", { text: `${place(t, 4)}楼上邻居半夜吵闹` });
    const page = await t.phone(other);
    for (const status of [403, 404, 422]) page.expects.add(status);
    for (const [link, name] of [[`/tickets/${number}`, "somebody-elses"], ["/tickets/FY000000-9999", "none"], ["/tickets/%00", "odd"], ["/nonsense/5?x=1", "nonsense"], ["/pages/no/page", "no-page"]]) {
      await t.open(page, link);
      await t.shoot(page, `link-${name}`);
      const words = await page.innerText(".fen-body");
      if (name === "somebody-elses") assert.ok(!words.includes("报事人"), "shows who reported");
      else assert.match(words, /没有|打不开|看不到|不存在/);
      await page.locator("uni-button:visible, .fen-head-back:visible").last().click();
      await page.waitForSelector("text=我要报事");
    }
    await page.context().close();
  },

  async "a photo of 20 MB is made smaller, and what is no photo is refused in words"(t) {
    const page = await t.phone(t.stranger(), "/report"), huge = png(2700, 2600, true);
    assert.ok(huge.length > 20e6, `${huge.length} bytes`);
    const [sent] = await Promise.all([page.waitForRequest((r) => r.url().endsWith("/photos"), { timeout: 60_000 }), photograph(page, huge)]);
    const res = await sent.response();
    assert.equal(res.status(), 201, await res.text());
    const { requestBodySize } = await sent.sizes();
    assert.ok(requestBodySize < 10e6, `${requestBodySize} bytes were sent`);
    console.log(`     ${(huge.length / 1e6).toFixed(1)} MB were sent as ${(requestBodySize / 1e6).toFixed(2)} MB`);
    await photograph(page, Buffer.from("no picture"));
    await page.waitForSelector(".fen-shot .fen-red");
    assert.match(await page.innerText(".fen-shot .fen-red"), /打不开|换一张/);
    await t.shoot(page, "photo-broken");
    await page.context().close();
  },

  async "what the server refuses stands at its field"(t) {
    const page = await t.phone(t.stranger(), "/report");
    page.expects.add(422);
    await write(page, field, "灯坏了");
    await page.route("**/api/v1/tickets", (route) => (route.request().method() === "POST"
      ? route.fulfill({ status: 422, contentType: "application/problem+json", body: JSON.stringify({ status: 422, code: "invalid", detail: "填写有误，请改好再提交", request_id: "e2e", errors: [{ field: "text", message: "请说清是哪里" }, { field: "photos[0]", message: "这张照片已经不在了，请重传" }, { field: "sure", message: "别处的一句话" }] }) }) : route.fallback()));
    await press(page, "提交");
    await page.waitForSelector(".fen-field [role=alert]");
    assert.equal(await page.innerText(".fen-field [role=alert]"), "请说清是哪里");
    assert.match(await page.innerText("[aria-label=照片] > [role=alert], .fen-photos + [role=alert]"), /照片已经不在了/);
    assert.match(await page.innerText(".fen-foot .fen-note-red"), /填写有误[^]*别处的一句话/);
    await t.shoot(page, "report-refused");
    await page.unroute("**/api/v1/tickets");
    await page.context().close();
  },

  async "when the server is busy it says so in words, with its number left out"(t) {
    const page = await t.phone(t.stranger(), "/home");
    page.expects.add(502);
    await page.route("**/api/v1/tickets**", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<html>Bad Gateway</html>" }));
    await t.open(page, "/tickets");
    await page.waitForSelector(".fen-state:visible");
    assert.match(await page.innerText(".fen-state:visible"), /系统繁忙[^]*再试一次/);
    assert.doesNotMatch(await page.innerText(".fen-body"), /502|Bad|html/);
    await t.shoot(page, "server-busy");
    await page.context().close();
  },
};
