import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, troubleOf, unreached } from "./trouble";

test("a refusal has the server's Chinese words, and each at its field", () => {
  const t = refused(422, { code: "invalid", detail: "填写有误", request_id: "r1", errors: [{ field: "text", message: "太长" }, { field: "photos[0]", message: "没有这张照片" }, { field: "text", message: "有网址" }] });
  assert.equal(t.message, "填写有误");
  assert.deepEqual(t.fields, { text: "太长；有网址", photos: "没有这张照片" });
  assert.deepEqual(t.parts, { "photos[0]": "没有这张照片" });
  assert.equal(t.code, "invalid");
  assert.equal(t.offline, false);
});

test("what is not ours, and no answer at all, is told in words too", () => {
  assert.equal(refused(502, "<html>").message, "系统繁忙，请稍后再试");
  assert.equal(refused(502, undefined).status, 502);
  assert.match(unreached({ errMsg: "request:fail timeout" }).message, /太慢/);
  assert.equal(unreached({ errMsg: "request:fail" }).offline, true);
  assert.equal(troubleOf(unreached({})).offline, true);
});
