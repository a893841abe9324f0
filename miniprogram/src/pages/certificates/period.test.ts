import assert from "node:assert/strict";
import { test } from "node:test";
import { periodOf } from "./period";

test("a period never ends after today", () => {
  assert.deepEqual(periodOf("all", "2026-11-29"), {});
  assert.deepEqual(periodOf("year", "2026-11-29"), { from: "2026-01-01", to: "2026-11-29" });
  assert.deepEqual(periodOf("last", "2026-11-29"), { from: "2025-01-01", to: "2025-12-31" });
});
