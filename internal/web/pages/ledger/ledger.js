// The ledgers: take a template, fill it, have it checked, import it, mend what
// the returned workbook marks; and take out what is there.
import { ask, fetched, session } from "/api.js";
import { byId, el, moment } from "/dom.js";
import { frame, tell } from "/frame.js";
import { corrections } from "/ledger/corrections.js";

const roles = { clerk: "台账员" };
const kinds = [
  ["orgs", "组织", "街道、社区、楼栋党小组、党员中心户、部门"],
  ["compounds", "小区", "管理方式、户数、党支部、居委会、业委会、物业公司"],
  ["posts", "职务", "书记、组长、网格员等职务和任职的人"],
  ["units", "单位", "机关、企业、社会组织和它们结对的社区"],
  ["members", "党员", "在职、直管、离退休、流动党员"],
  ["workers", "社区工作者", "社区书记、两委成员、大学生"],
  ["corrections", "更正申请"],
];
const states = { queued: "排队中", running: "进行中", done: "完成", refused: "有问题，没有导入", failed: "出错，没有导入" };
const shown = 50; // problems on the page; the workbook has them all

const { start, signIn } = frame({ roles, whom: "管理台账", begin });

let chosen = kinds[0];
let round = 0; // a file being watched belongs to a round; a newer one ends it

async function begin() {
  const wanted = location.hash.slice(1);
  chosen = kinds.find(([code]) => code === wanted) ?? kinds[0];
  byId("kinds").replaceChildren(...kinds.map((kind) => el("button", {
    type: "button", "aria-pressed": String(kind === chosen), click: () => { location.hash = kind[0]; },
  }, kind[1])));
  await draw();
}

async function draw() {
  round++;
  tell(null);
  const [code, name, about] = chosen;
  if (!about) return corrections(byId("view"), trouble);
  const outcome = el("div", { "aria-live": "polite" });
  const past = el("div", {});
  const file = el("input", { type: "file", accept: ".xlsx", "aria-label": `要导入的${name}表格` });
  const check = el("button", { type: "submit", class: "primary" }, "检查这份表格");
  const form = el("form", {
    class: "tools",
    submit: (event) => {
      event.preventDefault();
      if (!file.files.length) return tell(new Error("请先选择填好的表格（.xlsx）"));
      send(file.files[0], true, outcome, past, [check]);
    },
  }, file, check);
  file.addEventListener("change", () => { outcome.replaceChildren(); tell(null); });
  byId("view").replaceChildren(
    el("ol", { class: "steps" },
      el("li", { class: "panel" }, el("h2", {}, `下载${name}表格`), el("p", {}, `${about}。新建请用空白模板，更正请先导出现有台账，改完再导入。`),
        el("p", { class: "tools" },
          el("button", { type: "button", click: (e) => save(e.target, `/api/v1/templates/${code}`, `${name}模板.xlsx`) }, "下载空白模板"),
          el("button", { type: "button", click: (e) => save(e.target, `/api/v1/exports/${code}`, `${name}.xlsx`) }, "导出现有台账"))),
      el("li", { class: "panel" }, el("h2", {}, "填好后检查"), el("p", {}, "检查不会写入任何数据。一份表格要么全部导入，要么一行也不导入；同一份导入两次也不会重复。"), form),
      el("li", { class: "panel" }, el("h2", {}, "看结果"), outcome.children.length ? null : el("p", { class: "soft first" }, "检查后结果显示在这里。"), outcome)),
    el("section", { class: "panel" }, el("h2", {}, "我的导入记录"), past));
  await history(past);
}

