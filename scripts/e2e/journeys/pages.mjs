// Every page there is, as several people: whatever a feature.json names is opened here without a line for it.
import assert from "node:assert/strict";
import { firstTicket, pages, sample } from "../links.mjs";
import { settled } from "../shoot.mjs";

// Refusals that are an answer: whoever has not registered yet sees the form.
const answers = new Set(["404 /api/v1/me/registration"]);

/** How many calls of the API a page may take. */
const MOST = 2;

const walkers = [
  { as: "resident", who: (t) => t.person("resident", (p) => p.roles.length === 1) },
  { as: "member", who: (t) => t.person("member") },
  { as: "secretary", who: (t) => t.person("branch_secretary") },
];

function walk({ as, who }) {
  return async (t) => {
    const person = who(t), api = await t.api(person);
    const ticket = await firstTicket(api, as === "secretary" ? "inbox" : "mine");
    const page = await t.phone(person);
    for (const status of [400, 403, 404, 422]) page.expects.add(status); // told by the page, or below
    for (const p of pages) {
      const name = p.url.replace("/pages/", "").replaceAll("/", "-");
      if (!t.chosen(`pages.mjs every page ${name}`)) continue;
      const { at, real } = await sample(api, p, ticket);
      const refused = [];
      const note = (res) => {
        const said = `${res.status()} ${res.url().replace(t.address, "")}`;
        if (res.status() >= 400 && !answers.has(said)) refused.push(said);
      };
      // The page's own calls: who this is is asked once, when the app starts; pictures come one by one.
      const calls = [];
      const call = (req) => {
        const path = req.url().replace(t.address, "");
        if (path.startsWith("/api/v1/") && path !== "/api/v1/me" && !/photos\/|\/picture$/.test(path)) calls.push(path);
      };
      page.on("response", note);
      page.on("request", call);
      try {
        await t.open(page, at);
        await settled(page);
        if (calls.length > MOST) t.fault(`${as} at ${at}: ${calls.length} calls: ${calls.join(", ")}`);
        await t.shoot(page, `${as}-${name}`);
      } catch (error) {
        t.fault(`${as} at ${at}: ${error.message}`);
      }
      page.off("response", note);
      page.off("request", call);
      if (!refused.length) continue;
      const words = (await page.locator("[role=alert]:visible").allInnerTexts()).join(" ").trim();
      if (!words) t.fault(`${as}-${name}.png: says nothing of ${refused}`);
      else if (real) console.log(`     ${as} at ${at}: ${refused.join(", ")}: ${words.replace(/\s+/g, " ").slice(0, 60)}`);
    }
    assert.ok(pages.length > 5);
    await page.context().close();
  };
}

export default Object.fromEntries(walkers.map((w) => [`every page as a ${w.as}`, walk(w)]));
