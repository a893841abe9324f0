// Inside WeChat: who opens the pages is known without a word, and WeChat's own functions do the rest.
import assert from "node:assert/strict";
import { press, write } from "../hands.mjs";
import { png } from "../picture.mjs";

const AGENT = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.50";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50";

// bridge stands for what WeChat puts into its browser. It answers as WeChat does, and nothing before the
// account's signature of the page was checked, which the simulator does with the ticket that it gave out.
function bridge({ answers, shown }) {
  const asked = (globalThis.asked = []);
  let let_ = new Set();
  const say = (name, args, done) => {
    asked.push({ name, args });
    if (name === "preVerifyJSAPI") {
      const page = shown ? location.href.split("#")[0] : globalThis.opened;
      return fetch("/sim/api/page", { method: "POST", body: JSON.stringify({ page, appId: args.verifyAppId, nonceStr: args.verifyNonceStr, timestamp: Number(args.verifyTimestamp), signature: args.verifySignature }) })
        .then((res) => res.json()).then((said) => {
          if (said.err_msg.endsWith(":ok")) let_ = new Set(args.verifyJsApiList);
          done(said);
        });
    }
    if (name === "getNetworkType") return; // asked for WeChat's statistics, which our policy does not let out
    const refused = { err_msg: `${name}:permission denied` };
    setTimeout(() => done(let_.has(name === "geoLocation" ? "geoLocation" : name) || name === "getLocalImgData" ? { err_msg: `${name}:ok`, ...answers[name] } : refused), 20);
  };
  globalThis.opened = location.href.split("#")[0];
  globalThis.WeixinJSBridge = { invoke: (name, args, done) => { say(name, typeof args === "string" ? JSON.parse(args) : args, done); }, on() {} };
}

async function inside(t, who, { agent = AGENT, answers = {}, link = "/home", shown = true } = {}) {
  const page = await t.visit({ width: 375, height: 812, hasTouch: true, isMobile: true, userAgent: agent });
  await page.context().addCookies([{ name: "sim_openid", value: encodeURIComponent(who.openid), url: t.address }]);
  await page.addInitScript(bridge, { answers, shown });
  await t.open(page, link);
  return page;
}

const asked = (page, name) => page.evaluate((n) => globalThis.asked.filter((a) => a.name === n).map((a) => a.args), name);

export default {
  async "inside WeChat nobody signs in by hand, and a place and a photo come from WeChat"(t) {
    for (const [agent, shown] of [[AGENT, true], [IPHONE, false]]) {
      const who = t.stranger(), desk = t.person("branch_secretary", () => true, 31);
      const home = (await (await t.api(who)).ask("GET", `/api/v1/compounds?q=${encodeURIComponent(desk.org)}`)).items[0];
      const place = (await (await t.api(who)).ask("GET", `/api/v1/compounds/${home.id}`)).location;
      const page = await inside(t, who, {
        agent, shown, link: "/report",
        answers: {
          geoLocation: { latitude: String(place.lat), longitude: String(place.lng), accuracy: "30" },
          chooseImage: { localIds: agent === AGENT ? JSON.stringify(["wxLocalResource://1"]) : ["wxLocalResource://1"] },
          getLocalImgData: { localData: (agent === AGENT ? "" : "data:image/jgp;base64,") + png(64, 48).toString("base64") },
        },
      });
      await write(page, "是什么事，在哪里", "楼道灯坏了");
      await page.locator(".fen-cell", { hasText: "小区" }).first().click();
      await press(page, "找我附近的小区");
      await page.locator(`.fen-sheet .fen-cell:has-text("${desk.org}")`).first().click();
      assert.deepEqual((await asked(page, "geoLocation"))[0].type, "gcj02");
      await page.locator(".fen-shot-add:visible").click();
      await page.waitForFunction(() => document.querySelectorAll(".fen-shot-picture").length === 1 && !document.querySelector(".fen-shot-word"));
      assert.equal((await asked(page, "preVerifyJSAPI")).length, 1, "WeChat is asked once");
      await press(page, "提交");
      await page.waitForURL((u) => u.hash.includes("/report/done"));
      assert.ok(!(await page.locator("wx-open-subscribe").count()), "followers are told without being asked");
      await page.context().close();
    }
  },

  async "inside WeChat a code is scanned, and what WeChat refuses has another way"(t) {
    const who = t.person("member");
    const page = await inside(t, who, { link: "/pages/activities/checkin", answers: { scanQRCode: { resultStr: "http://elsewhere.test/x" } } });
    await press(page, "扫一扫");
    await page.waitForSelector("text=这不是汾邻的签到码");
    await page.context().close();
    const forged = await inside(t, who, { link: "/pages/activities/checkin" });
    await forged.route(/\/api\/v1\/wechat\/page/, (route) => route.fulfill({ json: { app_id: "wx", timestamp: 1, nonce: "n", signature: "forged" } }));
    await press(forged, "扫一扫");
    await forged.waitForSelector("text=扫一扫没有打开");
    await t.shoot(forged, "checkin-no-scan");
    await forged.context().close();
  },

  async "who does not follow agrees to one message, and gets it"(t) {
    const who = await (await fetch(`${t.address}/sim/api/newcomer`, { method: "POST" })).json();
    const desk = t.person("branch_secretary", () => true, 32);
    const page = await inside(t, who, { link: "/report" });
    // WeChat draws the button of consent and tells the account what was answered, then the page.
    await page.evaluate((openid) => {
      customElements.define("wx-open-subscribe", class extends HTMLElement {
        connectedCallback() {
          this.attachShadow({ mode: "open" }).append(Object.assign(document.createElement("button"), { textContent: "WeChat's button" }));
          this.addEventListener("click", async () => {
            const id = this.getAttribute("template");
            await fetch("/sim/api/event", { method: "POST", body: JSON.stringify({ openid, type: "consent", templates: [id] }) });
            this.dispatchEvent(new CustomEvent("success", { detail: { errMsg: "subscribe:ok", subscribeDetails: JSON.stringify({ [id]: JSON.stringify({ status: "accept", timestamp: "1" }) }) } }));
          });
        }
      });
    }, who.openid);
    await write(page, "是什么事，在哪里", `${desk.org}3号楼2单元楼道灯坏了`);
    await page.waitForSelector("text=我们这样理解");
    await press(page, "提交");
    await page.waitForURL((u) => u.hash.includes("/report/done"));
    const number = /FY\d{6}-\d{4,}/.exec(await page.locator(".done-head").innerText())[0];
    await page.locator("wx-open-subscribe").click();
    await page.waitForSelector("text=下一次有消息，微信会通知您");
    await t.shoot(page, "report-notify");
    const told = async () => (await (await fetch(`${t.address}/sim/api/conversation?openid=${who.openid}`)).json()).messages.filter((m) => m.kind === "subscription");
    await t.handle(number, "accept");
    for (let i = 0; i < 50 && !(await told()).length; i++) await page.waitForTimeout(200);
    await t.handle(number, "contact");
    await page.waitForTimeout(1500);
    const got = await told();
    assert.equal(got.length, 1, "one consent is one message");
    assert.match(got[0].url, new RegExp(`/app/#/tickets/${number}$`));
    await page.context().close();
  },

  async "outside WeChat it is said how to come in"(t) {
    const page = await t.phone(null, "/tickets");
    await page.waitForSelector("text=在微信里打开会自动登录");
    await page.context().close();
  },
};
