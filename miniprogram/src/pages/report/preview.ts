// What is understood of a sentence while it is being written.
import { reactive, watch } from "vue";
import { api, type Schema, type Trouble, troubleOf } from "@/api";

export type Preview = Schema<"PreviewView">;
export type Report = Schema<"ReportInput">;

/** Quiet is how long nobody types before the sentence is looked at, in milliseconds. */
const QUIET = 600;
const SHORTEST = 4;

/** usePreview asks for `report()` when it has not changed for a moment; an older answer never overtakes a newer one. */
export function usePreview(report: () => Report): { seen: Preview | null; busy: boolean; trouble: Trouble | null } {
  const state = reactive({ seen: null as Preview | null, busy: false, trouble: null as Trouble | null });
  let timer: ReturnType<typeof setTimeout> | undefined, turn = 0;
  watch(() => JSON.stringify(report()), (_, before) => {
    clearTimeout(timer);
    const mine = ++turn;
    if (report().text.trim().length < SHORTEST) return Object.assign(state, { seen: null, busy: false, trouble: null });
    state.busy = true;
    timer = setTimeout(async () => {
      try {
        const seen = await api("post", "/tickets/preview", { body: report() });
        if (mine === turn) Object.assign(state, { seen, trouble: null });
      } catch (error) {
        if (mine === turn) state.trouble = troubleOf(error);
      }
      if (mine === turn) state.busy = false;
    }, before === undefined ? 0 : QUIET);
  }, { immediate: true });
  return state;
}
