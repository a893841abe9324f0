// Every page there is, as feature.json files name them, and addresses of them that lead to something.
import { readFile } from "node:fs/promises";

const made = await readFile(new URL("../../miniprogram/src/made/pages.ts", import.meta.url), "utf8");
export const pages = JSON.parse(/= (\[.*\]);/s.exec(made)[1]);

/** Lists of another name than their pages' links. */
const lists = { organise: "me/activities?view=organised&", points: "service-points?" };

/** sample is a page's address for a person: what stands in its link is a ticket's number, or the first that the list
 * of that name has for them; real = there is one. */
export async function sample(api, page, ticket) {
  if (!page.link) return { at: `${page.url}?number=${ticket}`, real: true };
  const names = page.link.match(/:\w+/g) ?? [];
  if (!names.length) return { at: page.link, real: true };
  const list = page.link.split("/")[1];
  let found;
  if (list === "tickets") found = { number: ticket };
  else {
    try {
      found = (await api.ask("GET", `/api/v1/${lists[list] ?? `${list}?`}limit=1`)).items?.[0];
    } catch {
      // not a list, or not theirs
    }
  }
  const at = page.link.replace(/:(\w+)/g, (_, name) => encodeURIComponent(found?.[name] ?? "1"));
  return { at, real: !!found };
}

/** firstTicket is a ticket that a person may see, or a number of none. */
export async function firstTicket(api, view) {
  const list = await api.ask("GET", `/api/v1/tickets?view=${view}&limit=1`);
  return list.items[0]?.number ?? "1";
}
