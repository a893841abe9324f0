import { test } from "node:test";
import assert from "node:assert/strict";
import { spaced, waitFor } from "./screen.ts";

const now = Date.parse("2026-11-29T20:43:10+08:00");

test("a code stands until its time", () => {
  assert.deepEqual(waitFor("2026-11-29T20:43:30+08:00", now), { ms: 20_000, sure: true });
});

test("a phone with a wrong clock asks often and counts nothing", () => {
  assert.deepEqual(waitFor("2026-11-29T20:40:00+08:00", now), { ms: 8_000, sure: false });
  assert.deepEqual(waitFor("2026-11-29T21:43:30+08:00", now), { ms: 8_000, sure: false });
});

test("digits are read in threes", () => assert.equal(spaced("540362"), "540 362"));
