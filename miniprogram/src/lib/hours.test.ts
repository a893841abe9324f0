import assert from "node:assert/strict";
import { test } from "node:test";
import { hours } from "./hours";

test("hours are told as people say them", () => {
  assert.equal(hours(0), "0 分钟");
  assert.equal(hours(59), "59 分钟");
  assert.equal(hours(120), "2 小时");
  assert.equal(hours(150), "2 小时 30 分钟");
});
