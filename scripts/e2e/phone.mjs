// The phone's pages in Chromium: the journeys of journeys/*.mjs, every page for several people, bad input,
// and how fast it is. Each page is pictured in normal and in large text, and held against a list of rules.
//
//   node scripts/e2e/phone.mjs [PART…]   only the journeys and pages whose file or name holds PART
//
// FENLIN_E2E_ADDRESS names a demo that runs already, FENLIN_E2E_PAGES a folder of pages that were just built:
//   npm --prefix miniprogram run h5 && FENLIN_E2E_PAGES=miniprogram/dist/build/h5 node scripts/e2e/phone.mjs report
import { readdir } from "node:fs/promises";
import { look } from "./browser.mjs";
import { client, live, open } from "./city.mjs";
import { shootInto } from "./shoot.mjs";

const parts = process.argv.slice(2);
const chosen = (name) => !parts.length || parts.some((p) => name.includes(p));

const city = await open();
const browser = await look(city.address);

try {
  const people = city.given ? await (await fetch(`${city.address}/sim/people`)).json() : await live(city.address);
  const apis = new Map();
  let used = 60; // those before have reported in live()

  // town is what a journey gets.
  const town = {
    ...browser, chosen, people,
    address: city.address,
    shoot: shootInto(browser.fault),

    /** person finds somebody: by a role, by more, and the how-manieth. */
    person: (role, fits = () => true, n = 0) => people.filter((p) => p.roles.includes(role) && fits(p))[n],

    /** stranger is a resident whom neither live() nor another journey has used. */
    stranger: () => people.filter((p) => p.roles.includes("resident"))[used++],

    /** api asks the API as somebody. */
    async api(who) {
      if (!apis.has(who.openid)) apis.set(who.openid, await client(city.address, who.openid));
      return apis.get(who.openid);
    },

    /** handle has whoever leads a ticket take steps by the API. */
    async handle(number, ...steps) {
      const ticket = await (await town.api(town.person("city_secretary"))).ask("GET", `/api/v1/tickets/${number}`);
      const lead = town.person(ticket.lead.role, (p) => ticket.lead.title.startsWith(p.org));
      if (!lead) throw new Error(`nobody is ${ticket.lead.title}`);
      const { ask } = await town.api(lead);
      for (const step of steps) {
        const now = await ask("GET", `/api/v1/tickets/${number}`);
        await ask("POST", `/api/v1/tickets/${number}/actions`, { action: step, version: now.version, note: "已到现场处理" });
      }
    },

    forget: (who) => apis.delete(who.openid),

    /** phone opens the pages as somebody, at a link (/tickets/5) or a page's path; nobody = signed out. */
    async phone(who, link = "/home", { large = false, ...more } = {}) {
      const session = who ? await client(city.address, who.openid) : null;
      const page = await browser.visit({
        width: 375, height: 812, hasTouch: true, isMobile: true, ...more,
        session: session ? { "fenlin-client": JSON.stringify({ token: session.token, me: session.me }) } : {},
        kept: large ? { "fenlin-large": "true" } : {},
      });
      page.session = session;
      await town.open(page, link);
      return page;
    },

    /** open goes to a link as a notice does: the app starts anew. */
    async open(page, link) {
      await page.goto("about:blank");
      await page.goto(`${city.address}/app/#${link}`);
      await page.waitForSelector(".fen");
    },
  };

  for (const file of (await readdir(new URL("journeys/", import.meta.url))).sort()) {
    const { default: journeys } = await import(`./journeys/${file}`);
    for (const [name, journey] of Object.entries(journeys)) {
      if (chosen(`${file} ${name}`)) await browser.check(name, () => journey(town));
    }
  }
} catch (error) {
  browser.fault(error.stack);
} finally {
  await browser.end();
  await city.close();
}
