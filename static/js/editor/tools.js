/** The canvas tools: select, connect two nodes, select an area; and zoom. */

import { $, h } from "../dom.js";
import { breakAt } from "../panels/break.js";
import { t } from "../panels/words.js";

/** @param {Stage} stage @param {Editor} editor */
export function tools(stage, editor) {
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tool]")]);
  let tool = "select";
  /** @type {string | null} */
  let from = null;
  const choose = (/** @type {string} */ name) => {
    tool = name;
    from = null;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    editor.host.classList.toggle("connecting", name === "connect");
    if (name === "lasso") editor.graph.disablePanning();
    else editor.graph.enablePanning();
  };
  for (const button of buttons) {
    button.onclick = () => {
      choose(button.dataset.tool ?? "select");
      if (tool === "connect") stage.emit("toast", { text: t("Press the node that asks, then the node that answers.") });
    };
  }
  for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".tools [data-break]")])) button.onclick = () => breakAt(stage, button.dataset.break ?? "");
  editor.graph.on("node:click", ({ node }) => {
    if (tool !== "connect") return;
    if (from && from !== node.id) {
      editor.connect(from, node.id);
      choose("select");
    } else from = node.id;
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && tool !== "select") choose("select"); });
  lasso(stage, editor, () => tool === "lasso", () => choose("select"));
}

/** @param {Stage} stage @param {Editor} editor @param {() => boolean} active @param {() => void} done */
function lasso(stage, editor, active, done) {
  editor.host.addEventListener("pointerdown", (down) => {
    const target = /** @type {Element} */ (down.target);
    if (down.button !== 0 || !target.closest("#graph") || target.closest(".x6-node")) return;
    if (!active() && !down.shiftKey) return;
    down.stopPropagation();
    const box = editor.host.getBoundingClientRect();
    const area = h("div", { class: "lasso" });
    editor.host.append(area);
    const rect = (/** @type {PointerEvent} */ event) => ({
      left: Math.min(down.clientX, event.clientX), top: Math.min(down.clientY, event.clientY),
      width: Math.abs(event.clientX - down.clientX), height: Math.abs(event.clientY - down.clientY),
    });
    const move = (/** @type {PointerEvent} */ event) => {
      const { left, top, width, height } = rect(event);
      Object.assign(area.style, { left: `${left - box.left}px`, top: `${top - box.top}px`, width: `${width}px`, height: `${height}px` });
    };
    const up = (/** @type {PointerEvent} */ event) => {
      removeEventListener("pointermove", move);
      area.remove();
      const { left, top, width, height } = rect(event);
      const inside = [...editor.at].filter(([, p]) => {
        const c = editor.graph.localToClient(p.x, p.y);
        return c.x >= left && c.x <= left + width && c.y >= top && c.y <= top + height;
      });
      setTimeout(() => stage.select(inside.map(([id]) => id)));
      done();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up, { once: true });
  }, true);
}

/** @param {Editor} editor */
export function zoom(editor) {
  const level = $("#zoom-level");
  for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-zoom]")])) {
    button.onclick = () => {
      if (button.dataset.zoom === "fit") editor.fit();
      else editor.zoom(button.dataset.zoom === "in" ? 1.2 : 1 / 1.2);
    };
  }
  const show = () => { level.textContent = `${Math.round(editor.transform.scale * 100)}%`; };
  editor.onMove(show);
  show();
}
