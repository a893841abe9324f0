import assert from "node:assert/strict";
import { test } from "node:test";
import { day, dayWords, endOfDay, inDays, left, moment } from "./time";

const now = Date.parse("2026-11-29T23:30:00+08:00");

test("times are told in the city's zone and by the day they fall on", () => {
  assert.equal(moment("2026-11-29T09:05:00+08:00", now), "今天 09:05");
  assert.equal(moment("2026-11-30T00:10:00.5+08:00", now), "明天 00:10");
  assert.equal(moment("2026-11-28T23:59:00+08:00", now), "昨天 23:59");
  assert.equal(moment("2026-12-20T08:00:00+08:00", now), "12月20日 08:00");
  assert.equal(moment("2027-01-02T08:00:00+08:00", now), "2027年1月2日 08:00");
  for (const none of [null, undefined, "", "soon"]) assert.equal(moment(none, now), "—");
  assert.equal(day("2026-11-29T09:05:00+08:00"), "2026年11月29日");
});

test("what is left is told in the largest unit that helps", () => {
  assert.equal(left("2026-11-29T23:50:00+08:00", now), "还剩 20 分钟");
  assert.equal(left("2026-11-30T23:30:00+08:00", now), "还剩 24 小时");
  assert.equal(left("2026-12-09T23:30:00+08:00", now), "还剩 10 天");
  assert.equal(left("2026-11-29T20:30:00+08:00", now), "超时 3 小时");
  assert.equal(left(null, now), "");
});

test("a chosen day ends at midnight in the city", () => {
  assert.equal(inDays(1, now), "2026-11-30");
  assert.equal(new Date(endOfDay("2026-11-30")).toISOString(), "2026-11-30T15:59:59.000Z");
});

test("a day is told as people say it", () => {
  assert.equal(dayWords("2026-11-30", now), "11月30日（明天）");
  assert.equal(dayWords("2026-12-05", now), "12月5日");
  assert.equal(dayWords("2027-01-02", now), "2027年1月2日");
});
