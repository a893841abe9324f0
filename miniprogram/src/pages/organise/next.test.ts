import { test } from "node:test";
import assert from "node:assert/strict";
import { mainOf, nextOf } from "./next.ts";

const now = Date.parse("2026-11-29T08:40:00+08:00");
const a = (more: object) => ({ state: "published", starts_at: "2026-11-29T09:00:00+08:00", summary: "", may: ["tick_in"], slots: [{ id: "1", name: "", capacity: 3, taken: 2, waiting: 1 }], ...more }) as never;

test("each state has its next thing to do", () => {
  assert.equal(nextOf(a({}), now), "打开签到屏（2 人报名，1 人候补）");
  assert.equal(nextOf(a({ may: [], slots: [] }), now), "还没有人报名");
  assert.match(nextOf(a({ state: "draft", starts_at: "2026-11-01T09:00:00+08:00" }), now), /改时间/);
  assert.match(nextOf(a({ state: "done" }), now), /小结/);
  assert.equal(nextOf(a({ state: "archived" }), now), "");
});

test("starting early and calling off are no big buttons", () => {
  assert.equal(mainOf([{ action: "start" }, { action: "cancel" }]), undefined);
  assert.deepEqual(mainOf([{ action: "finish" }, { action: "cancel" }]), { action: "finish" });
});
