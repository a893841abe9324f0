// Chromium as every test here uses it: a fresh profile, nothing from another host, and a note of all that is wrong.
import { mkdir, readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

process.chdir(new URL("../..", import.meta.url).pathname);
export const pictures = "scripts/e2e/pictures";

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Pages that were just built, in place of those in the binary: building it takes longer than building them.
const given = process.env.FENLIN_E2E_PAGES;
async function fulfil(route, name) {
  if (name !== "index.html") return route.fulfill({ path: `${given}/${name}` });
  return route.fulfill({ contentType: "text/html", body: (await readFile(`${given}/${name}`, "utf8")).replace('data-demo=""', 'data-demo="true"') });
}

/** How long one check may take, in milliseconds: it ends what hangs, and measures nothing. */
const LONGEST = 300_000;

const within = (most, what) => {
  let timer;
  return Promise.race([what, new Promise((_, late) => { timer = setTimeout(() => late(new Error(`no end after ${most / 1000} s`)), most); })]).finally(() => clearTimeout(timer));
};

// look opens the browser. What `fault` and a failed `check` tell is listed by `end`, which makes the program fail.
export async function look(address) {
  await mkdir(pictures, { recursive: true });
  const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
  let browser = await launch();
  const faults = new Set();
  let checks = 0, now = "";
  const fault = (what) => faults.add(now ? `${now}: ${what}` : what);

  async function check(what, test) {
    now = what;
    try {
      await within(LONGEST, test());
      checks++;
      console.log(`ok   ${what}`);
    } catch (error) {
      fault(error.message);
      console.log(`FAIL ${what}\n${error.stack}`);
    } finally {
      now = "";
    }
  }

  // A browser that no longer answers is left for a new one.
  async function newContext(options) {
    try {
      return await within(20_000, browser.newContext(options));
    } catch {
      void browser.close().catch(() => {});
      browser = await launch();
      return browser.newContext(options);
    }
  }

  // visit opens a page. `session` is put into the tab's storage, `kept` into the browser's, once, as if left from before.
  // While page.offline, and for statuses in page.expects, errors about answers are no faults.
  async function visit({ width, height, dark = false, session = {}, kept = {}, ...more }) {
    const context = await newContext({ viewport: { width, height }, locale: "zh-CN", timezoneId: "Asia/Shanghai", colorScheme: dark ? "dark" : "light", acceptDownloads: true, serviceWorkers: "block", ...more });
    context.setDefaultTimeout(10_000);
    const close = context.close.bind(context);
    context.close = () => within(20_000, close()).catch(() => {}); // one that does not end is left, like a a browser above
    await context.addInitScript(([tab, all]) => {
      if (location.protocol !== "http:" || sessionStorage.getItem("e2e-begun")) return;
      sessionStorage.setItem("e2e-begun", "1");
      for (const [k, v] of Object.entries(tab)) sessionStorage.setItem(k, v);
      for (const [k, v] of Object.entries(all)) localStorage.setItem(k, v);
    }, [session, kept]);
    const page = await context.newPage();
    page.offline = false;
    page.expects = new Set();
    page.on("console", (m) => {
      const status = Number(/status of (\d+)/.exec(m.text())?.[1]);
      if (m.type() === "error" && !page.offline && !page.expects.has(status)) fault(`console at ${page.url()}: ${m.text()} ${status ? m.location().url : ""}`);
    });
    page.on("pageerror", (e) => fault(`script at ${page.url()}: ${e.message}`));
    await page.route("**/*", (route) => {
      const url = route.request().url();
      if (given && url.startsWith(`${address}/app/`)) return fulfil(route, new URL(url).pathname.slice("/app/".length) || "index.html").catch((error) => { fault(error.message); return route.abort(); });
      if (url.startsWith(`${address}/`) || url.startsWith("blob:") || url.startsWith("data:")) return route.continue();
      fault(`asks ${url}`);
      return route.abort();
    });
    return page;
  }

  async function end() {
    await within(20_000, browser.close()).catch(() => {});
    for (const f of faults) console.error(`FAULT ${f}`);
    console.log(`${checks} checks, ${faults.size} faults; pictures in ${pictures}`);
    if (faults.size) process.exitCode = 1;
  }
  return { check, fault, visit, end };
}

// slowPhone makes a page as slow as Lighthouse's slow phone on slow 4G. What is fetched is counted where Chromium counts it.
export async function slowPhone(page, { cpu }) {
  await page.unroute("**/*"); // a route takes its own time
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: cpu });
  return cdp;
}
