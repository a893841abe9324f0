// The built mini-program, run: its own compiled pages on WeChat's component framework in jsdom, with a wx that asks a
// real server. Every page as a resident, a member and a secretary; a report from the sentence to the consent to be told;
// the address in a notice. What throws, complains or shows a hole (undefined, NaN) is a fault.
//
//   node scripts/miniprogram/render.mjs          make client build first; FENLIN_E2E_ADDRESS names a demo that runs already
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { client, live, open } from "../e2e/city.mjs";
import { firstTicket, pages, sample } from "../e2e/links.mjs";

const built = new URL("../../miniprogram/dist/build/mp-weixin/", import.meta.url).pathname;
const require = createRequire(import.meta.url);

// The framework keeps what it has registered, and the pages who is signed in: one process is one phone.
if (process.send) process.once("message", async (task) => {
  const faults = [];
  console.error = console.warn = (...words) => faults.push(words.map(String).join(" ").slice(0, 300));
  process.on("unhandledRejection", (error) => faults.push(`unhandled: ${error?.stack ?? error}`));
  let checks = 0;
  try {
    checks = await tasks[task.name](phone(task, faults), task);
  } catch (error) {
    faults.push(error.stack);
  }
  process.send({ faults, checks }, () => process.exit());
});
else await main();

