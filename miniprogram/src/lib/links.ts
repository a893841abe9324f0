/** What a feature says of a page in its feature.json. */
export interface Page {
  url: string;
  title: string;
  /** The address that notices, codes and chat replies carry, after /app/#: /tickets/:number. */
  link?: string;
  tab?: Tab;
  entry?: Entry;
}

/** Who is meant: a role of the API's, contact (whoever answers for a work unit), or staff (a contact, and whoever holds a post). Nobody named = everybody. */
export type Role = string;

export interface Tab {
  text: string;
  icon: string;
  order: number;
  roles?: Role[];
}

/** A row that leads to a page from home, the desk (工作台) or 我的. */
export interface Entry {
  on: "home" | "work" | "me";
  text: string;
  hint?: string;
  icon: string;
  order: number;
  roles?: Role[];
}

/** resolve finds the page that a link means, with its parameters; undefined when there is none. */
export function resolve(link: string, pages: Page[]): string | undefined {
  const [path = "", query = ""] = link.split("?");
  const parts = path.split("/").filter(Boolean);
  for (const page of pages) {
    const pattern = page.link?.split("/").filter(Boolean);
    if (!pattern || pattern.length !== parts.length) continue;
    const params: string[] = [];
    const fits = pattern.every((p, i) => {
      const part = parts[i] ?? "";
      if (!p.startsWith(":")) return p === part;
      params.push(`${p.slice(1)}=${encodeURIComponent(decode(part))}`);
      return true;
    });
    if (!fits) continue;
    if (query) params.push(query);
    return page.url + (params.length ? `?${params.join("&")}` : "");
  }
  return undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** may says whether something for these roles is for this person. */
export function may(roles: Role[] | undefined, held: string[]): boolean {
  if (!roles) return true;
  const staff = held.some((r) => r !== "resident" && r !== "member");
  return roles.some((r) => (r === "staff" ? staff : held.includes(r)));
}

/** tabs are the pages of the tab bar, in order. */
export function tabs(pages: Page[], held: string[]): (Page & { tab: Tab })[] {
  return pages.filter((p): p is Page & { tab: Tab } => !!p.tab && may(p.tab.roles, held)).sort((a, b) => a.tab.order - b.tab.order);
}

/** entries are the rows that lead to pages from one place, in order. */
export function entries(pages: Page[], on: Entry["on"], held: string[]): (Page & { entry: Entry })[] {
  return pages.filter((p): p is Page & { entry: Entry } => p.entry?.on === on && may(p.entry.roles, held)).sort((a, b) => a.entry.order - b.entry.order);
}
