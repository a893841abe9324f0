import assert from "node:assert/strict";
import { test } from "node:test";
import { ended, percent, placeOf, sizeOf, stateOf, tooLarge } from "./told";

test("a problem is told by sheet, row and column", () => {
  assert.equal(placeOf({ sheet: "单位台账", line: 5, column: "单位类别", reason: "" }), "单位台账，第 5 行，单位类别");
  assert.equal(placeOf({ sheet: "单位台账", line: 0, column: "", reason: "" }), "单位台账");
  assert.equal(placeOf({ sheet: "", line: 0, column: "", reason: "" }), "整份表格");
});

test("how much is done is not told before the rows are counted, and never more than all", () => {
  assert.equal(percent({ total: 0, done: 0 }), undefined);
  assert.equal(percent({ total: 3, done: 2 }), 66);
  assert.equal(percent({ total: 3, done: 4 }), 100);
});

test("a check says that nothing is written", () => {
  assert.match(stateOf({ state: "done", dry_run: true, bad: 0 }), /没有写入/);
  assert.equal(stateOf({ state: "done", dry_run: false, bad: 0 }), "已写入");
  assert.match(stateOf({ state: "refused", dry_run: false, bad: 4 }), /4 处问题，没有写入/);
  assert.deepEqual((["queued", "running", "done", "refused", "failed"] as const).map((state) => ended({ state })), [false, false, true, true, true]);
});

test("a workbook that is too large is not sent, and it is said what to do", () => {
  const most = 12 * 1024 * 1024;
  assert.equal(tooLarge(most, most), "");
  assert.match(tooLarge(most + 1024 * 1024, most), /13 MB，最多 12 MB。请/);
  assert.equal(sizeOf(200), "1 KB");
});
