// The board in Chromium: what it shows must be what the API says, every number
// must lead to as many tickets, and nothing may fail, hang out or load from elsewhere.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { look, pictures, slowPhone } from "./browser.mjs";
import { client, live, open } from "./city.mjs";
import { rowsOf } from "./workbook.mjs";

const percent = (rate) => (rate === null ? "—" : `${(rate * 100).toFixed(1)}%`);
const plain = (n) => (Number.isInteger(n) ? String(n) : n.toFixed(1));
const period = "period=three";

const city = await open();
const { check, fault, visit, end } = await look(city.address);
const signedIn = (token) => ({ "fenlin-session": token });

const settled = async (page) => {
  await page.waitForSelector("#view:not([data-busy]) > *");
  await page.waitForLoadState("networkidle");
  await page.waitForTimeout(150);
};
const at = async (page, hash) => { await page.goto(`${city.address}/board/#${hash}`); await settled(page); };
const picture = async (page, name, full = false) => { await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: full }); };
const fits = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the screen");
const table = (page) => page.$$eval("table.rates tr", (rows) => rows.map((r) => [...r.children].map((c) => c.innerText.replace(/\s+/g, " ").trim())));

try {
  const people = city.given ? await (await fetch(`${city.address}/sim/people`)).json() : await live(city.address);
  const secretary = people.find((p) => p.roles.includes("city_secretary"));
  const api = await client(city.address, secretary.openid);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  const from = `${Number(today.slice(0, 4)) - 2}-01-01`;
  const rates = (more = "") => api.ask("GET", `/api/v1/stats/rates?from=${from}&to=${today}${more}`);

  for (let last = -1, now = 0; now !== last; await new Promise((done) => setTimeout(done, 1500))) { // until all is counted
    [last, now] = [now, JSON.stringify((await rates()).total)];
  }

  const page = await visit({ width: 1440, height: 900 });
  await check("signs in as the city's secretary", async () => {
    await page.goto(`${city.address}/board/#${period}`);
    await page.fill("#sign-in input[type=search]", secretary.name);
    await page.click(`.people button:has-text("市委社会工作部")`);
    await settled(page);
    assert.match(await page.innerText("#who"), new RegExp(secretary.name));
  });

  // compare holds the table on the screen against the API.
  const compare = async (answer) => {
    const [head, ...shown] = await table(page);
    const rows = [...answer.rows, { ...answer.total, name: "合计" }];
    assert.equal(shown.length, rows.length + 1, "rows");
    const column = (name) => head.indexOf(name);
    rows.forEach((r, i) => {
      assert.equal(shown[i][0], r.name);
      for (const [name, key] of [["受理", "accepted"], ["应办结", "matured"], ["已回访", "answered"], ["在办", "open"], ["超期未结", "overdue"]]) {
        if (key in r) assert.equal(shown[i][column(name)], String(r[key]), `${r.name} ${name}`);
      }
      for (const [name, key] of [["办结率", "finished"], ["按时率", "on_time"], ["化解率", "settlement"], ["响应率", "response"], ["解决率", "resolution"], ["满意率", "satisfaction"], ["剔除率", "exclusion"], ["重办率", "reopen"]]) {
        assert.ok(shown[i][column(name)].startsWith(`${percent(r[key].rate)} ${plain(r[key].numerator)} / ${r[key].denominator}`), `${r.name} ${name}: ${shown[i][column(name)]} is not ${JSON.stringify(r[key])}`);
      }
    });
    assert.match(await page.innerText("#view"), /截至 \d{4}-\d\d-\d\d \d\d:\d\d/);
  };

  await check("the city's numbers are the API's", async () => {
    const answer = await rates("&by=subdistrict");
    await compare(answer);
    const heads = await page.$$eval(".head", (all) => all.map((h) => h.innerText));
    for (const [name, key] of [["化解率", "settlement"], ["按时率", "on_time"], ["解决率", "resolution"], ["满意率", "satisfaction"]]) {
      const shown = heads.find((h) => h.startsWith(name)), r = answer.total[key];
      assert.ok(shown.includes(percent(r.rate)) && shown.replace(/\s+/g, " ").includes(`${plain(r.numerator)} / ${r.denominator}`), `${name}: ${shown}`);
    }
    await picture(page, "desktop");
    await picture(page, "desktop-whole", true);
    await fits(page);
  });
  for (const by of ["month", "category", "handler", "community"]) {
    await check(`rows by ${by} are the API's`, async () => {
      await at(page, `${period}&by=${by}`);
      await compare(await rates(`&by=${by}`));
    });
  }

  await check("every number leads to as many tickets", async () => {
    await at(page, period);
    const all = ".heads button.number, .trust button.number, table.rates tfoot button.number";
    const count = await page.locator(all).count();
    assert.ok(count > 12, `only ${count} numbers`);
    for (let i = 0; i < count; i++) {
      const button = page.locator(all).nth(i);
      const text = await button.innerText();
      await button.click();
      await page.waitForSelector("table.tickets caption, #trouble:not([hidden])");
      const said = Number(/共 (\d+) 件/.exec(await page.innerText("table.tickets caption"))[1]);
      if (/^\d+$/.test(text)) assert.equal(said, Number(text), `number ${i}`);
      await page.goBack();
      await page.waitForSelector(".heads");
      await settled(page);
    }
  });

  await check("drills from the city to a ticket, and back", async () => {
    await at(page, period);
    let kind = "subdistrict", answer = await rates("&by=subdistrict"), way = 0;
    for (const next of ["community", "compound", "category"]) {
      const busiest = answer.rows.filter((r) => r.key !== "none").sort((a, b) => b.accepted - a.accepted)[0];
      await page.click(`table.rates tbody th button:text-is("${busiest.name}")`);
      await page.waitForFunction((name) => document.querySelector("#path b")?.textContent === name, busiest.name);
      await settled(page);
      answer = await rates(`&org=${busiest.key}&by=${next}`);
      await compare(answer);
      if (next !== "category") await picture(page, `desktop-${next}`, true);
      kind = next;
      way++;
    }
    assert.equal(kind, "category");
    const figure = page.locator("table.rates tfoot tr").first().locator("button.number").first();
    const figured = Number(await figure.innerText());
    assert.equal(figured, answer.total.accepted);
    await figure.click();
    await page.waitForSelector("table.tickets");
    while (await page.locator("button.more:visible").count()) {
      const before = await page.locator("table.tickets tbody tr").count();
      await page.click("button.more");
      await page.waitForFunction((n) => document.querySelectorAll("table.tickets tbody tr").length > n, before);
    }
    assert.equal(await page.locator("table.tickets tbody tr").count(), figured, "listed");
    await picture(page, "desktop-tickets");
    const number = await page.innerText("table.tickets tbody th button");
    await page.click("table.tickets tbody th button");
    await page.waitForSelector(`#view h2:text-is("${number}")`);
    await settled(page);
    await picture(page, "desktop-ticket", true);
    for (let i = 0; i < way + 2; i++) { await page.goBack(); await settled(page); }
    await compare(await rates("&by=subdistrict"));
  });

  await check("one category alone", async () => {
    await page.selectOption("#category", "lighting");
    await settled(page);
    await compare(await rates("&by=subdistrict&category=lighting"));
    await page.selectOption("#category", "");
    await settled(page);
  });

  await check("charts are drawn, and saved as pictures", async () => {
    await at(page, period);
    await page.waitForSelector(".chart canvas");
    const drawn = await page.$$eval(".chart canvas", (all) => all.map((c) => new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size));
    assert.ok(drawn.length >= 3 && drawn.every((colours) => colours > 4), `colours: ${drawn}`);
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(".bar button:text-is('存图片')")]);
    const png = await readFile(await file.path());
    assert.equal(png.toString("latin1", 1, 4), "PNG");
    await writeFile(`${pictures}/saved-chart.png`, png);
  });

  await check("the workbook holds the same numbers", async () => {
    const [file, answer] = [await Promise.all([page.waitForEvent("download"), page.click("#excel")]).then(([f]) => f), await rates("&by=subdistrict")];
    assert.match(file.suggestedFilename(), /汾阳市各项比率.*\.xlsx$/);
    const [title, when, asOf, head, ...rows] = rowsOf(await readFile(await file.path()));
    assert.ok(title[0].includes("汾阳市") && when[0].includes(from) && asOf[0].includes("截至"), `${title} ${when} ${asOf}`);
    [...answer.rows, { ...answer.total, name: "合计" }].forEach((r, i) => {
      assert.equal(rows[i][0], r.name);
      for (const [name, value] of [["受理", r.accepted], ["化解率分子", r.settlement.numerator], ["化解率分母", r.settlement.denominator], ["化解率", r.settlement.rate ?? "—"], ["满意率", r.satisfaction.rate ?? "—"], ["综合分", r.composite ?? "—"]]) {
        const cell = rows[i][head.indexOf(name)]; // Excel keeps fifteen digits
        assert.ok(cell === value || Math.abs(cell - value) < 1e-12, `${r.name} ${name}: ${cell} is not ${value}`);
      }
    });
  });

  await check("today's stream names today's tickets", async () => {
    const { items } = await api.ask("GET", "/api/v1/stats/stream?limit=12");
    const shown = await page.$$eval(".stream li", (all) => all.map((li) => li.innerText));
    assert.equal(shown.length, items.length);
    items.forEach((d, i) => assert.ok(shown[i].includes(d.number) && shown[i].includes(d.what), shown[i]));
  });

  await check("the city's printed figures stand beside the computed", async () => {
    await page.click("#path button:text-is('市里公布的数字')");
    await page.waitForSelector("table.figures");
    const { items } = await api.ask("GET", "/api/v1/stats/figures");
    const shown = await page.$$eval("table.figures tbody tr", (rows) => rows.map((r) => [...r.children].map((c) => c.innerText)));
    assert.equal(shown.length, items.length);
    items.forEach((f, i) => assert.deepEqual(shown[i].slice(0, 3), [f.name, f.printed, f.computed]));
    await picture(page, "desktop-figures", true);
  });

  await check("prints to A4", async () => {
    await at(page, period);
    await page.emulateMedia({ media: "print" });
    const pdf = await page.pdf({ path: `${pictures}/print.pdf`, preferCSSPageSize: true });
    await page.emulateMedia({ media: null });
    assert.ok(pdf.length > 20_000 && pdf.toString("latin1", 0, 5) === "%PDF-", `${pdf.length} bytes`);
    const [, w, h] = /MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)/.exec(pdf.toString("latin1"));
    assert.ok(Math.abs(w - 842) < 2 && Math.abs(h - 595) < 2, `${w} × ${h}`);
  });

  await check("on a dark desktop", async () => {
    const dark = await visit({ width: 1440, height: 900, dark: true, session: signedIn(api.token) });
    await at(dark, period);
    assert.equal(await dark.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
    await picture(dark, "dark-whole", true);
    await dark.context().close();
  });

  await check("on a phone", async () => {
    const phone = await visit({ width: 375, height: 812, session: signedIn(api.token) });
    await at(phone, period);
    await picture(phone, "phone");
    await picture(phone, "phone-whole", true);
    await fits(phone);
    await phone.click(".heads button.number");
    await phone.waitForSelector("table.tickets");
    await picture(phone, "phone-tickets");
    await fits(phone);
    await phone.context().close();
  });

  await check("on a wall: turns by itself, and says how old it is without a network", async () => {
    const wall = await visit({ width: 1920, height: 1080, session: signedIn(api.token) });
    await wall.goto(`${city.address}/board/#wall=3&${period}`);
    await wall.waitForSelector(".wall .stage > .panel");
    const views = await wall.locator(".wall .dots span").count();
    assert.ok(views >= 4, `${views} views`);
    const seen = new Set();
    for (let i = 0; i < views; i++) {
      await wall.waitForTimeout(600);
      const heading = await wall.innerText(".wall .stage h2");
      seen.add(heading);
      await picture(wall, `wall-${i + 1}`);
      await wall.waitForFunction((n) => [...document.querySelectorAll(".wall .dots span")].findIndex((d) => d.className === "on") !== n, i, { timeout: 6000 });
    }
    assert.ok(seen.size >= 4, [...seen].join());
    assert.ok(await wall.evaluate(() => document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth), "does not fit");
    assert.equal(await wall.locator("#period:visible, .top .tools:visible").count(), 0, "controls");
    const total = (await rates()).total;
    assert.ok((await wall.innerText(".wall .heads")).replace(/\s+/g, " ").includes(`${plain(total.settlement.numerator)} / ${total.settlement.denominator}`));
    wall.offline = true;
    await wall.context().setOffline(true);
    await wall.waitForSelector(".wall .age:visible");
    assert.match(await wall.innerText(".wall .age"), /网络中断.*\d{4}-\d\d-\d\d \d\d:\d\d/);
    assert.ok((await wall.innerText(".wall .heads")).includes("化解率"));
    await picture(wall, "wall-offline");
    await wall.context().setOffline(false);
    await wall.waitForSelector(".wall .age", { state: "hidden", timeout: 20_000 });
    await wall.keyboard.press("Escape");
    await wall.waitForSelector("#period:visible");
    await wall.context().close();
  });

  await check("without charts it says so and shows its numbers", async () => {
    const bare = await visit({ width: 1440, height: 900, session: signedIn(api.token) });
    await bare.route(`${city.address}/board/`, async (route) => {
      const res = await route.fetch();
      await route.fulfill({ response: res, body: (await res.text()).replace(/data-charts="[^"]*"/, 'data-charts=""') });
    });
    await at(bare, period);
    assert.match(await bare.innerText("#view"), /没有带图表/);
    assert.equal(await bare.locator("canvas").count(), 0);
    await picture(bare, "bare", true);
    await bare.context().close();
  });

  // Not asserted: a machine that is busy is slow.
  const slow = await visit({ width: 375, height: 812, session: signedIn(api.token) });
  await slowPhone(slow, { cpu: 4 });
  for (const visitTo of ["first visit", "second visit"]) {
    await slow.goto("about:blank");
    await slow.goto(`${city.address}/board/#${period}`, { waitUntil: "commit" });
    await slow.waitForSelector(".heads");
    const numbers = await slow.evaluate(() => Math.round(performance.now()));
    await slow.waitForSelector("table.rates");
    const whole = await slow.evaluate(() => Math.round(performance.now()));
    await slow.waitForSelector(".chart canvas", { timeout: 20_000 });
    console.log(`slow phone (150 ms, 1.6 Mbit/s, CPU ÷ 4), ${visitTo}: numbers after ${numbers} ms, their table after ${whole} ms, first chart after ${await slow.evaluate(() => Math.round(performance.now()))} ms`);
  }
} catch (error) {
  fault(error.stack);
} finally {
  await end();
  await city.close();
}
