import assert from "node:assert/strict";
import { test } from "node:test";
import { countsOf, shown } from "./counts";

const now = Date.parse("2026-11-29T23:30:00+08:00");
const due = (due_at: string, overdue = false) => ({ due_at, overdue, state: "accepted" as const });
const late = due("2026-11-28T10:00:00+08:00", true), today = due("2026-11-29T23:59:00+08:00"), tomorrow = due("2026-11-30T00:01:00+08:00");

test("late, due today in the city and all are counted", () => {
  assert.deepEqual(countsOf([late, today, tomorrow], false, now), { overdue: 1, today: 1, all: 3, sure: { overdue: true, today: true, all: true } });
  assert.equal(countsOf([], false, now).all, 0);
});

test("a list that goes on is sure of what it has passed", () => {
  assert.deepEqual(countsOf([late, today, tomorrow], true, now).sure, { overdue: true, today: true, all: false });
  assert.deepEqual(countsOf([late, today], true, now).sure, { overdue: true, today: false, all: false });
  assert.deepEqual(countsOf([late], true, now).sure, { overdue: false, today: false, all: false });
  assert.equal(shown(50, false), "50 多");
});
