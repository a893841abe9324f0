import assert from "node:assert/strict";
import { test } from "node:test";
import { opening } from "./opening";

test("days in a row are told as from and to", () => {
  assert.deepEqual(opening([{ days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00" }, { days: [6, 7], from: "09:30", to: "12:00" }]), ["周一到周五 09:00 到 18:00", "周六、周日 09:30 到 12:00"]);
  assert.deepEqual(opening([{ days: [7, 1, 2, 3, 4, 5, 6], from: "08:00", to: "20:00" }]), ["每天 08:00 到 20:00"]);
  assert.deepEqual(opening([{ days: [1, 3], from: "08:00", to: "12:00" }]), ["周一、周三 08:00 到 12:00"]);
});
