// How pages get what they show: one call, with the states that every page has.
import { reactive, ref, type Ref } from "vue";
import { onLoad, onShow } from "@dcloudio/uni-app";
import { type Trouble, troubleOf } from "@/api/trouble";

export type Query = Record<string, string | undefined>;

/** Loading is what FenPage shows of it. */
export interface Loading {
  state: "loading" | "ready" | "error";
  trouble: Trouble | null;
  again: () => Promise<void>;
}

/** useLoad calls `ask` with the page's parameters when the page opens, and again, without a
 * skeleton, whenever it is shown anew. Give `load` to FenPage; `data` is what came. */
export function useLoad<T>(ask: (query: Query) => Promise<T>): { load: Loading; data: Ref<T | undefined>; query: Query } {
  const data = ref<T>() as Ref<T | undefined>;
  const query = reactive<Query>({});
  let latest = 0, shown = false;
  const load = reactive<Loading>({ state: "loading", trouble: null, again });

  async function again(): Promise<void> {
    const mine = ++latest;
    if (load.state === "error") load.state = "loading";
    try {
      const got = await ask(query);
      if (mine !== latest) return;
      data.value = got;
      Object.assign(load, { state: "ready", trouble: null });
    } catch (error) {
      if (mine !== latest) return;
      const trouble = troubleOf(error);
      if (load.state === "ready" && trouble.offline) return; // what was there stays
      Object.assign(load, { state: "error", trouble });
    }
  }

  onLoad((q) => {
    for (const [k, v] of Object.entries((q ?? {}) as Query)) query[k] = v === undefined ? undefined : decoded(v);
    void again();
  });
  onShow(() => {
    if (shown && load.state === "ready") void again();
    shown = true;
  });
  return { load, data, query };
}

function decoded(v: string): string {
  try {
    return decodeURIComponent(v);
  } catch {
    return v;
  }
}

/** Paged is a list that grows by its cursor. Give it to FenList. */
export interface Paged<T> {
  items: T[];
  state: "loading" | "ready" | "error";
  trouble: Trouble | null;
  /** There is more to fetch. */
  more: boolean;
  /** Fetching more. */
  busy: boolean;
  /** Starts anew, from the first page. */
  again: () => Promise<void>;
  /** Starts anew because something else is asked for: what was there goes at once. */
  turn: () => Promise<void>;
  next: () => Promise<void>;
}

/** usePaged fetches a list page by page; `again` starts it (useLoad's or the page's onLoad calls it, or start: true). */
export function usePaged<T>(ask: (cursor: string) => Promise<{ items: T[]; next_cursor: string }>): Paged<T> {
  let cursor = "", latest = 0;
  const list = reactive({ items: [], state: "loading", trouble: null, more: false, busy: false, again, turn, next }) as Paged<T>;

  async function fetch(from: string): Promise<void> {
    const mine = ++latest;
    list.busy = true;
    if (list.state === "error" && !list.items.length) list.state = "loading";
    try {
      const page = await ask(from);
      if (mine !== latest) return;
      list.items = from ? [...list.items, ...page.items] : page.items;
      cursor = page.next_cursor;
      Object.assign(list, { more: !!cursor, state: "ready", trouble: null });
    } catch (error) {
      if (mine !== latest) return;
      Object.assign(list, { state: "error", trouble: troubleOf(error) });
    } finally {
      if (mine === latest) list.busy = false;
    }
  }

  function again(): Promise<void> { return fetch(""); }
  function turn(): Promise<void> {
    Object.assign(list, { items: [], state: "loading" });
    return again();
  }
  async function next(): Promise<void> { if (!list.busy && list.more) await fetch(cursor); }
  return list;
}
