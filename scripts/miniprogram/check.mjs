// Holds the built mini-program against what WeChat refuses, without WeChat's developer tools.
//
//   node scripts/miniprogram/check.mjs FOLDER [https://the.server]
//
// Templates and styles go through WeChat's own compilers (wcc, wcsc of the package miniprogram-compiler).
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "acorn";
import { ancestor } from "acorn-walk";

const PACKAGE = 2 * 1024 * 1024; // bytes: the main package, and each sub-package
const WHOLE = 20 * 1024 * 1024;

const tags = new Set(("ad block button camera canvas checkbox checkbox-group cover-image cover-view editor form functional-page-navigator grid-view icon image import include input keyboard-accessory label list-view live-player live-pusher map " +
  "match-media movable-area movable-view navigation-bar navigator official-account open-data page-container page-meta picker picker-view picker-view-column progress radio radio-group rich-text root-portal scroll-view share-element slider slot " +
  "sticky-header sticky-section swiper swiper-item switch template text textarea video view voip-room web-view wxs").split(" "));

// What WeChat wants declared in app.json before the API answers: a name in requiredPrivateInfos, a scope in permission.
const scope = "scope.userLocation";
const declared = {
  getLocation: scope, onLocationChange: scope, startLocationUpdate: scope, startLocationUpdateBackground: scope, getFuzzyLocation: "scope.userFuzzyLocation",
  choosePoi: "", chooseLocation: "", chooseAddress: "",
};
// Asked for by WeChat's privacy question (__usePrivacyCheck__) and named in the guideline of the account.
const guarded = new Set([...Object.keys(declared), "chooseImage", "chooseMedia", "chooseMessageFile", "setClipboardData", "saveImageToPhotosAlbum", "saveVideoToPhotosAlbum", "getRecorderManager", "createCameraContext", "startRecord"]);
const forbidden = {
  getUserInfo: "gives nobody's name since 2022", getUserProfile: "gives nobody's name since 2022", getClipboardData: "reads what the person copied elsewhere", getWeRunData: "health data", addPhoneContact: "the person's contacts", chooseContact: "the person's contacts",
  startBluetoothDevicesDiscovery: "not needed", startWifi: "not needed", getConnectedWifi: "tells the place", startSoterAuthentication: "biometric", checkIsSoterEnrolledInDevice: "biometric", startFacialRecognitionVerify: "biometric", requestPayment: "Fenlin takes no money",
  startLocationUpdateBackground: "follows people", onLocationChange: "follows people", startLocationUpdate: "follows people",
};
// A browser has them, a mini-program has not, or WeChat refuses them.
const absent = new Set(["window", "document", "localStorage", "sessionStorage", "XMLHttpRequest", "fetch", "navigator", "location", "history", "URLSearchParams", "FormData", "Image", "FileReader", "eval", "Function", "importScripts", "process"]);
// Written in a library's own words, never asked for.
const words = ["http://www.w3.org/", "https://vuejs.org/error-reference/", "https://uniapp.dcloud.net.cn/tutorial/"];

