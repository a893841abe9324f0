import assert from "node:assert/strict";
import { test } from "node:test";
import { phrasesOf, withPhrase } from "./phrases";

test("a phrase goes behind what was written, once", () => {
  assert.equal(withPhrase("", "已到现场。"), "已到现场。");
  assert.equal(withPhrase("灯坏了 ", "已到现场。"), "灯坏了。已到现场。");
  assert.equal(withPhrase("灯坏了。", "已到现场。"), "灯坏了。已到现场。");
  assert.equal(withPhrase("已到现场。灯坏了", "已到现场。"), "已到现场。灯坏了");
});

test("every action of a handler that wants words has some, and each is a sentence", () => {
  for (const a of ["contact", "finish", "transfer", "return", "extend", "suspend", "whistle", "resume"]) {
    assert.ok(phrasesOf(a).length > 0, a);
    for (const p of phrasesOf(a)) assert.match(p, /。$/);
  }
  assert.deepEqual(phrasesOf("withdraw"), []);
});
