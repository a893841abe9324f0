// Forms: one request at a time, the server's words at their fields, and text that survives.
import { reactive, watch } from "vue";
import { type Trouble, troubleOf } from "@/api/trouble";
import { keep, recall } from "@/lib/keep";
import { newKey } from "@/lib/random";

export interface Form {
  busy: boolean;
  trouble: Trouble | null;
  /** What the server says of a field, by its name in the API, or of a part of one: slots[1].name. */
  error: (field: string) => string;
  /** What it says of no field that is shown; show it above the button. */
  rest: (...shown: string[]) => string;
  /** send runs a request unless one runs already (double taps), with the key that stays the same
   * until it succeeds. Gives its answer, or undefined when it failed. */
  send: <T>(request: (key: string) => Promise<T>) => Promise<T | undefined>;
  clear: () => void;
}

/** useForm is the state of one form. */
export function useForm(): Form {
  let key = newKey();
  const form: Form = reactive({
    busy: false,
    trouble: null as Trouble | null,
    error: (field: string) => form.trouble?.fields[field] ?? form.trouble?.parts[field] ?? "",
    rest: (...shown: string[]) => {
      if (!form.trouble) return "";
      const others = Object.entries(form.trouble.fields).filter(([f]) => !shown.includes(f)).map(([, message]) => message);
      return [form.trouble.message, ...others.filter((m) => m !== form.trouble?.message)].join("；");
    },
    async send<T>(request: (key: string) => Promise<T>) {
      if (form.busy) return undefined;
      Object.assign(form, { busy: true, trouble: null });
      try {
        const answer = await request(key);
        key = newKey();
        return answer;
      } catch (error) {
        const trouble = troubleOf(error);
        form.trouble = trouble;
        if (!trouble.offline && trouble.status < 500) key = newKey(); // it was refused: what comes next is another request
        return undefined;
      } finally {
        form.busy = false;
      }
    },
    clear: () => { form.trouble = null; },
  });
  return form;
}

/** useDraft keeps what is being written under a name, so that a closed page, a lost session or
 * a way to WeChat and back loses nothing. `done` forgets it. */
export function useDraft<T extends object>(name: string, empty: T): { draft: T; done: () => void } {
  const draft = reactive({ ...empty, ...recall<Partial<T>>(`draft-${name}`) }) as T;
  watch(draft, () => keep(`draft-${name}`, draft), { deep: true });
  return {
    draft,
    done: () => {
      Object.assign(draft, empty);
      setTimeout(() => keep(`draft-${name}`, undefined));
    },
  };
}
