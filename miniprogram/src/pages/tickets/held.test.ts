import assert from "node:assert/strict";
import { test } from "node:test";
import { afterFailure, bodyOfHeld, decided, type Held, put, replaced, stateOf } from "./held";

const one: Held = { key: "k", person: "1", number: "FY1", what: "灯坏了", body: { action: "finish", version: 3, note: "修好了" }, photos: [], state: "waiting", why: "" };
const failed = (status: number, code = "x") => afterFailure(one, { status, code, message: "说明" });

test("without a network, with a busy server or a lost session it waits on", () => {
  for (const status of [0, -1, 401, 408, 429, 500, 503]) assert.equal(failed(status).state, "waiting", String(status));
  assert.equal(stateOf(failed(0)), "等网络，会自动发送");
  assert.equal(stateOf(failed(503)), "还没有发出去：说明，会自动再发");
});

test("a conflict waits for a person, and so does what the server refuses", () => {
  assert.equal(failed(409, "stale").state, "conflict");
  assert.equal(failed(409, "not_allowed").state, "conflict");
  assert.equal(failed(422, "invalid").state, "refused");
  assert.match(stateOf(failed(422)), /说明/);
});

test("sent on after a conflict it has the new version and the same key", () => {
  const again = decided(failed(409, "stale"), 5);
  assert.deepEqual([again.state, again.body.version, again.key], ["waiting", 5, "k"]);
});

test("one per person and ticket; what was thrown away does not come back", () => {
  const newer = { ...one, key: "n" };
  assert.deepEqual(put([one], newer), [newer]);
  assert.equal(put([one], { ...newer, person: "2" }).length, 2);
  assert.deepEqual(replaced([], one), []);
});

test("photos that had arrived and those that were kept are sent together", () => {
  assert.deepEqual(bodyOfHeld({ ...one, body: { ...one.body, photos: ["1"] }, photos: [{ key: "p", id: "2", path: "" }] }).photos, ["1", "2"]);
  assert.equal("photos" in bodyOfHeld(one), false);
});
