import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, freshOf, ofWeChat } from "./code";

const changing = "A4FQ7X-1B2C3D-0123456789ABCDEF0123", printed = "A4FQ7X-S-0123456789ABCDEF0123";

test("a code is found in the address that the screen shows, bare, or typed", () => {
  assert.equal(codeOf(changing), changing);
  assert.equal(codeOf(` ${changing.toLowerCase()} `), changing);
  assert.equal(codeOf(`https://fenlin.example/app/#/checkin/${changing}`), changing);
  assert.equal(codeOf("482 913"), "482913");
  for (const other of ["", "12345", "https://fenlin.example/", "http://weixin.qq.com/q/02abc", `${changing}x`]) assert.equal(codeOf(other), "", other);
});

test("only the changing code tells when it was scanned", () => {
  assert.ok(freshOf(changing));
  assert.ok(!freshOf(printed));
  assert.ok(!freshOf("482913"));
});

test("a code of WeChat's is known as one", () => {
  assert.ok(ofWeChat("http://weixin.qq.com/q/02abc"));
  assert.ok(!ofWeChat(changing));
});
