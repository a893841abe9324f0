import { el } from "/dom.js";

let schemas = {};
export const know = (all) => { schemas = all ?? {}; };

// resolve follows a reference, and what is either an object or null.
export function resolve(schema = {}) {
  if (schema.$ref) return resolve(schemas[schema.$ref.split("/").pop()]);
  return schema;
}

function either(schema) {
  const found = schema.oneOf?.find((s) => s.type !== "null");
  return found ? { ...resolve(found), nullable: true } : schema;
}

// typeName is a schema in a word or two.
export function typeName(raw) {
  const s = either(resolve(raw));
  const types = [s.type ?? (s.properties ? "object" : "any")].flat();
  const main = types.find((t) => t !== "null") ?? "null";
  const word = main === "array" ? `${typeName(s.items)}[]` : s.format ? `${main} (${s.format})` : main;
  return word + (types.includes("null") || s.nullable ? " | null" : "");
}

function limits(s) {
  const out = [];
  if (s.enum) out.push(s.enum.map((v) => v || "（空）").join(" · "));
  for (const [key, word] of [["minimum", "≥"], ["maximum", "≤"], ["minLength", "长度 ≥"], ["maxLength", "长度 ≤"], ["maxItems", "个数 ≤"]]) {
    if (s[key] !== undefined) out.push(`${word} ${s[key]}`);
  }
  if (s.pattern) out.push(s.pattern);
  if (s.default !== undefined) out.push(`默认 ${s.default}`);
  return out.join("，");
}

// about is what a schema says beside its type.
export const about = (raw) => [raw.description ?? resolve(raw).description, limits(resolve(raw))].filter(Boolean).join("　");

// tree draws the fields of a schema; depth keeps it from going on for ever.
export function tree(raw, depth = 0) {
  const s = either(resolve(raw));
  if (s.type === "array" || s.items) return tree(s.items, depth);
  if (!s.properties || depth > 5) return null;
  const must = new Set(s.required ?? []);
  return el("ul", { class: "schema" }, ...Object.entries(s.properties).map(([name, field]) => {
    const inner = tree(field, depth + 1);
    const head = [el("code", {}, name), " ", el("span", { class: "type" }, typeName(field)), must.has(name) ? el("span", { class: "must" }, " 必有") : "", " ",
      el("span", { class: "soft" }, about(field))];
    return el("li", {}, ...(inner ? [el("details", { open: depth < 1 }, el("summary", {}, ...head), inner)] : head));
  }));
}

// example is a value that fits a request's schema: what must be there.
export function example(raw) {
  const s = either(resolve(raw));
  if (s.examples?.length) return s.examples[0];
  if (s.enum) return s.enum[0];
  switch ([s.type].flat()[0]) {
    case "object": return Object.fromEntries((s.required ?? []).map((name) => [name, example(s.properties[name])]));
    case "array": return [];
    case "integer": case "number": return s.minimum ?? 0;
    case "boolean": return true;
    default: return "";
  }
}
