// What stands in the lists, in words.
import type { Schema } from "@/api";
import { dayWords } from "@/lib/time";
import { satisfactions } from "@/lib/words";

export type Of = "need" | "resource" | "project" | "agreement";
export type Need = Schema<"NeedView">;
export type Resource = Schema<"ResourceView">;
export type Project = Schema<"ProjectView">;
export type Agreement = Schema<"AgreementView">;
export type Thing = Need | Resource | Project | Agreement;
export interface Fact { name: string; value: string }

/** Lists are the four, in their order. */
export const lists: { of: Of; text: string; hint: string; empty: string }[] = [
  { of: "need", text: "需求", hint: "社区需要什么", empty: "没有这样的需求。" },
  { of: "resource", text: "资源", hint: "单位能给什么", empty: "没有这样的资源。" },
  { of: "project", text: "项目", hint: "需求和资源对上以后，一起办的事", empty: "没有这样的项目。" },
  { of: "agreement", text: "协议", hint: "社区和单位签的四双协议", empty: "没有这样的协议。" },
];

/** listOf finds one of them; what is unknown is the first. */
export const listOf = (of: string | undefined) => lists.find((l) => l.of === of) ?? lists[0]!;

/** spell is a time of days: 11月30日 到 12月5日. */
export function spell(from: string, to: string, now: number = Date.now()): string {
  if (from && to) return `${dayWords(from, now)} 到 ${dayWords(to, now)}`;
  return from ? `${dayWords(from, now)} 起` : to ? `${dayWords(to, now)} 前` : "";
}

const all = (names: { name: string }[]) => names.map((n) => n.name).join("、");
const told = (...facts: [string, string][]): Fact[] => facts.filter(([, value]) => value).map(([name, value]) => ({ name, value }));

/** titleOf is what a thing is called. */
export function titleOf(t: { title: string } | { community: { name: string }; unit: { name: string } }): string {
  return "title" in t ? t.title || "内容还在核实" : `${t.community.name}和${t.unit.name}`;
}

/** shortOf is a thing in a line of a list. */
export function shortOf(of: Of, t: Thing, now: number = Date.now()): string {
  const parts = {
    need: () => { const n = t as Need; return [n.org.name, n.kind.name, n.wants > 1 && `要 ${n.wants} 个单位，已有 ${n.taken} 个`, n.wanted_on && `${dayWords(n.wanted_on, now)} 前`]; },
    resource: () => { const r = t as Resource; return [r.unit.name, r.kind.name, r.amount, spell(r.from_on, r.to_on, now)]; },
    project: () => { const p = t as Project; return [p.community.name, p.unit.name, spell(p.start_on, p.end_on, now)]; },
    agreement: () => { const a = t as Agreement; return [a.items.map((i) => i.name || i.words).join("、"), spell(a.from_on, a.to_on, now)]; },
  }[of]();
  return parts.filter(Boolean).join(" · ");
}

export function needFacts(n: Need, now: number = Date.now()): Fact[] {
  return told(
    ["谁需要", n.org.name], ["类别", n.kind.name], ["说明", n.about], ["帮到多少人", n.people ? `${n.people} 人` : ""], ["要几个单位", `${n.wants} 个${n.taken ? `，已有 ${n.taken} 个` : ""}`],
    ["什么时候", n.wanted_on ? `${dayWords(n.wanted_on, now)} 前` : ""], ["哪些小区", all(n.places)], ["结果", n.reason],
  );
}

export function resourceFacts(r: Resource, now: number = Date.now()): Fact[] {
  return told(
    ["谁提供", r.unit.name], ["类别", r.kind.name], ["说明", r.about], ["数量", [r.amount, r.quantity ? String(r.quantity) : ""].filter(Boolean).join("，")],
    ["什么时候", spell(r.from_on, r.to_on, now) || "随时"], ["给哪些社区", all(r.places) || "都可以"], ["为什么撤回", r.reason],
  );
}

export function projectFacts(p: Project, now: number = Date.now()): Fact[] {
  const verdict = satisfactions.find((s) => s.value === p.verdict)?.text ?? "";
  return told(
    ["社区", p.org.name], ["单位", p.unit.name], ["谁提出", p.asked_by === "unit" ? "单位认领" : "社区邀请"], ["怎样做", p.about], ["什么时候", spell(p.start_on, p.end_on, now)],
    ["社区评价", [verdict, p.community_words].filter(Boolean).join("：")], ["单位的话", p.unit_words], ["原因", p.reason],
  );
}

export function agreementFacts(a: Agreement, now: number = Date.now()): Fact[] {
  const signed = (at: string | null) => (at ? "已确认" : "还没有确认");
  return told(
    ["社区", a.state === "draft" ? `${a.community.name}，${signed(a.community_at)}` : a.community.name], ["单位", a.state === "draft" ? `${a.unit.name}，${signed(a.unit_at)}` : a.unit.name],
    ["期限", spell(a.from_on, a.to_on, now)], ["为什么终止", a.reason],
  );
}

/** What ends something, and can hurt. */
export const danger = (action: string) => ["withdraw", "refuse", "cancel", "terminate"].includes(action);
