import { test } from "node:test";
import assert from "node:assert/strict";
import { groupsOf, inGroup, insideOf, pairWords } from "./who.ts";

const now = Date.parse("2026-11-29T20:43:10+08:00");
const pair = (more: object) => ({ state: "ok", in_at: "2026-11-29T09:02:00+08:00", out_at: null, in_how: "code", ...more }) as never;
const entry = (state: string, ...checkins: never[]) => ({ state, checkins });

test("who is there is who checked in and not out, and whose check-in counts", () => {
  assert.equal(insideOf(entry("seated", pair({}))), true);
  assert.equal(insideOf(entry("seated", pair({ out_at: "2026-11-29T11:00:00+08:00" }))), false);
  assert.equal(insideOf(entry("seated", pair({ state: "struck" }))), false);
});

test("everybody stands in a group, with how many", () => {
  const all = [entry("seated", pair({})), entry("waiting"), entry("offered"), entry("withdrawn")];
  assert.deepEqual(groupsOf(all, false).map((g) => g.text), ["要来的 1", "在场的 1", "候补的 2", "退出的 1"]);
  assert.match(groupsOf(all, true)[0]!.text, /\+$/);
  assert.equal(inGroup(entry("lapsed"), "gone"), true);
});

test("a check-in in words", () => {
  assert.equal(pairWords(pair({ out_at: "2026-11-29T11:00:00+08:00" }), now), "今天 09:02 签到，11:00 签退");
  assert.equal(pairWords(pair({ state: "claimed", in_how: "organiser" }), now), "今天 09:02 名单上签到，还没签退（等确认）");
});