/** check gives what is wrong, in words. */
export function check(root, site = "") {
  const faults = [];
  const files = readdirSync(root, { recursive: true }).map((f) => f.replaceAll("\\", "/")).filter((f) => statSync(join(root, f)).isFile()).sort();
  const has = new Set(files), text = (f) => readFileSync(join(root, f), "utf8");
  const json = (f) => {
    try {
      return JSON.parse(text(f));
    } catch (error) {
      faults.push(`${f}: ${error.message}`);
      return {};
    }
  };

  const app = json("app.json");
  const packages = (app.subPackages ?? app.subpackages ?? []).map((p) => ({ root: p.root.replace(/\/$/, ""), pages: p.pages }));
  const packageOf = (f) => packages.find((p) => f.startsWith(`${p.root}/`))?.root ?? "";
  const pages = [...(app.pages ?? []), ...packages.flatMap((p) => p.pages.map((page) => `${p.root}/${page}`))];

  // Pages, components, tab bar.
  for (const page of pages) for (const kind of ["js", "json", "wxml"]) if (!has.has(`${page}.${kind}`)) faults.push(`${page}.${kind}: the page is missing`);
  for (const page of app.pages ?? []) if (packageOf(page)) faults.push(`app.json: ${page} stands in the main package and in ${packageOf(page)}`);
  const tabs = app.tabBar?.list ?? [];
  if (app.tabBar && (tabs.length < 2 || tabs.length > 5)) faults.push(`app.json: ${tabs.length} tabs`);
  for (const tab of tabs) {
    if (!app.pages.includes(tab.pagePath)) faults.push(`app.json: the tab ${tab.pagePath} is no page of the main package`);
    for (const icon of [tab.iconPath, tab.selectedIconPath]) if (icon && !has.has(icon)) faults.push(`app.json: the tab's picture ${icon} is missing`);
  }
  const used = new Map(), everywhere = app.usingComponents ?? {};
  for (const f of files.filter((f) => f.endsWith(".json") && f !== "project.config.json" && f !== "sitemap.json")) {
    const own = f === "app.json" ? everywhere : (json(f).usingComponents ?? {});
    used.set(f.slice(0, -5), new Set([...Object.keys(own), ...Object.keys(everywhere)]));
    for (const [name, at] of Object.entries(own)) {
      if (at.startsWith("plugin://")) continue;
      const path = at.startsWith("/") ? at.slice(1) : posix.join(posix.dirname(f), at);
      for (const kind of ["js", "json", "wxml"]) if (!has.has(`${path}.${kind}`)) faults.push(`${f}: <${name}> is missing: ${path}.${kind}`);
      if (has.has(`${path}.json`) && json(`${path}.json`).component !== true) faults.push(`${path}.json: is no component, but ${f} uses it`);
      if (packageOf(path) && packageOf(path) !== packageOf(f)) faults.push(`${f}: <${name}> is in another package: ${path}`);
    }
  }
  for (const f of files.filter((f) => f.endsWith(".wxml"))) {
    for (const [, tag] of text(f).replace(/<!--.*?-->/gs, "").matchAll(/<([a-z][\w-]*)/g)) if (!tags.has(tag) && !used.get(f.slice(0, -5))?.has(tag)) faults.push(`${f}: <${tag}> is neither WeChat's nor ours`);
  }
  faults.push(...compiled(root, files));

  // Scripts.
  const calls = new Map();
  for (const f of files.filter((f) => f.endsWith(".js"))) {
    let tree;
    try {
      tree = parse(text(f), { ecmaVersion: 2020, sourceType: "script" });
    } catch (error) {
      faults.push(`${f}: ${error.message}`);
      continue;
    }
    const own = names(tree);
    ancestor(tree, {
      CallExpression(node) {
        if (node.callee.type !== "Identifier" || node.callee.name !== "require") return;
        const wanted = node.arguments[0]?.value;
        if (typeof wanted !== "string") return void faults.push(`${f}: requires what is not written out`);
        const path = posix.join(posix.dirname(f), wanted), to = [path, `${path}.js`, `${path}/index.js`].find((p) => has.has(p));
        if (!to) faults.push(`${f}: requires ${wanted}, which is missing`);
        else if (packageOf(to) && packageOf(to) !== packageOf(f)) faults.push(`${f}: requires ${wanted} of another package`);
      },
      MemberExpression(node) {
        if (node.computed) return;
        const o = node.object, name = node.property.name;
        const wx = (o.type === "Identifier" && (o.name === "wx" || o.name === "uni")) || (o.type === "MemberExpression" && !o.computed && o.property.name === "index" && o.object.type === "Identifier");
        if (wx && !(calls.get(name) ?? []).includes(f)) calls.set(name, [...(calls.get(name) ?? []), f]);
      },
      Identifier(node, _, above) {
        const parent = above[above.length - 2];
        if (!absent.has(node.name) || own.has(node.name) || (parent.type === "UnaryExpression" && parent.operator === "typeof")) return;
        if (/^(Function|eval)$/.test(node.name) && parent.callee !== node) return; // a type to compare with
        if (f === "common/vendor.js" && guardedByTypeof(text(f), node.name)) return;
        faults.push(`${f}: ${node.name} does not exist in a mini-program`);
      },
    });
  }
  for (const [name, at] of calls) if (forbidden[name] && at.some((f) => f !== "common/vendor.js")) faults.push(`${at.join(", ")}: ${name} is forbidden: ${forbidden[name]}`);

  // Privacy: what is declared is what is used.
  const uses = (name) => (calls.get(name) ?? []).some((f) => f !== "common/vendor.js");
  const infos = app.requiredPrivateInfos ?? [], scopes = Object.keys(app.permission ?? {});
  for (const [name, its] of Object.entries(declared)) {
    if (uses(name) && !infos.includes(name)) faults.push(`app.json: requiredPrivateInfos lacks ${name}, which ${calls.get(name)} calls`);
    if (!uses(name) && infos.includes(name)) faults.push(`app.json: requiredPrivateInfos names ${name}, which nothing calls`);
    if (uses(name) && its && !app.permission?.[its]?.desc?.trim()) faults.push(`app.json: permission lacks ${its}, which ${name} needs`);
  }
  for (const name of infos) if (!(name in declared)) faults.push(`app.json: requiredPrivateInfos names ${name}, which WeChat does not know`);
  for (const s of scopes) if (!Object.entries(declared).some(([name, its]) => its === s && uses(name))) faults.push(`app.json: permission names ${s}, which nothing needs`);
  for (const s of scopes) if ((app.permission[s].desc ?? "").length > 30) faults.push(`app.json: the words for ${s} are longer than 30`);
  if ([...guarded].some(uses) && app.__usePrivacyCheck__ !== true) faults.push(`app.json: __usePrivacyCheck__ is not set, but ${[...guarded].filter(uses)} need it`);

  // Addresses.
  if (site && !/^https:\/\/[^/]+$/.test(site)) faults.push(`the server ${site} is no https:// address without a path`);
  for (const f of files.filter((f) => /\.(js|json|wxml|wxss|wxs)$/.test(f))) {
    for (const [address] of text(f).matchAll(/\b(?:https?|wss?):\/\/[^\s"'`)<>\\]+/g)) {
      if (words.some((w) => address.startsWith(w)) || (site && (address === site || address.startsWith(`${site}/`)))) continue;
      faults.push(`${f}: ${address} is a foreign address`);
    }
    for (const [, at] of f.endsWith(".wxss") ? text(f).matchAll(/url\(\s*['"]?([^'")]{1,60})/g) : []) if (!/^(data:|#)/.test(at)) faults.push(`${f}: url(${at}): a style takes no file`);
  }

  // Sizes.
  const sizes = new Map([["", 0], ...packages.map((p) => [p.root, 0])]);
  for (const f of files) if (f !== "project.config.json") sizes.set(packageOf(f), sizes.get(packageOf(f)) + statSync(join(root, f)).size);
  for (const [name, bytes] of sizes) if (bytes >= PACKAGE) faults.push(`${name || "the main package"}: ${bytes} bytes of ${PACKAGE}`);
  const whole = [...sizes.values()].reduce((a, b) => a + b, 0);
  if (whole >= WHOLE) faults.push(`all packages: ${whole} bytes of ${WHOLE}`);
  return { faults: [...new Set(faults)], pages: pages.length, sizes, whole };
}

// compiled runs WeChat's compilers over everything.
function compiled(root, files) {
  const bin = join(dirname(createRequire(import.meta.url).resolve("miniprogram-compiler/package.json")), "bin", process.platform === "darwin" ? "mac" : "linux");
  const run = (program, args) => {
    const path = join(bin, program);
    if ((statSync(path).mode & 0o111) === 0) chmodSync(path, 0o755);
    const { status, stderr, error } = spawnSync(path, args, { cwd: root, maxBuffer: 64 * 1024 * 1024, encoding: "utf8" });
    return error || status !== 0 ? [`${program}: ${(error?.message ?? stderr).trim().replace(/\s*\n\s*/g, " · ")}`] : [];
  };
  const of = (kind) => files.filter((f) => f.endsWith(kind)), out = [];
  out.push(...run("wcc", ["-d", "-cc", "0", ...of(".wxml"), ...of(".wxs"), "-gn", "$gwx"]));
  const components = of(".wxss").filter((f) => existsSync(join(root, f.replace(/wxss$/, "json"))) && f !== "app.wxss");
  out.push(...run("wcsc", ["-db", "-pc", String(components.length), ...components, ...of(".wxss").filter((f) => !components.includes(f))]));
  return out;
}

// names are those that a script declares anywhere.
function names(tree) {
  const out = new Set();
  const bind = (p) => {
    if (!p) return;
    if (p.type === "Identifier") out.add(p.name);
    else if (p.type === "ObjectPattern") p.properties.forEach((x) => bind(x.value ?? x.argument));
    else if (p.type === "ArrayPattern") p.elements.forEach(bind);
    else if (p.type === "AssignmentPattern") bind(p.left);
    else if (p.type === "RestElement") bind(p.argument);
  };
  const fn = (node) => { bind(node.id); node.params.forEach(bind); };
  ancestor(tree, { VariableDeclarator: (n) => bind(n.id), FunctionDeclaration: fn, FunctionExpression: fn, ArrowFunctionExpression: fn, CatchClause: (n) => bind(n.param), Class: (n) => bind(n.id) });
  return out;
}

// A library asks first whether a browser is there.
function guardedByTypeof(source, name) {
  return new RegExp(`typeof ${name}\\b`).test(source);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [root = "miniprogram/dist/build/mp-weixin", site = ""] = process.argv.slice(2);
  const { faults, pages, sizes, whole } = check(root, site);
  for (const f of faults) console.error(`FAULT ${f}`);
  const kb = (n) => `${Math.round(n / 1024)} KB`;
  console.log(`${relative(process.cwd(), root)}: ${pages} pages, main package ${kb(sizes.get(""))} of ${kb(PACKAGE)}, ${sizes.size - 1} sub-packages, largest ${kb(Math.max(0, ...[...sizes].slice(1).map(([, n]) => n)))}, all ${kb(whole)}; ${faults.length} faults`);
  process.exitCode = faults.length ? 1 : 0;
}
