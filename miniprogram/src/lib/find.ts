// Looking for people and places of the city by a piece of the name.
import { api } from "@/api";
import type { Found } from "@/components/FenFind.vue";

interface Page { items: Found[]; next_cursor: string }

/** findMember finds members of the ledger that somebody may see. */
export async function findMember(q: string, cursor: string): Promise<Page> {
  const got = await api("get", "/members", { query: { q, cursor } });
  return { items: got.items.map((m) => ({ id: m.id, name: m.name, hint: [m.category.name, m.branch?.name ?? m.community?.name, m.phone].filter(Boolean).join("，") })), next_cursor: got.next_cursor };
}

/** findUnit finds work units. */
export async function findUnit(q: string, cursor: string): Promise<Page> {
  const got = await api("get", "/units", { query: { q, cursor } });
  return { items: got.items.map(({ id, name }) => ({ id, name })), next_cursor: got.next_cursor };
}

/** findPlace finds the units of the tree of one kind. */
export async function findPlace(kind: "community" | "compound", q: string, cursor: string): Promise<Page> {
  const got = await api("get", "/orgs", { query: { kind, q, cursor } });
  return { items: got.items.map((o) => ({ id: o.id, name: o.name, hint: o.above[o.above.length - 1]?.name })), next_cursor: got.next_cursor };
}

/** findBranch finds communities, then compounds: where Party branches are. */
export async function findBranch(q: string, cursor: string): Promise<Page> {
  const compounds = await findPlace("compound", q, cursor);
  return cursor ? compounds : { ...compounds, items: [...(await findPlace("community", q, "")).items, ...compounds.items] };
}
