import { test } from "node:test";
import assert from "node:assert/strict";
import { fixOf, timesOf, worthWords, type Fix } from "./fix.ts";

const who = { person_id: "7" } as never;
const pair = { id: "3", version: 2, in_at: "2026-11-29T09:02:31+08:00", out_at: null } as never;
const activity = { starts_at: "2026-11-29T09:00:00+08:00", ends_at: "2026-11-29T11:00:00+08:00" };

test("a correction starts from the check-in, and from the activity where there is none", () => {
  const fix: Fix = { what: "set", who, pair };
  assert.deepEqual(timesOf(fix, activity), { inDay: "2026-11-29", inClock: "09:02", outDay: "2026-11-29", outClock: "11:00" });
});

test("a time that was not touched keeps its seconds", () => {
  const fix: Fix = { what: "set", who, pair };
  assert.deepEqual(fixOf(fix, timesOf(fix, activity), "忘了签退"), { what: "set", reason: "忘了签退", checkin_id: "3", version: 2, in_at: "2026-11-29T09:02:31+08:00", out_at: "2026-11-29T11:00:00+08:00" });
});

test("a check-in that was missed is a person's, one that is struck has no times", () => {
  assert.deepEqual(fixOf({ what: "add", who }, timesOf({ what: "add", who }, activity), "r"), { what: "add", reason: "r", person_id: "7", in_at: activity.starts_at, out_at: activity.ends_at });
  assert.deepEqual(fixOf({ what: "strike", who, pair }, timesOf({ what: "strike", who, pair }, activity), "r"), { what: "strike", reason: "r", checkin_id: "3", version: 2 });
});

test("hours in words", () => {
  assert.equal(worthWords({ minutes: 90, manual_minutes: 0, review: "" }), "1 小时 30 分钟");
  assert.equal(worthWords({ minutes: 600, manual_minutes: 0, review: "waiting" }), "10 小时，等您复核");
  assert.equal(worthWords({ minutes: 0, manual_minutes: 30, review: "" }), "补录 30 分钟");
});
