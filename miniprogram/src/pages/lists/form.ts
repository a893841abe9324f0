// What is written of a thing of the lists, as a form holds it and as the API takes it.
import type { Agreement, Need, Project, Resource } from "./facts";

interface Named { id: string; name: string }

/** Written is a form: numbers are texts, empty = not told. */
export interface Written {
  org: Named & { kind: string }; unit: Named; title: string; kind: string; about: string; people: string; wants: string; wanted_on: string; amount: string; quantity: string;
  start_on: string; end_on: string; from_on: string; to_on: string; places: Named[]; items: Record<string, string>;
}

export const blank = (): Written => ({
  org: { id: "", name: "", kind: "" }, unit: { id: "", name: "" }, title: "", kind: "", about: "", people: "", wants: "1", wanted_on: "", amount: "", quantity: "", start_on: "", end_on: "", from_on: "", to_on: "", places: [], items: {},
});

const count = (n: number) => (n ? String(n) : "");
const number = (text: string) => Number(text) || 0;

export const ofNeed = (n: Need): Partial<Written> => ({
  org: { id: n.org.id, name: n.org.name, kind: n.org.kind }, title: n.title, kind: n.kind.code, about: n.about, people: count(n.people), wants: String(n.wants), wanted_on: n.wanted_on, places: n.places,
});
export const ofResource = (r: Resource): Partial<Written> => ({ unit: r.unit, title: r.title, kind: r.kind.code, about: r.about, amount: r.amount, quantity: count(r.quantity), from_on: r.from_on, to_on: r.to_on, places: r.places });
export const ofProject = (p: Project): Partial<Written> => ({ title: p.title, about: p.about, start_on: p.start_on, end_on: p.end_on });
/** An agreement's items, by their codes; in free words under "". */
export const ofAgreement = (a: Agreement): Partial<Written> => ({ unit: a.unit, from_on: a.from_on, to_on: a.to_on, items: Object.fromEntries(a.items.map((i) => [i.code ?? "", i.words])) });

const ids = (places: Named[]) => places.map((p) => p.id);

export const needBody = (v: Written) => ({
  title: v.title.trim(), kind: v.kind, about: v.about.trim(), people: number(v.people), wants: number(v.wants), wanted_on: v.wanted_on, place_ids: v.org.kind === "compound" ? [] : ids(v.places),
});
export const resourceBody = (v: Written) => ({ title: v.title.trim(), kind: v.kind, about: v.about.trim(), amount: v.amount.trim(), quantity: number(v.quantity), from_on: v.from_on, to_on: v.to_on, place_ids: ids(v.places) });
export const projectBody = (v: Written) => ({ title: v.title.trim(), about: v.about.trim(), start_on: v.start_on, end_on: v.end_on });
export const agreementBody = (v: Written) => ({ from_on: v.from_on, to_on: v.to_on, items: Object.entries(v.items).map(([code, words]) => ({ ...(code && { code }), words: words.trim() })) });
