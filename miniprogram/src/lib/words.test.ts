import assert from "node:assert/strict";
import { test } from "node:test";
import { fit } from "./picture";
import { phonesIn, placeOf } from "./words";

test("the numbers to call are found in the advice", () => {
  assert.deepEqual(phonesIn("请离开现场，打 119 或燃气公司 0358-7222222，不要打电话以外的 12345678 也不是 1190"), ["119", "0358-7222222"]);
  assert.deepEqual(phonesIn("立即拨打110、120，再打110"), ["110", "120"]);
});

test("a place is told as people say it", () => {
  assert.equal(placeOf({ compound: { name: "福馨苑" }, building: "3", unit: "2" }), "福馨苑 3号楼 2单元");
  assert.equal(placeOf({ compound: null, building: "", unit: "" }), "位置待确认");
});

test("a picture is made at most 1600 long and never larger", () => {
  assert.deepEqual(fit(4000, 3000), { width: 1600, height: 1200 });
  assert.deepEqual(fit(300, 200), { width: 300, height: 200 });
  assert.deepEqual(fit(20000, 1), { width: 1600, height: 1 });
});
