// What happens today, newest first; asked for again politely while somebody looks.
import { ask } from "/api.js";
import { el, moment } from "/dom.js";
import { go, away } from "./address.js";

const wait = 30_000, longest = 300_000;

export const deeds = (at, limit = 20, cursor = "") => {
  const q = new URLSearchParams({ limit });
  if (at.org) q.set("org", at.org);
  if (cursor) q.set("cursor", cursor);
  return ask("GET", `/api/v1/stats/stream?${q}`);
};

export const deed = (d, plain = false) => el("li", { class: d.emergency && "emergency" },
  el("time", { datetime: d.at }, moment(d.at).slice(11)), el("span", { class: "what" }, d.what),
  el("span", { class: "where" }, `${d.compound.name} · ${d.category.name}`, d.emergency ? el("em", {}, "紧急") : null),
  plain ? el("span", { class: "soft" }, d.number) : el("button", { type: "button", class: "number", click: () => go({ ...away, ticket: d.number }) }, d.number));

// stream is a panel that keeps itself up to date.
export function stream(at, limit = 12) {
  const list = el("ol", { class: "stream" }), note = el("p", { class: "soft note" }, "正在读取……");
  const more = el("button", { type: "button", class: "more noprint", hidden: true }, "再看一些");
  let cursor = "", pause = wait, pages = 1;
  const show = (page) => { cursor = page.next_cursor; more.hidden = !cursor; };
  const look = async () => {
    if (document.visibilityState === "visible" && pages === 1) {
      try {
        const page = await deeds(at, limit);
        list.replaceChildren(...page.items.map((d) => deed(d)));
        show(page);
        note.textContent = `${page.items.length ? "" : "今天还没有动静。"}截至 ${moment(page.as_of)}`;
        pause = wait;
      } catch (error) {
        note.textContent = `${error.message}，稍后自动重试`;
        if (error.status === 401 || error.status === 403) return;
        pause = Math.min(pause * 2, longest);
      }
    }
    setTimeout(() => { if (list.isConnected) look(); }, pause);
  };
  more.addEventListener("click", async () => {
    try {
      const page = await deeds(at, 50, cursor);
      pages++; // what was turned to stays
      list.append(...page.items.map((d) => deed(d)));
      show(page);
    } catch (error) { note.textContent = error.message; }
  });
  setTimeout(look);
  return el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, "今天的动态")), list, more, note);
}