async function save(button, path, name) {
  button.disabled = true;
  tell(null);
  try {
    const file = await fetched(path);
    const link = el("a", { href: URL.createObjectURL(file.content), download: file.name || name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    await trouble(error);
  }
  button.disabled = false;
}

// send sends a workbook and follows it to its end.
async function send(file, dry, outcome, past, buttons) {
  const mine = ++round;
  document.querySelector(".first")?.remove();
  buttons.forEach((b) => { b.disabled = true; });
  tell(null);
  outcome.replaceChildren(el("p", { class: "soft" }, "正在上传……"));
  try {
    const q = new URLSearchParams({ name: file.name, dry_run: String(dry) });
    let job = await ask("POST", `/api/v1/imports/${chosen[0]}?${q}`, file.slice(0, file.size, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
    while (mine === round && (job.state === "queued" || job.state === "running")) {
      outcome.replaceChildren(el("p", {}, job.total ? `已处理 ${job.done} / ${job.total} 行` : "正在读取表格……"),
        el("progress", job.total ? { max: job.total, value: job.done } : {}));
      await new Promise((go) => { setTimeout(go, 600); });
      job = await ask("GET", `/api/v1/imports/${job.id}`);
    }
    if (mine === round) outcome.replaceChildren(...told(job, () => send(file, false, outcome, past, buttons)));
  } catch (error) {
    outcome.replaceChildren();
    await trouble(error);
  }
  buttons.forEach((b) => { b.disabled = false; });
  if (mine === round) await history(past);
}

// told is how a job ended, and what to do next.
function told(job, confirm) {
  const sum = `共 ${job.total} 行：新增 ${job.created}，更改 ${job.changed}，没有变化 ${job.same}`;
  const passed = job.notes.map((n) => el("p", { class: "soft" }, n));
  if (job.state === "done" && !job.dry_run) return [el("p", { class: "good" }, `导入完成。${sum}。`), ...passed];
  if (job.state === "done") {
    if (!job.created && !job.changed) return [el("p", { class: "good" }, `检查通过，${sum}。和现有台账一致，不用再导入。`), ...passed];
    return [el("p", { class: "good" }, `检查通过，还没有写入。${sum}。`), ...passed, el("button", { type: "button", class: "primary", click: confirm }, "确认导入")];
  }
  if (job.state === "failed") return [el("p", { class: "trouble" }, job.problems[0]?.reason ?? "系统出错，没有写入任何数据，请重试。")];
  const more = job.bad - Math.min(job.problems.length, shown);
  return [
    el("p", { class: "trouble" }, `有 ${job.bad} 处问题，没有写入任何数据。请下载标好问题的表格，改正后再检查一次。`),
    el("p", {}, el("button", { type: "button", class: "primary", click: (e) => save(e.target, `/api/v1/imports/${job.id}/workbook`, `标注-${job.name}`) }, "下载标好问题的表格")),
    el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "text" },
      el("thead", {}, el("tr", {}, ...["工作表", "行", "列", "问题"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...job.problems.slice(0, shown).map((p) => el("tr", {},
        el("td", {}, p.sheet), el("td", {}, p.line ? String(p.line) : "—"), el("td", {}, p.column || "—"), el("td", {}, p.reason)))))),
    ...passed,
    ...(more > 0 ? [el("p", { class: "soft" }, `还有 ${more} 处，都标在表格里。`)] : []),
  ];
}

// history lists what this person sent before.
async function history(past) {
  try {
    const list = (await ask("GET", "/api/v1/imports?limit=20")).items.filter((job) => job.kind === chosen[0]);
    if (!list.length) return past.replaceChildren(el("p", { class: "soft" }, "还没有导入过。"));
    past.replaceChildren(el("div", { class: "scroll", tabindex: "0" }, el("table", { class: "text history" },
      el("thead", {}, el("tr", {}, ...["时间", "文件", "结果", "行数"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...list.map((job) => el("tr", {},
        el("td", {}, moment(job.created_at)), el("td", {}, job.name),
        el("td", {}, `${job.dry_run ? "检查：" : ""}${states[job.state] ?? job.state}${job.bad ? `，${job.bad} 处问题` : ""}`), el("td", {}, String(job.total))))))));
  } catch (error) {
    await trouble(error);
  }
}

async function trouble(error) {
  tell(error);
  if (error.status === 401) {
    session.token = null;
    await signIn();
  }
}

addEventListener("hashchange", () => { if (session.token) begin(); });
start();
