// Proves the check: each breakage that is planted in a copy of the built mini-program is found, and nothing else is.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { check } from "./check.mjs";

const built = new URL("../../miniprogram/dist/build/mp-weixin/", import.meta.url).pathname;
const from = process.env.FENLIN_MINIPROGRAM ?? built;
assert.ok(existsSync(join(from, "app.json")), "make client first");
const site = process.env.SITE ?? "";

const folder = mkdtempSync(join(tmpdir(), "fenlin-mp-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const edit = (name, change) => (root) => {
  const file = join(root, name), before = readFileSync(file, "utf8"), now = change(before);
  assert.notEqual(now, before, `${name} was not changed`);
  writeFileSync(file, now);
};
const app = (change) => edit("app.json", (t) => {
  const a = JSON.parse(t);
  change(a);
  return JSON.stringify(a);
});
const home = "pages/home/home", call = (code) => edit(`${home}.js`, (t) => `${t}\n;(function(){${code}})();`);

const breakages = {
  "a template that is not closed": [edit(`${home}.wxml`, (t) => t.replace(/<\/[\w-]+>\s*$/, "")), /wcc: .*home\.wxml/],
  "an expression that does not parse": [edit(`${home}.wxml`, (t) => `${t}<view>{{a ? }}</view>`), /wcc: .*home\.wxml/],
  "a style that does not parse": [edit("app.wxss", (t) => `${t}\n.a { color: red;`), /wcsc: /],
  "a script that does not parse": [edit(`${home}.js`, (t) => `${t}\nconst = 5;`), /home\.js: Unexpected/],
  "a script newer than phones": [edit(`${home}.js`, (t) => `${t}\nclass A { #b = 1; }`), /home\.js: /],
  "a page that is missing": [app((a) => a.pages.push("pages/home/none")), /pages\/home\/none\.js: the page is missing/],
  "a page without its template": [(root) => unlinkSync(join(root, `${home}.wxml`)), /home\.wxml: the page is missing/],
  "a component that is missing": [edit(`${home}.json`, (t) => t.replace("FenButton", "FenBouton")), /<fen-button> is missing/],
  "a tag that nobody knows": [edit(`${home}.wxml`, (t) => `${t}<fen-bouton></fen-bouton>`), /<fen-bouton> is neither/],
  "a browser's tag": [edit(`${home}.wxml`, (t) => `${t}<div></div>`), /<div> is neither/],
  "a require that leads nowhere": [call('require("./none.js")'), /requires \.\/none\.js, which is missing/],
  "a require into another package": [call('require("../work/inbox.js")'), /of another package/],
  "a tab that is no page": [app((a) => { a.tabBar = { list: [{ pagePath: home, text: "首页" }, { pagePath: "pages/no/no", text: "没有" }] }; }), /the tab pages\/no\/no is no page/],
  "a tab without its picture": [app((a) => { a.tabBar = { list: [{ pagePath: home, text: "首页", iconPath: "none.png" }, { pagePath: a.pages[1], text: "另" }] }; }), /picture none\.png is missing/],
  "a foreign host": [call('wx.request({url:"https://tracker.example/a"})'), /https:\/\/tracker\.example\/a is a foreign address/],
  "an address without encryption": [edit("app.wxss", (t) => `${t}\n.b { background: url(http://pictures.example/a.png); }`), /http:\/\/pictures\.example\/a\.png is a foreign/],
  "a style that wants a file": [edit("app.wxss", (t) => `${t}\n.b { background: url("/static/a.png"); }`), /a style takes no file/],
  "an API that only browsers have": [call('localStorage.setItem("a","b")'), /localStorage does not exist/],
  "code made of text": [call('new Function("return 1")()'), /Function does not exist/],
  "an API that is forbidden": [call("wx.getUserProfile({})"), /getUserProfile is forbidden/],
  "reading what was copied": [call("wx.getClipboardData({})"), /getClipboardData is forbidden/],
  "a place API that is not declared": [call("wx.chooseLocation({})"), /requiredPrivateInfos lacks chooseLocation/],
  "a place API no longer declared": [app((a) => { a.requiredPrivateInfos = []; }), /requiredPrivateInfos lacks getLocation/],
  "a declaration that nothing needs": [app((a) => a.requiredPrivateInfos.push("chooseAddress")), /names chooseAddress, which nothing calls/],
  "a place without words why": [app((a) => { delete a.permission; }), /permission lacks scope\.userLocation/],
  "no question about privacy": [app((a) => { delete a.__usePrivacyCheck__; }), /__usePrivacyCheck__ is not set/],
  "a main package too large": [(root) => writeFileSync(join(root, "common/large.wxs"), `// ${"x".repeat(2 * 1024 * 1024)}`), /the main package: \d+ bytes/],
  "a sub-package too large": [(root) => writeFileSync(join(root, "pages/work/large.wxs"), `// ${"x".repeat(2 * 1024 * 1024)}`), /pages\/work: \d+ bytes/],
};

test("what was built holds", () => assert.deepEqual(check(from, site).faults, []));
test("a server without encryption does not", () => assert.match(check(from, "http://fenlin.example").faults.join("\n"), /no https/));

for (const [name, [plant, found]] of Object.entries(breakages)) {
  test(`finds ${name}`, () => {
    const root = join(folder, "planted");
    rmSync(root, { recursive: true, force: true });
    cpSync(from, root, { recursive: true });
    plant(root);
    assert.match(check(root, site).faults.join("\n"), found);
  });
}
