import { test } from "node:test";
import assert from "node:assert/strict";
import { blank, clock, cut, draftOf, fieldsOf, publicOf, startOn } from "./draft.ts";

test("times go out and come back in the city's zone", () => {
  assert.equal(clock("2026-11-30", "09:05"), "2026-11-30T09:05:00+08:00");
  assert.deepEqual(cut("2026-11-30T09:05:00+08:00"), ["2026-11-30", "09:05"]);
  assert.deepEqual(cut(null), []);
});

test("an activity that is read and sent unchanged says the same", () => {
  const a = {
    org: { id: "1" }, kind: { code: "care" }, title: "t", about: "", place: "p", point_id: "9", location: { lat: 37.2, lng: 111.7, datum: "gcj02" }, fence: 100, strict: true,
    starts_at: "2026-11-30T09:00:00+08:00", ends_at: "2026-11-30T11:00:00+08:00", signup_until: "2026-11-30T09:00:00+08:00", slots: [{ id: "5", name: "n", capacity: 3, taken: 1, waiting: 0 }],
    audience: "members", min_age: 18, accept_minutes: 60, overlapping: true, risky: true, insurance: "社区已投保", summary: "", version: 4,
  };
  const { slots, location, ...rest } = fieldsOf(draftOf(a as never));
  assert.deepEqual(slots, [{ id: "5", name: "n", capacity: 3 }]);
  assert.deepEqual(location, a.location);
  for (const [k, v] of Object.entries(rest)) if (k !== "kind") assert.deepEqual(v, (a as Record<string, unknown>)[k], k);
});

test("what is no number goes to the server as one that it refuses", () => {
  const d = blank("2026-12-01");
  Object.assign(d.slots[0]!, { capacity: "很多" });
  assert.equal(fieldsOf(d).slots?.[0]?.capacity, -1);
});

test("without a place on the map there is no fence", () => {
  const f = fieldsOf({ ...blank("2026-12-01"), fence: "100", strict: true });
  assert.equal(f.fence, 0);
  assert.equal(f.strict, false);
});

test("of a ticket neither the reporter's words nor the door go on", () => {
  const t = { category: { name: "环境卫生" }, compound: { name: "福馨苑小区" }, building: "3", unit: "2", room: "501", text: "501 王奶奶家" };
  assert.deepEqual(publicOf(t), { title: "环境卫生志愿行动", place: "福馨苑小区 3号楼" });
});

test("the end goes along with the beginning", () => {
  const d = blank("2026-12-01");
  startOn(d, "2026-12-05");
  assert.equal(d.to, "2026-12-05");
  d.to = "2026-12-06";
  startOn(d, "2026-12-04");
  assert.equal(d.to, "2026-12-06");
});
