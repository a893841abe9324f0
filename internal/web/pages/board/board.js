// The board: sign in, choose a period, and go from the city down to the tickets
// behind a number. Where one stands is in the address, so that the browser's
// way back works and a view can be printed or sent on.
import { session } from "/api.js";
import { byId, el } from "/dom.js";
import { frame, tell } from "/frame.js";
import { showRates } from "./rates.js";
import { showTicket } from "./ticket.js";
import { showTickets } from "./tickets.js";
import { presets, setPeriod } from "./period.js";
import { go, where } from "./address.js";

const roles = {
  city_secretary: "市委社会工作部", clerk: "台账员", subdistrict_secretary: "街道党工委书记",
  community_secretary: "社区党组织书记", branch_secretary: "小区党支部书记",
};

const { start, signIn } = frame({ roles, whom: "看板", begin: draw });
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

byId("print").addEventListener("click", () => print());
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
start();
