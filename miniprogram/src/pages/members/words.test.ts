import assert from "node:assert/strict";
import { test } from "node:test";
import { remarkYears, startOfDay } from "./words";

test("a day begins in the city's zone", () => assert.equal(new Date(startOfDay("2026-12-01")).toISOString(), "2026-11-30T16:00:00.000Z"));

test("a remark is of this year or the last", () => assert.deepEqual(remarkYears("2026-01-03"), ["2026", "2025"]));
