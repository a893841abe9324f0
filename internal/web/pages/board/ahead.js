// The first question, asked while the rest of the board is still on its way:
// whoever is signed in already need not wait for it to be read.
import { session } from "/api.js";
import { where } from "./address.js";
import { below, rates } from "./rates.js";

const at = where();
const home = sessionStorage.getItem("fenlin-home") ?? "city"; // what the highest unit of the caller likely is
const by = at.by ?? (at.org ? undefined : below[home]);
const table = session.token && !["wall", "measure", "ticket", "view"].some((name) => name in at) ? rates(at, by) : null;
table?.catch(() => {}); // told by whoever waits for it

let first = { hash: location.hash, by, table };

// askFirst gives the first question's answer if it is the same, once; else it asks.
export function askFirst(at, by) {
  const { hash, by: asked, table } = first;
  first = {};
  return table && hash === location.hash && asked === by ? table : rates(at, by);
}
