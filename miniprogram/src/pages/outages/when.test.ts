import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOf, inHours, timeOf } from "./when";

test("a time goes to the wheel and back", () => {
  assert.equal(clockOf("2026-11-30T00:30:00+08:00"), "2026-11-30T00:30");
  assert.equal(clockOf("2026-11-29T16:30:00Z"), "2026-11-30T00:30");
  assert.equal(clockOf(null), "");
  assert.equal(timeOf("2026-11-30T00:30"), "2026-11-30T00:30:00+08:00");
  assert.equal(inHours(2, Date.parse("2026-11-29T23:40:00+08:00")), "2026-11-30T01:00");
});
