import assert from "node:assert/strict";
import { test } from "node:test";
import { agreementFacts, listOf, needFacts, shortOf, spell, titleOf, type Agreement, type Need } from "./facts";

const now = Date.parse("2026-11-29T12:00:00+08:00");
const need = { title: "上门体检", org: { name: "永安社区" }, kind: { name: "医疗健康" }, about: "", people: 0, wants: 2, taken: 1, wanted_on: "2026-12-20", places: [], reason: "" } as unknown as Need;
const draft = { community: { name: "永安社区" }, unit: { name: "市妇联" }, items: [{ name: "双服务", words: "每月一次" }], from_on: "2026-12-01", to_on: "2027-12-01", state: "draft", unit_at: null, community_at: "2026-11-29T09:00:00+08:00", reason: "" } as unknown as Agreement;

test("what is not told is not shown", () => {
  assert.deepEqual(needFacts(need, now).map((f) => f.name), ["谁需要", "类别", "要几个单位", "什么时候"]);
  assert.equal(needFacts(need, now)[2]?.value, "2 个，已有 1 个");
});

test("a line has what matters", () => {
  assert.equal(shortOf("need", need, now), "永安社区 · 医疗健康 · 要 2 个单位，已有 1 个 · 12月20日 前");
  assert.equal(shortOf("agreement", draft, now), "双服务 · 12月1日（后天） 到 2027年12月1日");
  assert.equal(titleOf(draft), "永安社区和市妇联");
  assert.equal(titleOf({ title: "" }), "内容还在核实");
});

test("who has not signed yet is told while it is a draft", () => {
  assert.equal(agreementFacts(draft, now)[1]?.value, "市妇联，还没有确认");
  assert.equal(agreementFacts({ ...draft, state: "running" }, now)[1]?.value, "市妇联");
});

test("times of days, and lists that are unknown", () => {
  assert.equal(spell("", "2026-11-30", now), "11月30日（明天） 前");
  assert.equal(spell("", "", now), "");
  assert.equal(listOf("1").of, "need");
});
