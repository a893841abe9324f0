// What people asked to have corrected about them: compare it with their
// documents, then correct it or say why not.
import { ask } from "/api.js";
import { el, moment } from "/dom.js";

// corrections shows those that wait, and calls trouble(error) when something fails.
export async function corrections(view, trouble) {
  const list = el("div", {});
  view.replaceChildren(el("section", { class: "panel" }, el("h2", {}, "更正申请"),
    el("p", {}, "居民、党员本人提出的更正。请当面或打电话核对证件后再办理；更正后台账立即改变，本人看得到办理结果。")), list);
  const load = async (cursor = "") => {
    const found = await ask("GET", `/api/v1/corrections?limit=20&cursor=${cursor}`);
    if (!cursor) list.replaceChildren();
    if (!cursor && !found.items.length) list.append(el("p", { class: "panel soft" }, "没有待办的更正申请。"));
    list.append(...found.items.map((one) => card(one, trouble)));
    if (found.next_cursor) {
      const more = el("button", { type: "button", click: () => { more.remove(); load(found.next_cursor).catch(trouble); } }, "更多");
      list.append(more);
    }
  };
  await load().catch(trouble);
}

function card(one, trouble) {
  const value = el("b", {}, one.value);
  const answer = el("input", { type: "text", maxlength: "200", placeholder: "答复，例如：已核对身份证", "aria-label": `给${one.name}的答复` });
  const act = (text, style, does) => el("button", {
    type: "button", class: style,
    click: async (event) => {
      event.target.disabled = true;
      await does().catch(trouble);
      event.target.disabled = false;
    },
  }, text);
  const decide = async (accepted) => {
    await ask("POST", `/api/v1/corrections/${one.id}/decision`, { accepted, answer: answer.value.trim() });
    box.replaceChildren(el("p", { class: "good" }, `${one.name}的${one.field.name}：${accepted ? "已更正" : "不予更正，已答复"}。`));
  };
  const other = one.field.code === "other";
  const whole = other || one.field.code === "name";
  const box = el("article", { class: "panel" },
    el("h2", {}, `${one.name} · ${one.field.name}`), el("p", { class: "soft" }, `${one.org}，${moment(one.created_at)} 申请`),
    el("p", {}, other ? "内容：" : "应为：", value),
    other ? el("p", { class: "soft" }, "请先在对应的台账里改好，再点「已更正」。") : null,
    el("p", { class: "tools" }, answer),
    el("p", { class: "tools" },
      whole ? null : act("查看完整内容（留有记录）", "", async () => { value.textContent = (await ask("POST", `/api/v1/corrections/${one.id}/reveal`)).value; }),
      act(other ? "已更正" : "已核对，更正", "primary", () => decide(true)), act("不予更正", "", () => decide(false))));
  return box;
}
