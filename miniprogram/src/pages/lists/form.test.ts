import assert from "node:assert/strict";
import { test } from "node:test";
import type { Agreement, Need } from "./facts";
import { agreementBody, blank, needBody, ofAgreement, ofNeed } from "./form";

test("a need that is read and written again says the same", () => {
  const need = { org: { id: "1", name: "永安社区", kind: "community" }, title: "体检", kind: { code: "health", name: "医疗健康" }, about: "老人", people: 0, wants: 2, wanted_on: "", places: [{ id: "3", name: "福馨苑小区" }] } as unknown as Need;
  assert.deepEqual(needBody({ ...blank(), ...ofNeed(need) }), { title: "体检", kind: "health", about: "老人", people: 0, wants: 2, wanted_on: "", place_ids: ["3"] });
});

test("a compound's need is of that compound alone", () => {
  assert.deepEqual(needBody({ ...blank(), org: { id: "1", name: "", kind: "compound" }, places: [{ id: "3", name: "" }] }).place_ids, []);
});

test("an agreement's items have their codes, or are in free words", () => {
  const a = { unit: { id: "1", name: "市妇联" }, from_on: "2026-12-01", to_on: "2027-12-01", items: [{ code: "dual_service", name: "双服务", words: "每月一次 " }] } as unknown as Agreement;
  assert.deepEqual(agreementBody({ ...blank(), ...ofAgreement(a) }).items, [{ code: "dual_service", words: "每月一次" }]);
  assert.deepEqual(agreementBody({ ...blank(), items: { "": "互相帮助" } }).items, [{ words: "互相帮助" }]);
});
