// A clerk with a phone: a workbook with bad rows is refused row by row and comes back marked; a good one is checked and written.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { press, task } from "../hands.mjs";
import { settled } from "../shoot.mjs";
import { filled, rowsOf } from "../workbook.mjs";

// download presses what downloads, and gives the file's content.
async function download(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), press(page, name)]);
  return readFile(await file.path());
}

// choose gives the page a file where it asks for a workbook.
async function choose(page, button, folder, name, content) {
  const path = join(folder, name);
  await writeFile(path, content);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press(page, button)]);
  await chooser.setFiles(path);
  await page.waitForSelector(`text=${name}`);
}

export default {
  async "a clerk mends what is marked, and writes a good workbook"(t) {
    const who = t.person("clerk"), { ask } = await t.api(who), folder = await mkdtemp(join(tmpdir(), "fenlin-book-"));
    const page = await t.phone(who, "/work");
    await task(page, "台账");
    await page.waitForSelector("text=单位台账");
    await t.shoot(page, "clerk-ledgers");
    await press(page, "单位台账");
    await page.waitForSelector("text=1. 拿一份表格");
    await press(page, "每一列怎么填");
    await t.shoot(page, "clerk-ledger");
    const template = await download(page, "下载空白模板");
    assert.match(String(rowsOf(template)[0][0]), /单位名称/);

    await choose(page, "选填好的表格", folder, "单位.xlsx", filled(template, [["汾阳市第一好单位", "企业"], ["汾阳市第二好单位", "学校"], ["", "企业"]]));
    await t.shoot(page, "clerk-chosen");
    await press(page, "检查这份表格");
    await page.waitForSelector("text=哪里有问题");
    const words = await page.locator(".fen-body").innerText();
    assert.match(words, /第 3 行，单位类别/);
    assert.match(words, /第 4 行，单位名称/);
    assert.match(words, /一行也没有写入/);
    await t.shoot(page, "clerk-refused");
    const marked = await download(page, "下载标好问题的表格");
    assert.equal(marked.subarray(0, 2).toString(), "PK");
    assert.match(JSON.stringify(rowsOf(marked)), /导入问题.*单位类别：/);

    await choose(page, "换一份表格", folder, "改好的单位.xlsx", filled(template, [["汾阳市第一好单位", "企业"], ["汾阳市第二好单位", "机关单位"]]));
    await press(page, "检查这份表格");
    await page.waitForSelector("text=检查通过");
    await t.shoot(page, "clerk-checked");
    const units = (q) => ask("GET", `/api/v1/units?q=${encodeURIComponent(q)}`);
    assert.equal((await units("第一好单位")).items.length, 0, "a check has written");
    const write = page.locator('uni-button:visible:has-text("写入台账")').first();
    await write.click();
    await write.click({ timeout: 500 }).catch(() => {}); // twice, as people do
    await page.waitForSelector("text=已写入");
    await t.shoot(page, "clerk-written");
    assert.equal((await units("好单位")).items.length, 2);
    assert.equal((await ask("GET", "/api/v1/imports?limit=100")).items.filter((j) => j.name === "改好的单位.xlsx" && !j.dry_run).length, 1);

    await t.open(page, "/ledgers");
    await page.waitForSelector("text=改好的单位.xlsx");
    await t.shoot(page, "clerk-past");
    await press(page, "处问题");
    await page.waitForSelector("text=哪里有问题");
    await t.shoot(page, "clerk-past-import");
    await page.context().close();
    await rm(folder, { recursive: true });
  },

  async "a workbook that is none, too large, or breaks off on the way: it is said what to do"(t) {
    const folder = await mkdtemp(join(tmpdir(), "fenlin-book-"));
    const page = await t.phone(t.person("clerk"), "/ledgers/units");
    page.expects.add(422);
    await page.waitForSelector("text=2. 填好后检查");
    await choose(page, "选填好的表格", folder, "名单.xlsx", Buffer.from("单位名称,单位类别\n甲,企业\n"));
    await press(page, "检查这份表格");
    await page.waitForSelector("[role=alert]:has-text('Excel')");
    await t.shoot(page, "clerk-no-workbook");

    await writeFile(join(folder, "大.xlsx"), Buffer.alloc(13 << 20));
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press(page, "换一份表格")]);
    await chooser.setFiles(join(folder, "大.xlsx"));
    await page.waitForSelector("[role=alert]:has-text('最多 12 MB')");
    assert.equal(await page.locator('uni-button:visible:has-text("检查这份表格")').count(), 0);

    const template = await (await fetch(`${t.address}/api/v1/templates/units`, { headers: { Authorization: `Bearer ${page.session.token}` } })).arrayBuffer();
    await choose(page, "选填好的表格", folder, "断网.xlsx", filled(Buffer.from(template), [["断网时的单位", "企业"]]));
    page.offline = true;
    await page.route("**/api/v1/imports/**", async (route) => { await route.fetch(); await route.abort("internetdisconnected"); }, { times: 1 }); // it arrives, the answer does not
    await press(page, "检查这份表格");
    await page.waitForSelector("[role=alert]:has-text('不会导入两遍')");
    await t.shoot(page, "clerk-offline");
    page.offline = false;
    await press(page, "检查这份表格");
    await page.waitForSelector("text=检查通过");
    const { items } = await (await t.api(t.person("clerk"))).ask("GET", "/api/v1/imports?limit=100");
    assert.equal(items.filter((j) => j.name === "断网.xlsx").length, 1);
    await press(page, "不写入");
    await settled(page);

    page.expects.add(404);
    await t.open(page, "/imports/1"); // somebody else's
    await page.waitForSelector("text=只看得到自己导入的");
    await t.shoot(page, "clerk-not-mine");
    await page.context().close();
    await rm(folder, { recursive: true });
  },
};
