// The board: sign in, choose a period, and go from the city down to the tickets
// behind a number. Where one stands is in the address, so that the browser's
// way back works and a view can be printed or sent on. `#wall` is for screens on walls.
import { ask, fetched, session } from "/api.js";
import { byId, el } from "/dom.js";
import { frame, tell } from "/frame.js";
import { away, go, where } from "./address.js";
import { askFirst } from "./ahead.js";
import { beforeText, heads, trust } from "./heads.js";
import { presets, setPeriod, periodOf } from "./period.js";
import { below, path, question, rates } from "./rates.js";
import { ratesTable } from "./table.js";

const roles = {
  city_secretary: "市委社会工作部", clerk: "台账员", subdistrict_secretary: "街道党工委书记",
  community_secretary: "社区党组织书记", branch_secretary: "小区党支部书记",
};

const { start, signIn } = frame({ roles, whom: "看板", begin });
const known = new Map(); // the kinds of units that were met
let drawing = 0;
let home = sessionStorage.getItem("fenlin-home") ?? "city"; // what the highest unit of the caller likely is
let leaveWall = null;

function begin(me) {
  const posts = me.posts.filter((p) => roles[p.role]).map((p) => p.org.kind);
  home = ["city", "subdistrict", "community", "compound"].find((kind) => posts.includes(kind)) ?? "city";
  sessionStorage.setItem("fenlin-home", home);
  ask("GET", "/api/v1/categories").then(({ items }) => {
    byId("category").append(...items.map((c) => el("option", { value: c.code }, c.name)));
    byId("category").value = where().category ?? "";
  }).catch(() => {}); // the list is a help, not the board
  return draw();
}

// dark follows the machine; a wall always is.
function dress(wall) {
  document.documentElement.toggleAttribute("data-dark", wall || matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.toggleAttribute("data-wall", wall);
}

async function draw() {
  const at = where();
  const mine = ++drawing;
  const wall = "wall" in at;
  leaveWall?.();
  leaveWall = null;
  dress(wall);
  byId("wall").hidden = false;
  setPeriod(at);
  byId("category").value = at.category ?? "";
  const view = byId("view");
  if (!view.children.length) view.replaceChildren(el("p", { class: "soft" }, "正在计算……"));
  view.toggleAttribute("data-busy", true);
  tell(null);
  try {
    if (wall) {
      leaveWall = (await import("./wall.js")).wall(at, view, home);
    } else {
      const shown = await page(at);
      if (mine !== drawing) return;
      view.replaceChildren(...shown.first);
      if (shown.next) {
        await new Promise((painted) => { setTimeout(painted, 50); requestAnimationFrame(() => setTimeout(painted)); }); // a tab out of sight gets no frames
        if (mine !== drawing) return;
        view.append(...shown.next());
      }
      shown.rest?.((parts) => mine === drawing && view.append(...parts.filter(Boolean)), (error) => mine === drawing && tell(error));
    }
  } catch (error) {
    if (mine !== drawing) return;
    view.replaceChildren();
    tell(error);
    if (error.status === 401) {
      session.token = null;
      await signIn();
    }
  } finally {
    if (mine === drawing) view.toggleAttribute("data-busy", false);
  }
}

async function page(at) {
  if (at.ticket) return { first: await (await import("./ticket.js")).showTicket(at) };
  if (at.measure) return { first: await (await import("./tickets.js")).showTickets(at) };
  if (at.view === "figures") {
    const { figures, figuresTable } = await import("./figures.js");
    const [whole, found] = await Promise.all([rates(at), figures()]);
    path(at, whole.org);
    return { first: [figuresTable(found)] };
  }
  return overview(at);
}


// guess is what rows are likely made of, before the unit's kind is known.
const guess = (at) => at.by ?? below[known.get(at.org) ?? (at.org ? "" : home)];

// overview is a unit's numbers, and then what can be drawn of them.
async function overview(at) {
  let by = guess(at);
  let table = await askFirst(at, by);
  known.set(at.org, table.org.kind);
  if (!at.by && by !== below[table.org.kind]) table = await rates(at, (by = below[table.org.kind] ?? "category"));
  for (const row of table.rows) if (table.by !== "category") known.set(row.key, table.by);
  path(at, table.org);
  byId("path").append(table.org.kind === "city" ? el("button", { type: "button", class: "aside noprint", click: () => go({ ...away, view: "figures" }) }, "市里公布的数字") : "");
  const first = [heads(table), el("p", { class: "soft note asof" }, [`共 ${table.total.accepted} 件，`, `数字截至 ${table.as_of.slice(0, 16).replace("T", " ")}。`, beforeText(table)].join("")), trust(table)];
  if (!table.total.accepted && (at.period ?? "year") !== "three" && !at.from) {
    first.splice(2, 0, el("p", { class: "panel" }, "这段时间还没有工单。", el("button", { type: "button", click: () => go({ period: "three" }) }, "看近三年")));
  }
  return { first: first.filter(Boolean), next: () => [ratesTable(at, table, table.org.kind)], rest: (add, fail) => import("./overview.js").then(({ below }) => below(at, table)).then(add, fail) };
}

byId("print").addEventListener("click", () => print());
byId("wall").addEventListener("click", () => {
  document.documentElement.requestFullscreen?.().catch(() => {}); // a wall without it is fine too
  go({ ...away, wall: "1" });
});
addEventListener("keydown", (event) => { if (event.key === "Escape" && "wall" in where()) go({ wall: null }); });
byId("preset").addEventListener("change", () => {
  const name = byId("preset").value;
  if (presets[name]) go({ ...away, period: name, from: null, to: null });
  else byId("days").hidden = false;
});
byId("category").addEventListener("change", () => go({ ...away, category: byId("category").value }));
byId("period").addEventListener("submit", (event) => {
  event.preventDefault();
  const before = location.hash;
  go({ ...away, period: null, from: byId("from").value, to: byId("to").value });
  if (location.hash === before) draw();
});
byId("excel").addEventListener("click", async () => {
  const at = where(), q = question(at, periodOf(at));
  q.set("by", at.by ?? below[known.get(at.org) ?? home] ?? "category");
  byId("excel").disabled = true;
  try {
    const { content, name } = await fetched(`/api/v1/stats/rates.xlsx?${q}`);
    (await import("./draw.js")).keep(content, name);
  } catch (error) { tell(error); }
  byId("excel").disabled = false;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (session.token) draw(); });
addEventListener("hashchange", () => { if (session.token) draw(); });
dress("wall" in where());
start();
