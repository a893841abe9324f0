import assert from "node:assert/strict";
import { test } from "node:test";
import { byOf, figuresOf, listsOf, percent, sinceOf } from "./figures";

test("a rate always says of how many", () => {
  const rate = { numerator: 12.8, denominator: 13, rate: 12.8 / 13 }, none = { numerator: 0, denominator: 0, rate: null };
  const row = { accepted: 17, open: 3, overdue: 1, settlement: rate, on_time: none, response: rate, resolution: rate, satisfaction: rate } as unknown as Parameters<typeof figuresOf>[0];
  const found = new Map(figuresOf(row).map((f) => [f.name, f]));
  assert.equal(found.get("受理")?.value, "17 件");
  assert.equal(found.get("满意率")?.value, "98.5%");
  assert.match(found.get("满意率")?.hint ?? "", /12\.8\/13 件$/);
  assert.equal(found.get("按时率")?.value, "还没有");
  assert.match(found.get("按时率")?.hint ?? "", /0\/0 件$/);
});

test("what lies below an organisation is offered, and periods begin with a month", () => {
  assert.deepEqual(byOf("compound").map((b) => b.value), ["", "category", "month", "handler"]);
  assert.equal(byOf("city")[1]?.text, "各街道");
  assert.equal(sinceOf("month", "2026-01-31"), "2026-01-01");
  assert.equal(sinceOf("three", "2026-01-31"), "2025-11-01");
  assert.equal(sinceOf("year", "2026-11-29"), "2026-01-01");
  assert.equal(percent(0.125), "12.5%");
});

test("behind a rate stand two lists, behind a count or a weighted rate one", () => {
  assert.deepEqual(listsOf("settled", "matured"), { title: "化解率", lists: [{ value: "settled", text: "算进化解率的" }, { value: "matured", text: "全部应办结的" }] });
  assert.deepEqual(listsOf("answered", "answered"), { title: "满意率", lists: [] });
  assert.deepEqual(listsOf("overdue", ""), { title: "超期未结", lists: [] });
});
