// Charts: panels that draw themselves once what they are drawn with has come,
// which is after the numbers; without it the board shows numbers and tables.
import { byId, el } from "/dom.js";

const address = document.body.dataset.charts;
let coming = null;

export const hasCharts = () => Boolean(address);

const engine = () => (coming ??= import(address).catch((error) => { coming = null; throw error; }));

// noCharts says why there are none.
export const noCharts = () => el("p", { class: "soft note" }, "这个程序构建时没有带图表（用 make build 构建就有），数字和表格照常可用。");

// colours of the page as it is now, light or dark.
function palette() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"), soft: of("--soft"), line: of("--line"), paper: of("--paper"), green: of("--c-green"), blue: of("--c-blue"), amber: of("--c-amber"), red: of("--c-red"), grey: of("--c-grey"),
    size: Number.parseFloat(style.fontSize) * 0.82, font: getComputedStyle(document.body).fontFamily,
  };
}

// chart is a panel with a heading. make(colours, size) gives what ECharts is to
// draw; pick, when something in it was clicked, gets the index along axis (x or
// y), or without one the datum itself.
export function chart({ title, note, make, axis, pick, controls = [], tall, empty }) {
  if (empty) return el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, title), el("div", { class: "tools" }, ...controls)), el("p", { class: "soft note" }, empty), el("p", { class: "soft note" }, note));
  const canvas = el("div", { class: `chart ${tall ?? ""}`, role: "img", "aria-label": `${title}。${note ?? ""}` });
  const save = el("button", { type: "button", class: "small noprint", title: `把「${title}」存成图片` }, "存图片");
  const panel = el("section", { class: "panel flush" }, el("div", { class: "bar" }, el("h2", {}, title), el("div", { class: "tools" }, ...controls, save)), canvas, note ? el("p", { class: "soft note" }, note) : null);
  let drawn = null;
  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const redraw = () => drawn?.setOption({ animation: false, textStyle: { fontFamily: palette().font }, ...make(palette(), size()) }, true);
  const begin = async () => {
    const { init } = await engine();
    if (drawn || !canvas.isConnected || !canvas.clientWidth) return;
    drawn = init(canvas, null, { renderer: "canvas" });
    redraw();
    if (!pick) return;
    const at = (e) => {
      const point = [e.offsetX, e.offsetY];
      if (!drawn.containPixel({ gridIndex: 0 }, point)) return null;
      const i = drawn.convertFromPixel({ gridIndex: 0 }, point)[axis === "x" ? 0 : 1];
      return Math.round(i);
    };
    if (!axis) return drawn.on("click", (e) => pick(e.data));
    drawn.getZr().on("click", (e) => { const i = at(e); if (i !== null) pick(i); });
    drawn.getZr().on("mousemove", (e) => drawn.getZr().setCursorStyle(at(e) === null ? "default" : "pointer"));
  };
  new ResizeObserver((_, seen) => {
    if (!canvas.isConnected) { seen.disconnect(); drawn?.dispose(); drawn = null; return; }
    if (drawn) { drawn.resize(); redraw(); } else begin().catch(() => { canvas.textContent = "图表没有加载出来，刷新页面再试。"; });
  }).observe(canvas);
  save.addEventListener("click", () => drawn && picture(drawn, title, note));
  panel.redraw = redraw;
  return panel;
}

// picture saves a chart as PNG with its heading, for slides and papers.
function picture(drawn, title, note) {
  const from = drawn.getDom().querySelector("canvas"), c = palette();
  const scale = from.width / from.clientWidth, head = 64 * scale;
  const to = document.createElement("canvas");
  to.width = from.width;
  to.height = from.height + head;
  const pen = to.getContext("2d");
  pen.fillStyle = c.paper;
  pen.fillRect(0, 0, to.width, to.height);
  pen.drawImage(from, 0, head);
  pen.fillStyle = c.ink;
  pen.font = `600 ${18 * scale}px ${c.font}`;
  pen.fillText(`${byId("path").textContent.split("›").pop()}　${title}`, 14 * scale, 28 * scale);
  pen.fillStyle = c.soft;
  pen.font = `${13 * scale}px ${c.font}`;
  pen.fillText(note ?? "", 14 * scale, 52 * scale, to.width - 28 * scale);
  to.toBlob((blob) => keep(blob, `${title}.png`), "image/png");
}

// keep saves a file under a name.
export function keep(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
