// The frame of a page for people at work: signing in, large text, leaving, and
// the place where troubles are told.
import { ask, session } from "/api.js";
import { byId, el } from "/dom.js";

export function tell(error) {
  const p = byId("trouble");
  p.hidden = !error;
  p.textContent = error ? error.message : "";
}

function large(on) {
  document.documentElement.toggleAttribute("data-large", on);
  byId("large").setAttribute("aria-pressed", String(on));
  localStorage.setItem("fenlin-large", on ? "1" : "");
}

// frame's start shows begin(me) to whoever is signed in. Roles are those that the demo
// offers, by rank, with their names; whom says for what, when there is nobody.
export function frame({ roles, whom, begin }) {
  const order = Object.keys(roles);
  const work = byId("work");

  async function start() {
    if (!session.token && !(await byWeChat())) return signIn();
    let me;
    try {
      me = await ask("GET", "/api/v1/me");
    } catch (error) {
      session.token = null;
      tell(error);
      return signIn();
    }
    byId("sign-in").hidden = true;
    work.hidden = false;
    byId("leave").hidden = false;
    byId("who").textContent = [me.name, me.posts[0]?.title].filter(Boolean).join(" · ");
    await begin(me);
  }

  async function enter(code) {
    try {
      tell(null);
      session.token = (await ask("POST", "/api/v1/sessions", { code, client: "h5" })).token;
      await start();
    } catch (error) {
      tell(error);
    }
  }

  async function signIn() {
    work.hidden = true;
    byId("leave").hidden = true;
    byId("who").textContent = "";
    const section = byId("sign-in");
    section.hidden = false;
    const demo = section.dataset.demo === "true";
    section.replaceChildren(el("h2", {}, "登录"), ...byCode(enter));
    if (demo) section.append(...(await byPerson(enter)));
  }

  // byPerson offers the people of the sample city.
  async function byPerson(enter) {
    const list = el("div", { class: "people", "aria-live": "polite" }, "正在读取人物……");
    const search = el("input", { type: "search", placeholder: "姓名、单位或职务", autocomplete: "off" });
    const rank = (p) => Math.min(...p.roles.map((r) => order.indexOf(r)).filter((i) => i >= 0));
    const load = async () => {
      const people = (await ask("GET", "/sim/people")).filter((p) => p.roles.some((r) => roles[r])).sort((a, b) => rank(a) - rank(b));
      const draw = () => {
        const q = search.value.trim();
        const found = people.filter((p) => !q || [p.name, p.org, ...p.roles.map((r) => roles[r] ?? "")].some((text) => text.includes(q)));
        list.replaceChildren(...found.slice(0, 60).map((p) => el("button", { type: "button", click: () => enter(`sim:${p.openid}`) },
          p.name, el("small", {}, `${p.org} · ${p.roles.filter((r) => roles[r]).map((r) => roles[r]).join("、")}`))));
        if (!found.length) list.textContent = people.length ? "没有找到，换个词试试。" : `这里还没有可以${whom}的人物。`;
        else if (found.length > 60) list.append(el("p", { class: "soft" }, `还有 ${found.length - 60} 位，请输入姓名、单位或职务查找。`));
      };
      search.addEventListener("input", draw);
      draw();
    };
    load().catch((error) => { list.textContent = ""; tell(error); });
    return [
      el("p", {}, "这是演示，也可以直接选一个人物。看到的范围就是这个岗位负责的范围。"),
      el("p", {}, el("label", {}, "查找 ", search)), list,
    ];
  }

  byId("large").addEventListener("click", () => large(!document.documentElement.hasAttribute("data-large")));
  byId("leave").addEventListener("click", async () => {
    try { await ask("DELETE", "/api/v1/sessions"); } catch { /* it ends by itself */ }
    session.token = null;
    history.replaceState(null, "", location.pathname);
    await signIn();
  });
  large(localStorage.getItem("fenlin-large") === "1");
  return { start, signIn };
}

// byWeChat signs in whoever opened the page inside WeChat: it goes there and comes
// back with a one-time code, and with the state it left with. False: ask for digits.
async function byWeChat() {
  if (!/MicroMessenger/i.test(navigator.userAgent)) return false;
  const back = new URLSearchParams(location.search);
  const left = sessionStorage.getItem("fenlin-left");
  sessionStorage.removeItem("fenlin-left");
  if (!left) {
    const state = crypto.randomUUID();
    sessionStorage.setItem("fenlin-left", `${state}${location.hash}`);
    location.replace(`/oauth/start?${new URLSearchParams({ to: location.pathname, state })}`);
    return new Promise(() => {}); // the page goes away
  }
  const [state, hash = ""] = left.split("#");
  history.replaceState(null, "", location.pathname + (hash && `#${hash}`));
  if (!back.get("code") || back.get("state") !== state) return false;
  try {
    session.token = (await ask("POST", "/api/v1/sessions", { code: back.get("code"), client: "h5" })).token;
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

// byCode asks for the digits that the account sends in the chat.
function byCode(enter) {
  const digits = el("input", { type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "12", required: true, "aria-label": "登录码", placeholder: "8 位数字" });
  const form = el("form", {
    class: "tools",
    submit: (event) => {
      event.preventDefault();
      const code = digits.value.replace(/\D/g, "");
      digits.value = "";
      enter(`chat:${code}`);
    },
  }, digits, el("button", { class: "primary" }, "进入"));
  return [el("p", {}, "请在微信公众号里发送「登录」，把收到的数字填在这里，五分钟内有效。"), form];
}
