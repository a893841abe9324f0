import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, freeOf, mineOf, overNow, span, whoMay } from "./activity";

const now = Date.parse("2026-11-29T08:00:00+08:00");
const one = (change: object = {}) => ({
  state: "published", state_name: "报名中", starts_at: "2026-11-30T09:00:00+08:00", ends_at: "2026-11-30T11:00:00+08:00", signup_until: "2026-11-30T08:00:00+08:00",
  slots: [{ capacity: 5, taken: 3, waiting: 0 }, { capacity: 2, taken: 2, waiting: 1 }], mine: null, min_age: 0, audience: "all", ...change,
});

test("seats that are left are counted over all posts while one may sign up", () => {
  assert.equal(freeOf(one(), now), 2);
  assert.equal(brief(one(), now), "还有 2 个名额");
  assert.equal(brief(one({ slots: [{ capacity: 1, taken: 1, waiting: 4 }] }), now), "名额已满，可以候补");
  assert.equal(brief(one({ signup_until: "2026-11-28T08:00:00+08:00" }), now), "报名已截止");
  assert.equal(brief(one({ state: "cancelled", state_name: "已取消" }), now), "已取消");
});

test("a day is told once", () => {
  assert.equal(span(one(), now), "明天 09:00 到 11:00");
  assert.equal(span(one({ ends_at: "2026-12-01T11:00:00+08:00" }), now), "明天 09:00 到 后天 11:00");
});

test("who withdrew has no part in it", () => {
  assert.equal(mineOf(one({ mine: { state: "withdrawn", ahead: 0 } })), "");
  assert.equal(mineOf(one({ mine: { state: "offered", ahead: 0 } })), "等您确认");
});

test("an activity that nobody ended is over by its time", () => {
  assert.equal(overNow(one({ state: "running" }), now), false);
  assert.equal(overNow(one({ state: "running", ends_at: "2026-11-29T07:00:00+08:00" }), now), true);
  assert.equal(overNow(one({ state: "cancelled" }), now), false);
});

test("who may come", () => {
  assert.equal(whoMay(one({ audience: "members", min_age: 18 })), "党员，满 18 岁");
  assert.equal(whoMay(one()), "谁都可以来");
});
