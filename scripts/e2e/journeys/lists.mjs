// The three lists: a clerk enters a need, a unit's contact offers a resource and claims with it, both sign.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { photograph, press, task, write } from "../hands.mjs";
import { png } from "../picture.mjs";
import { settled } from "../shoot.mjs";

const paper = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
const need = "请律师来讲反诈骗", resource = "反诈骗宣讲律师";

const confirm = async (page) => {
  await page.locator(".fen-sheet-foot uni-button:visible").last().click();
  await page.waitForFunction(() => ![...document.querySelectorAll(".fen-sheet")].some((e) => e.getClientRects().length));
};
const says = (page, words) => page.waitForFunction((w) => [...document.querySelectorAll(".fen")].some((e) => e.getClientRects().length && e.innerText.includes(w)), words);
const idIn = (page) => /id=(\d+)/.exec(page.url())[1];

// The content check looks at words in the background; until then nobody else sees them.
async function passed(t, who, path) {
  const { ask } = await t.api(who);
  for (let i = 0; i < 100; i++) {
    if (await ask("GET", path).catch(() => null)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${path} is not seen by ${who.name}`);
}

// choose taps a day on the phone's wheel: what it offers at first.
async function day(page, label) {
  await page.locator(`[role=group][aria-label="${label}"] .fen-when:visible`).first().click();
  await page.locator(".uni-picker-action-confirm:visible").click();
}

export default {
  async "a clerk's need and a unit's resource become a project and an agreement"(t) {
    const clerk = t.person("clerk"), contact = t.people.find((p) => p.openid === "sim-member-001"), community = t.person("community_secretary", (p) => p.org === "永安社区");

    const desk = await t.phone(clerk, "/work");
    await settled(desk);
    await task(desk, "三张清单");
    await settled(desk);
    await t.shoot(desk, "lists-overview-clerk");
    await press(desk, "只看一个街道、社区");
    await desk.locator(".fen-sheet [role=link]:visible:has-text('社区')").first().click();
    await settled(desk);
    const [book] = await Promise.all([desk.waitForEvent("download"), press(desk, "下载三张清单")]);
    assert.match(book.suggestedFilename(), /社区三张清单\.xlsx$/);
    await press(desk, "提一个需求");
    await settled(desk);
    await press(desk, "哪里的需求");
    await desk.locator("[role=radio]:visible:has-text('社区')").first().click();
    await write(desk, "名称", "永安");
    await desk.locator(".fen-sheet [role=link]:visible:has-text('永安社区')").first().click();
    await write(desk, "标题", need);
    await desk.locator("[role=radio]:visible:has-text('法律')").click();
    await write(desk, "能帮到多少人", "0");
    await day(desk, "希望在哪一天以前");
    await t.shoot(desk, "lists-need-written");
    await press(desk, "存好");
    await settled(desk);
    await says(desk, "未发布");
    const needID = idIn(desk);
    await press(desk, "发布");
    await confirm(desk);
    await says(desk, "待认领");
    await t.shoot(desk, "lists-need-open");
    await passed(t, contact, `/api/v1/needs/${needID}`);

    const unit = await t.phone(contact, "/lists");
    unit.expects.add(422);
    await settled(unit);
    await press(unit, "登记一个资源");
    await settled(unit);
    await write(unit, "标题", resource);
    await unit.locator("[role=radio]:visible:has-text('法律')").click();
    await write(unit, "有多少", "律师两名");
    await press(unit, "存好");
    await settled(unit);
    await press(unit, "发布");
    await confirm(unit);
    await settled(unit);
    await unit.locator(`[role=button][aria-label="${need}：认领"]:visible, uni-button[aria-label="${need}：认领"]:visible`).first().waitFor();
    await t.shoot(unit, "lists-resource-fits");
    await press(unit, `${need}：认领`);
    await settled(unit);
    await write(unit, "打算怎样办", "两名律师来讲一上午，再答居民的问题。");
    await t.shoot(unit, "lists-claim");
    await unit.locator(".fen-foot uni-button:visible").last().click();
    await unit.waitForURL((u) => u.hash.includes("lists/project"));
    await settled(unit);
    await says(unit, "待对方答复");
    const project = idIn(unit);

    const home = await t.phone(community, `/projects/${project}`);
    await settled(home);
    await press(home, "同意");
    await confirm(home);
    await says(home, "已达成");

    await t.open(unit, `/projects/${project}`);
    await settled(unit);
    await press(unit, "记录进展");
    await write(unit, "说明", "讲了一上午，来了四十多人。");
    await photograph(unit, png(800, 600));
    await unit.waitForFunction(() => document.querySelector(".fen-shot-picture") && !/正在处理|已传/.test(document.querySelector(".fen-photos").innerText));
    await t.shoot(unit, "lists-progress");
    await confirm(unit);
    await says(unit, "实施中");
    await t.shoot(unit, "lists-project-running");

    await press(unit, "签协议");
    await settled(unit);
    await unit.locator("[role=checkbox]:visible:has-text('双服务')").click();
    await write(unit, "双服务：约定做什么", "每季度来讲一次");
    await day(unit, "到哪一天为止");
    await t.shoot(unit, "lists-agreement-written");
    await press(unit, "存好");
    await unit.waitForURL((u) => u.hash.includes("lists/agreement"));
    await settled(unit);
    const agreement = idIn(unit), folder = await mkdtemp(join(tmpdir(), "fenlin-paper-"));
    await writeFile(join(folder, "page.html"), "<html>");
    await writeFile(join(folder, "paper.pdf"), paper);
    for (const file of ["page.html", "paper.pdf"]) {
      const [chooser] = await Promise.all([unit.waitForEvent("filechooser"), press(unit, "上传签好的协议")]);
      await chooser.setFiles(join(folder, file));
      if (file === "page.html") await unit.waitForSelector(".fen-note-red:visible");
    }
    await rm(folder, { recursive: true });
    await says(unit, "已确认");
    await t.shoot(unit, "lists-agreement-signed-by-one");

    await t.open(home, `/agreements/${agreement}`);
    await settled(home);
    const [download] = await Promise.all([home.waitForEvent("download"), press(home, "看签好的协议")]);
    assert.match(download.suggestedFilename(), /\.pdf$/);
    await press(home, "确认签约");
    await confirm(home);
    await says(home, "履行中");
    await t.shoot(home, "lists-agreement-running");
    for (const page of [desk, unit, home]) await page.context().close();
  },
};
