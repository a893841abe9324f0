import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, bodyOf, fieldsOf, mainOf, missing, othersOf } from "./actions";

const confirm = { action: "confirm", label: "确认结果", needs: ["solved"], takes: ["satisfaction", "note"] };
const correct = { action: "correct", label: "更正", needs: ["place"], takes: ["note"] };

test("an action says what it still needs, in words", () => {
  assert.deepEqual(Object.keys(missing(confirm, blank())), ["solved"]);
  assert.deepEqual(missing(confirm, { ...blank(), solved: "no" }), {});
  assert.deepEqual(missing({ ...confirm, needs: ["note"] }, { ...blank(), note: "  " }), { note: "请写几句" });
  assert.deepEqual(Object.keys(missing(correct, blank())), ["place"]);
  assert.deepEqual(missing(correct, { ...blank(), unit: "2" }), {});
});

test("only what the action has and what was filled in is sent, with the version that was seen", () => {
  const filled = { ...blank(), solved: "yes", satisfaction: "basic", to: "7", note: " 好 " };
  assert.deepEqual(bodyOf({ version: 3 }, confirm, filled), { action: "confirm", version: 3, solved: true, satisfaction: "basic", note: "好" });
  assert.deepEqual(bodyOf({ version: 3 }, correct, { ...blank(), building: "5" }), { action: "correct", version: 3, building: "5" });
});

test("what must be given comes first, and the likeliest action is the big one", () => {
  assert.deepEqual(fieldsOf(confirm).map((f) => f.field), ["solved", "satisfaction", "note"]);
  assert.equal(mainOf({ overdue: false, actions: [{ ...correct, action: "add" }, confirm] })?.action, "confirm");
  assert.equal(mainOf({ overdue: false, actions: [] }), undefined);
});

test("an overdue ticket is urged by the big button, another is not; what ends it stands last", () => {
  const some = ["withdraw", "urge", "add"].map((action) => ({ action, label: action, needs: [], takes: [] }));
  assert.equal(mainOf({ overdue: true, actions: some })?.action, "urge");
  assert.equal(mainOf({ overdue: false, actions: some }), undefined);
  assert.deepEqual(othersOf({ overdue: false, actions: some }).map((a) => a.action), ["add", "urge", "withdraw"]);
});