async function main() {
  const city = await open();
  const folder = mkdtempSync(join(tmpdir(), "fenlin-render-"));
  let faults = 0, checks = 0;
  try {
    cpSync(built, folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}"); // scripts, not modules
    const people = city.given ? await (await fetch(`${city.address}/sim/people`)).json() : await live(city.address);
    const somebody = (role, n = 0) => people.filter((p) => p.roles.includes(role))[n];
    const newcomer = await (await fetch(`${city.address}/sim/api/newcomer`, { method: "POST" })).json();
    for (const task of [
      { name: "every page", as: "resident", who: people.find((p) => p.roles.length === 1) },
      { name: "every page", as: "member", who: somebody("member") },
      { name: "every page", as: "secretary", who: somebody("branch_secretary") },
      { name: "a report, and the consent to be told", as: "newcomer", who: newcomer, compound: somebody("branch_secretary", 30).org },
    ]) {
      const got = await new Promise((done) => {
        const child = fork(fileURLToPath(import.meta.url));
        child.once("message", done);
        child.once("exit", (code) => done({ faults: [`ended with ${code}`], checks: 0 }));
        child.send({ ...task, address: city.address, openid: task.who.openid, folder });
      });
      console.log(`${got.faults.length ? "FAIL" : "ok  "} ${task.name} (${task.as}): ${got.checks} checks`);
      for (const f of got.faults) console.error(`FAULT ${task.as}: ${f}`);
      faults += got.faults.length;
      checks += got.checks;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await city.close();
  }
  console.log(`${checks} checks, ${faults} faults`);
  process.exitCode = faults ? 1 : 0;
}

const tasks = {
  async "every page"(phone, { as, address, openid }) {
    const api = await client(address, openid), ticket = await firstTicket(api, as === "secretary" ? "inbox" : "mine");
    for (const p of pages) {
      const { at } = await sample(api, p, ticket);
      const parts = (p.link ?? "").split("/"), given = at.split("?")[0].split("/");
      const query = p.link ? parts.flatMap((part, i) => (part.startsWith(":") ? [`${part.slice(1)}=${given[i]}`] : [])).join("&") : at.split("?")[1];
      const page = await phone.open(`${p.url}${query ? `?${query}` : ""}`);
      const words = page.words();
      if (words.length < 10) phone.fault(`${p.url} shows “${words}”`);
      const hole = /undefined|NaN|\[object|null/.exec(words);
      if (hole) phone.fault(`${p.url} shows ${hole[0]}: ${words.slice(Math.max(0, hole.index - 30), hole.index + 30)}`);
      page.close();
    }
    return pages.length;
  },

  async "a report, and the consent to be told"(phone, { compound }) {
    const form = await phone.open("/pages/report/report");
    form.write("wx-textarea", `${compound}3号楼2单元楼道灯坏了`);
    await form.until("我们这样理解");
    form.tap("提交");
    const sent = await phone.gone();
    assert.match(sent, /^redirectTo \/pages\/report\/done\?number=FY/);
    form.close();
    const done = await phone.open(sent.split(" ")[1]);
    await done.until("有进展时通知我");
    done.tap("有进展时通知我");
    await done.until("下一次有消息，微信会通知您");
    assert.deepEqual(phone.consented, ["fenlin-demo-subscription"]);
    await done.until("会发 1 次", false);
    done.close();
    const number = /FY\d{6}-\d+/.exec(sent)[0];
    const notice = await phone.open(`/pages/home/open?link=${encodeURIComponent(`/tickets/${number}`)}`);
    assert.equal(await phone.gone(), `redirectTo /pages/tickets/ticket?number=${number}`);
    notice.close();
    const ticket = await phone.open(`/pages/tickets/ticket?number=${number}`);
    await ticket.until("楼道灯坏了");
    ticket.close();
    const nowhere = await phone.open("/pages/home/open?link=%2Fnonsense");
    await nowhere.until("这个链接打不开");
    nowhere.close();
    return 8;
  },
};

/** phone runs the mini-program for one person: open(url) attaches a page as WeChat does. */
function phone({ folder, address, openid }, faults) {
  const { JSDOM } = require("jsdom");
  const { window } = new JSDOM("<!doctype html><body></body>", { url: "http://mini-program.test/", pretendToBeVisual: true });
  for (const name of ["window", "document", "HTMLElement", "Element", "Node", "Event", "CustomEvent", "MutationObserver", "getComputedStyle", "requestAnimationFrame"]) {
    Object.defineProperty(globalThis, name, { value: name === "window" ? window : window[name], configurable: true, writable: true });
  }
  const simulate = require("miniprogram-simulate"), exparser = require("miniprogram-exparser");
  const kept = new Map(), went = [], stack = [], consented = [];
  let app, asking = 0;
  const go = (how) => (o) => went.push(`${how} ${o.url}`);
  // After the framework, which brings a wx of its own.
  globalThis.wx = {
    getStorageSync: (k) => kept.get(k) ?? "", setStorageSync: (k, v) => kept.set(k, v), removeStorageSync: (k) => kept.delete(k),
    getSystemInfoSync: () => ({ platform: "ios", SDKVersion: "3.5.0", windowWidth: 375, windowHeight: 812, statusBarHeight: 44, language: "zh_CN", version: "8.0.50", safeArea: { top: 44, bottom: 778, height: 734, width: 375, left: 0, right: 375 } }),
    getAppBaseInfo: () => ({ fontSizeSetting: 17, SDKVersion: "3.5.0", language: "zh_CN", version: "8.0.50" }),
    getWindowInfo: () => ({ windowWidth: 375, windowHeight: 812, statusBarHeight: 44, pixelRatio: 2 }),
    getDeviceInfo: () => ({ platform: "ios", brand: "Apple", model: "iPhone", system: "iOS 17" }),
    getMenuButtonBoundingClientRect: () => ({ top: 48, height: 32, width: 87, right: 365, left: 278, bottom: 80 }),
    getLaunchOptionsSync: () => ({ path: "pages/home/home", query: {}, scene: 1001 }), getEnterOptionsSync: () => ({ path: "pages/home/home", query: {}, scene: 1001 }),
    getAccountInfoSync: () => ({ miniProgram: { appId: "wx" } }), canIUse: () => true,
    getNetworkType: (o) => o.success?.({ networkType: "wifi" }), onNetworkStatusChange() {}, offNetworkStatusChange() {},
    onAppShow() {}, onAppHide() {}, onError() {}, onUnhandledRejection() {}, onPageNotFound() {}, onThemeChange() {},
    nextTick: (f) => setTimeout(f), setNavigationBarTitle() {}, hideKeyboard() {}, showToast() {}, setKeepScreenOn() {},
    createSelectorQuery: () => ({ in() { return this; }, select() { return this; }, boundingClientRect() { return this; }, exec() {} }),
    createCanvasContext: () => new Proxy({}, { get: () => () => {} }),
    navigateTo: go("navigateTo"), redirectTo: go("redirectTo"), reLaunch: go("reLaunch"),
    login: (o) => setTimeout(() => o.success({ code: `sim:${openid}` })),
    // WeChat asks the person, and gives one message for a yes.
    requestSubscribeMessage: (o) => setTimeout(async () => {
      await fetch(`${address}/sim/api/event`, { method: "POST", body: JSON.stringify({ openid, type: "consent", templates: o.tmplIds }) });
      consented.push(...o.tmplIds);
      o.success({ errMsg: "requestSubscribeMessage:ok", ...Object.fromEntries(o.tmplIds.map((id) => [id, "accept"])) });
    }),
    request: (o) => {
      asking++;
      fetch(new URL(o.url, address), { method: o.method, headers: o.header, body: typeof o.data === "string" ? o.data : undefined })
        .then(async (res) => {
          const text = await res.text();
          o.success?.({ statusCode: res.status, data: text && /json/.test(res.headers.get("content-type")) ? JSON.parse(text) : text, header: Object.fromEntries(res.headers) });
        }, (error) => o.fail?.({ errMsg: `request:fail ${error.message}` }))
        .finally(() => { asking--; });
      return { abort() {} };
    },
    downloadFile: (o) => { setTimeout(() => o.fail?.({ errMsg: "downloadFile:fail" })); return { onProgressUpdate() {}, abort() {} }; },
  };
  Object.assign(globalThis, { App: (o) => { app = o; }, Page() {}, getApp: () => app, getCurrentPages: () => stack });
  require(join(folder, "app.js"));
  app.onLaunch?.(wx.getLaunchOptionsSync());
  app.onShow?.(wx.getLaunchOptionsSync());

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  async function quiet() {
    for (let still = 0, i = 0; still < 3 && i < 200; i++) {
      await sleep(25);
      still = asking ? 0 : still + 1;
    }
  }

  return {
    consented,
    fault: (words) => faults.push(words),
    /** gone is where the page wants to go next. */
    async gone() {
      for (let i = 0; i < 400 && !went.length; i++) await sleep(25);
      return went.shift() ?? "nowhere";
    },
    async open(url) {
      const [path, query = ""] = url.slice(1).split("?"), options = Object.fromEntries(new URLSearchParams(query));
      for (const [k, v] of Object.entries(options)) options[k] = encodeURIComponent(v); // WeChat decodes none
      const shown = simulate.render(simulate.load(join(folder, path), { rootPath: folder, compiler: "official" }), {});
      const holder = document.createElement("div");
      document.body.append(holder);
      shown.attach(holder);
      const page = shown.instance;
      Object.assign(page, { route: path, options });
      stack.push(page);
      page.onLoad?.(options);
      page.onShow?.();
      page.onReady?.();
      await quiet();
      const words = () => holder.textContent.replace(/\s+/g, " ");
      const fire = (el, name, detail = {}) => exparser.triggerEvent(el.__wxElement, name, detail, { bubbles: true, composed: true, capturePhase: true });
      return {
        words,
        async until(text, there = true) {
          for (let i = 0; i < 400 && words().includes(text) !== there; i++) await sleep(25);
          assert.ok(words().includes(text) === there, `${path}: ${there ? "no" : "still"} “${text}” in ${words().slice(0, 400)}`);
        },
        write: (tag, value) => fire(holder.querySelector(tag), "input", { value }),
        /** tap presses the innermost that says these words. */
        tap(text) {
          const all = [...holder.querySelectorAll("wx-button, wx-view")].filter((el) => el.textContent.includes(text));
          assert.ok(all.length, `${path}: nothing says “${text}”`);
          fire(all.at(-1), "tap");
        },
        close() {
          page.onHide?.();
          page.onUnload?.();
          shown.detach();
          holder.remove();
          stack.pop();
        },
      };
    },
  };
}
