// The board: sign in, choose a period, and go from the city down to the tickets
// behind a number. Where one stands is in the address, so that the browser's
// way back works and a view can be printed or sent on.
import { ask, session } from "./api.js";
import { byId, el } from "/dom.js";
import { showRates } from "./rates.js";
import { showTicket } from "./ticket.js";
import { showTickets } from "./tickets.js";
import { presets, setPeriod } from "./period.js";
import { go, where } from "./address.js";

const roles = {
  branch_secretary: "小区党支部书记", community_secretary: "社区党组织书记", subdistrict_secretary: "街道党工委书记",
  city_secretary: "市委社会工作部", clerk: "台账员",
};
const order = ["city_secretary", "clerk", "subdistrict_secretary", "community_secretary", "branch_secretary"];

function tell(error) {
  const p = byId("trouble");
  p.hidden = !error;
  p.textContent = error ? error.message : "";
}

async function signIn() {
  byId("board").hidden = true;
  byId("leave").hidden = true;
  byId("who").textContent = "";
  const section = byId("sign-in");
  section.hidden = false;
  const demo = section.dataset.demo === "true";
  byId("demo").hidden = !demo;
  byId("by-token").hidden = demo;
  if (!demo) return;
  const list = byId("people");
  list.textContent = "正在读取人物……";
  let people;
  try {
    people = await ask("GET", "/sim/people");
  } catch (error) {
    list.textContent = "";
    tell(error);
    return;
  }
  const rank = (p) => Math.min(...p.roles.map((r) => order.indexOf(r)).filter((i) => i >= 0));
  people = people.filter((p) => p.roles.some((r) => roles[r])).sort((a, b) => rank(a) - rank(b));
  const draw = () => {
    const q = byId("search").value.trim();
    const found = people.filter((p) => !q || p.name.includes(q) || p.org.includes(q));
    list.replaceChildren(...found.slice(0, 60).map((p) => el("button", { type: "button", click: () => enter(p.openid) },
      p.name, el("small", {}, `${p.org} · ${p.roles.filter((r) => roles[r]).map((r) => roles[r]).join("、")}`))));
    if (!found.length) list.textContent = people.length ? "没有找到，换个词试试。" : "这里还没有可以看板的人物。";
    else if (found.length > 60) list.append(el("p", { class: "soft" }, `还有 ${found.length - 60} 位，请输入姓名或单位查找。`));
  };
  byId("search").oninput = draw;
  draw();
}

async function enter(openid) {
  try {
    tell(null);
    session.token = (await ask("POST", "/api/v1/sessions", { code: `sim:${openid}`, client: "h5" })).token;
    await start();
  } catch (error) {
    tell(error);
  }
}

async function start() {
  if (!session.token) return signIn();
  let me;
  try {
    me = await ask("GET", "/api/v1/me");
  } catch (error) {
    session.token = null;
    tell(error);
    return signIn();
  }
  byId("sign-in").hidden = true;
  byId("board").hidden = false;
  byId("leave").hidden = false;
  byId("who").textContent = [me.name, me.posts[0]?.title].filter(Boolean).join(" · ");
  await draw();
}

let drawing = 0;

async function draw() {
  const at = where();
  const mine = ++drawing;
  setPeriod(at);
  byId("by").value = at.by ?? "";
  const view = byId("view");
  view.replaceChildren(el("p", { class: "soft" }, "正在计算……"));
  tell(null);
  try {
    const shown = await (at.ticket ? showTicket : at.measure ? showTickets : showRates)(at);
    if (mine === drawing) view.replaceChildren(...shown);
  } catch (error) {
    if (mine !== drawing) return;
    view.replaceChildren();
    tell(error);
    if (error.status === 401) {
      session.token = null;
      await signIn();
    }
  }
}

function large(on) {
  document.documentElement.toggleAttribute("data-large", on);
  byId("large").setAttribute("aria-pressed", String(on));
  localStorage.setItem("fenlin-large", on ? "1" : "");
}

byId("large").addEventListener("click", () => large(!document.documentElement.hasAttribute("data-large")));
byId("print").addEventListener("click", () => print());
byId("leave").addEventListener("click", async () => {
  try { await ask("DELETE", "/api/v1/sessions"); } catch { /* it ends by itself */ }
  session.token = null;
  history.replaceState(null, "", location.pathname);
  byId("path").replaceChildren();
  await signIn();
});
byId("by-token").addEventListener("submit", async (event) => {
  event.preventDefault();
  tell(null);
  session.token = byId("token").value.trim();
  byId("token").value = "";
  await start();
});
byId("preset").addEventListener("change", () => {
  const choose = presets[byId("preset").value];
  if (choose) go(choose());
});
byId("period").addEventListener("submit", (event) => {
  event.preventDefault();
  const next = { from: byId("from").value, to: byId("to").value, by: byId("by").value, measure: null, group: null, key: null, label: null, ticket: null };
  const before = location.hash;
  go(next);
  if (location.hash === before) draw();
});
addEventListener("hashchange", () => { if (session.token) draw(); });
large(localStorage.getItem("fenlin-large") === "1");
start();
