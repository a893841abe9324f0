// Renders /openapi.json so that a person can read it and try each operation.
import { byId, el } from "/dom.js";
import { about, example, know, tree, typeName } from "./schema.js";

const methods = ["get", "post", "put", "patch", "delete"];

async function start() {
  let doc;
  try {
    doc = await (await fetch("/openapi.json")).json();
  } catch {
    byId("wait").replaceWith(el("p", { class: "trouble" }, "文档读不到，请刷新重试。"));
    return;
  }
  know(doc.components?.schemas);
  const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
    methods.filter((m) => item[m]).map((m) => ({ path, method: m.toUpperCase(), ...item[m] })));
  const groups = Map.groupBy ? Map.groupBy(operations, (o) => o.tags?.[0] ?? "") : group(operations);
  const nav = [];
  const main = [el("div", { class: "panel" }, el("h2", {}, `${doc.info.title}　${doc.info.version}`), el("p", {}, doc.info.description ?? ""))];
  for (const [name, list] of groups) {
    nav.push(el("h2", {}, name), ...list.map((o) => el("a", { href: `#${o.operationId}` }, badge(o), o.path.replace("/api/v1", ""))));
    main.push(...list.map(show));
  }
  byId("list").replaceChildren(...nav);
  byId("main").replaceChildren(...main);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function group(operations) {
  const out = new Map();
  for (const o of operations) out.set(o.tags?.[0] ?? "", [...(out.get(o.tags?.[0] ?? "") ?? []), o]);
  return out;
}

const badge = (o) => el("span", { class: `method ${o.method}` }, o.method);

function show(o) {
  const parameters = o.parameters ?? [];
  const body = Object.entries(o.requestBody?.content ?? {});
  return el("section", { class: "panel operation", id: o.operationId },
    el("h2", {}, badge(o), el("code", {}, o.path), o.summary ?? ""),
    o.security ? el("p", { class: "soft" }, "需要登录：Authorization: Bearer <token>") : null,
    parameters.length ? el("h3", {}, "参数") : null,
    parameters.length ? el("table", {}, ...parameters.map((p) => el("tr", {},
      el("td", {}, el("code", {}, p.name), p.required ? el("span", { class: "must" }, " 必填") : ""),
      el("td", {}, { path: "路径", query: "查询", header: "请求头" }[p.in] ?? p.in), el("td", { class: "type" }, typeName(p.schema)),
      el("td", { class: "soft" }, about(p.schema))))) : null,
    body.length ? el("h3", {}, `请求内容　${body.map(([type]) => type).join("，")}`) : null,
    body.length ? (tree(body[0][1].schema) ?? el("p", { class: "soft" }, o.requestBody.description ?? "")) : null,
    el("h3", {}, "返回"),
    ...Object.entries(o.responses ?? {}).map(([status, r]) => answer(status, r)),
    tryIt(o, parameters, body));
}

function answer(status, response) {
  const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
  const fields = content ? tree(content.schema) : null;
  const head = [el("b", {}, status), ` ${response.description ?? ""}　`, el("span", { class: "soft" }, type ?? "无内容")];
  return fields ? el("details", {}, el("summary", {}, ...head), fields) : el("p", {}, ...head);
}

function tryIt(o, parameters, body) {
  const inputs = parameters.map((p) => [p, el("input", { placeholder: about(p.schema).slice(0, 60), "aria-label": p.name })]);
  const json = body.find(([type]) => type === "application/json");
  const text = json ? el("textarea", { class: "code", spellcheck: "false", "aria-label": "请求内容" }) : null;
  if (text) text.value = JSON.stringify(example(json[1].schema), null, 2);
  const file = body.length && !json ? el("input", { type: "file", accept: "image/*", "aria-label": "照片" }) : null;
  const out = el("div", { "aria-live": "polite" });
  const send = async (event) => {
    event.preventDefault();
    let path = o.path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [p, input] of inputs) {
      const value = input.value.trim();
      if (p.in === "path") path = path.replace(`{${p.name}}`, encodeURIComponent(value));
      else if (value && p.in === "query") query.set(p.name, value);
      else if (value) headers[p.name] = value;
    }
    if (byId("token").value.trim()) headers.Authorization = `Bearer ${byId("token").value.trim()}`;
    let content;
    if (text) { content = text.value; headers["Content-Type"] = "application/json"; }
    if (file?.files[0]) { content = file.files[0]; headers["Content-Type"] = content.type || "application/octet-stream"; }
    out.replaceChildren(el("p", { class: "soft" }, "正在请求……"));
    try {
      const res = await fetch(path + (query.size ? `?${query}` : ""), { method: o.method, headers, body: content });
      const type = res.headers.get("Content-Type") ?? "";
      let shown;
      if (type.startsWith("image/")) shown = el("img", { src: URL.createObjectURL(await res.blob()), alt: "返回的照片" });
      else {
        const raw = await res.text();
        let pretty = raw;
        try { pretty = JSON.stringify(JSON.parse(raw), null, 2); } catch { /* as it is */ }
        shown = el("pre", {}, pretty || "（无内容）");
      }
      out.replaceChildren(el("p", {}, el("b", {}, String(res.status)), ` ${type}`), shown);
    } catch {
      out.replaceChildren(el("p", { class: "trouble" }, "请求没有发出去，请检查网络和参数。"));
    }
  };
  return el("details", { class: "try" }, el("summary", {}, "试用"),
    el("form", { submit: send },
      ...inputs.map(([p, input]) => el("label", {}, el("code", {}, p.name), input)),
      text, file, el("p", {}, el("button", { class: "primary" }, "发送")), out));
}

start();
