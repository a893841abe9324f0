// Puts the features together: src/pages/<feature>/feature.json becomes src/pages.json
// and src/made/pages.ts, which are not committed. So two features never touch one file.
import { readFileSync, readdirSync, writeFileSync, existsSync, mkdirSync } from "node:fs";

const root = new URL("../src/pages/", import.meta.url);
const features = readdirSync(root, { withFileTypes: true }).filter((e) => e.isDirectory() && existsSync(new URL(`${e.name}/feature.json`, root)))
  .map((e) => ({ name: e.name, ...JSON.parse(readFileSync(new URL(`${e.name}/feature.json`, root), "utf8")) }))
  .sort((a, b) => (a.name === "home" ? -1 : b.name === "home" ? 1 : a.name < b.name ? -1 : 1)); // home opens first

const known = new Set(["pages", "main", "name"]), knownPage = new Set(["path", "title", "link", "tab", "entry", "style"]);
const pages = [], packages = [], table = [];
for (const f of features) {
  for (const key of Object.keys(f)) if (!known.has(key)) throw new Error(`${f.name}/feature.json: unknown "${key}"`);
  const own = f.pages.map((p) => {
    for (const key of Object.keys(p)) if (!knownPage.has(key)) throw new Error(`${f.name}/feature.json: unknown "${key}" of ${p.path}`);
    if (!existsSync(new URL(`${f.name}/${p.path}.vue`, root))) throw new Error(`${f.name}/feature.json: there is no ${p.path}.vue`);
    table.push({ url: `/pages/${f.name}/${p.path}`, title: p.title, ...(p.link && { link: p.link }), ...(p.tab && { tab: p.tab }), ...(p.entry && { entry: p.entry }) });
    return { path: p.path, style: { navigationBarTitleText: p.title, ...p.style } };
  });
  if (f.main) pages.push(...own.map((p) => ({ ...p, path: `pages/${f.name}/${p.path}` })));
  else packages.push({ root: `pages/${f.name}`, pages: own });
}

const links = table.filter((p) => p.link).map((p) => p.link.replace(/:[a-z_]+/g, ":"));
for (const l of links) if (links.indexOf(l) !== links.lastIndexOf(l)) throw new Error(`two pages have the link ${l}`);

const whole = {
  easycom: { autoscan: false, custom: { "^wd-(.*)": "wot-design-uni/components/wd-$1/wd-$1.vue" } },
  pages, subPackages: packages,
  globalStyle: { navigationStyle: "custom", navigationBarTextStyle: "black", navigationBarTitleText: "汾邻", backgroundColor: "#f3f5f4", h5: { titleNView: false } },
};
write("../src/pages.json", `${JSON.stringify(whole, null, 2)}\n`);
write("../src/made/pages.ts", `// Made by scripts/pages.mjs of every feature.json.
import type { Page } from "@/lib/links";

export const pages: Page[] = ${JSON.stringify(table, null, 2)};
`);

// write leaves a file alone that says the same: what depends on it stays current.
function write(name, text) {
  const file = new URL(name, import.meta.url);
  mkdirSync(new URL(".", file), { recursive: true });
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
