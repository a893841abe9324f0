import assert from "node:assert/strict";
import { test } from "node:test";
import { entries, may, resolve, tabs, type Page } from "./links";

const pages: Page[] = [
  { url: "/pages/tickets/mine", title: "", link: "/tickets", tab: { text: "", icon: "", order: 2 } },
  { url: "/pages/tickets/ticket", title: "", link: "/tickets/:number" },
  { url: "/pages/work/inbox", title: "", tab: { text: "", icon: "", order: 1, roles: ["staff"] }, entry: { on: "home", text: "", icon: "", order: 1, roles: ["member"] } },
];

test("a notice's link leads to its page with the parameters", () => {
  assert.equal(resolve("/tickets/FY261123-0001", pages), "/pages/tickets/ticket?number=FY261123-0001");
  assert.equal(resolve("/tickets/a%26b?from=notice", pages), "/pages/tickets/ticket?number=a%26b&from=notice");
  assert.equal(resolve("/tickets/", pages), "/pages/tickets/mine");
});

test("what no page has leads nowhere", () => {
  for (const link of ["", "/", "/nowhere", "/tickets/1/2"]) assert.equal(resolve(link, pages), undefined, link);
});

test("staff is whoever holds a post or answers for a work unit", () => {
  assert.equal(may(["staff"], ["resident", "contact"]), true);
  assert.equal(may(["staff"], ["resident", "member"]), false);
  assert.equal(may(["staff"], ["resident", "grid_worker"]), true);
  assert.equal(may(undefined, []), true);
});

test("tabs and entries are those of the person's roles, in order", () => {
  assert.deepEqual(tabs(pages, ["resident"]).map((p) => p.url), ["/pages/tickets/mine"]);
  assert.deepEqual(tabs(pages, ["resident", "clerk"]).map((p) => p.url), ["/pages/work/inbox", "/pages/tickets/mine"]);
  assert.equal(entries(pages, "home", ["member"]).length, 1);
  assert.equal(entries(pages, "me", ["member"]).length, 0);
});
