// An import that goes on at the server, watched from here.
import { reactive } from "vue";
import { onUnload } from "@dcloudio/uni-app";
import { api, type Trouble, troubleOf } from "@/api";
import { ended, type Import } from "./told";

/** How often is asked, in milliseconds: while it goes, and while there is no network. */
const SOON = 1000, LATER = 3000;

export interface Watched {
  job: Import | null;
  /** The network is away; the import goes on without it. */
  lost: boolean;
  trouble: Trouble | null;
  /** follow watches an import until it has ended, or something else is watched. */
  follow: (job: Import) => Promise<void>;
  forget: () => void;
}

/** useJob watches one import at a time, as long as the page is open. */
export function useJob(): Watched {
  let turn = 0;
  const forget = (): void => { turn++; Object.assign(watched, { job: null, lost: false, trouble: null }); };
  async function follow(job: Import): Promise<void> {
    const mine = ++turn;
    Object.assign(watched, { job, lost: false, trouble: null });
    while (!ended(job)) {
      await new Promise((go) => setTimeout(go, watched.lost ? LATER : SOON));
      if (mine !== turn) return;
      try {
        job = await api("get", "/imports/{id}", { path: { id: job.id } });
        if (mine !== turn) return;
        Object.assign(watched, { job, lost: false });
      } catch (error) {
        if (mine !== turn) return;
        const trouble = troubleOf(error);
        watched.lost = trouble.offline || trouble.status >= 500;
        if (!watched.lost) return void (watched.trouble = trouble);
      }
    }
  }
  const watched: Watched = reactive({ job: null, lost: false, trouble: null, follow, forget }) as Watched;
  onUnload(() => { turn++; });
  return watched;
}
