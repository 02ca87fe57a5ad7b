/** The canvas tools: select, connect two nodes, select an area. */

import { $, h } from "../dom.js";
import { breakAt } from "../panels/break.js";
import { t } from "../panels/words.js";
import { addShortcuts } from "../shortcuts.js";
import { layOut } from "./arranging.js";
import { gesture } from "./gesture.js";

/** @param {Stage} stage @param {Editor} editor */
export function tools(stage, editor) {
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tool]")]);
  let tool = "select";
  const choose = (/** @type {string} */ name) => {
    tool = name;
    editor.connecting.end();
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    editor.host.classList.toggle("connecting", name === "connect");
    editor.lassoing = name === "lasso";
    editor.picked = name === "connect" ? take : null;
  };
  /** A node is pressed with the connect tool. @param {string} id */
  const take = (id) => {
    const { from } = editor.connecting;
    if (from === null) return editor.connecting.begin(id);
    if (from === id) return editor.connecting.end();
    if (editor.connect(from, id)) choose("select");
  };
  const connect = (/** @type {string | undefined} */ from) => {
    choose("connect");
    if (from) editor.connecting.begin(from);
    stage.emit("toast", { text: from ? t("Choose the node that answers. Esc ends it.") : t("Choose the node that asks, then the node that answers.") });
  };
  for (const button of buttons) button.onclick = () => (button.dataset.tool === "connect" && tool !== "connect" ? connect(undefined) : choose(button.dataset.tool ?? "select"));
  $("[data-layout]").onclick = () => { layOut(editor); };
  for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".tools [data-break]")])) button.onclick = () => breakAt(stage, button.dataset.break ?? "");
  const past = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-history]"));
  for (const button of past) button.onclick = () => stage.history(button.dataset.history === "redo" ? "redo" : "undo");
  const offer = () => { for (const button of past) button.disabled = (button.dataset.history === "redo" ? stage.store.redoLabel : stage.store.undoLabel) === null; };
  stage.on("document", offer);
  offer();
  addEventListener("keydown", (event) => { if (event.key === "Escape" && tool !== "select") choose("select"); });
  const [selecting, editing] = [t("Selection"), t("Editing")];
  addShortcuts(
    { keys: ["V"], words: t("Select and move"), group: selecting, act: () => choose("select") },
    { keys: ["S"], words: t("Select an area; or drag with Shift"), group: selecting, act: () => choose("lasso") },
    {
      keys: ["L"], words: t("Link the two selected nodes, or choose the ends"), group: editing, act: () => {
        const ids = editor.chosenNodes();
        if (ids.length === 2) editor.connect(ids[0], ids[1]);
        else connect(ids.length === 1 ? ids[0] : undefined);
      },
    },
  );
  lasso(stage, editor, () => choose("select"));
}

/** @param {Stage} stage @param {Editor} editor @param {() => void} done */
function lasso(stage, editor, done) {
  editor.host.addEventListener("pointerdown", (down) => {
    const target = /** @type {Element} */ (down.target);
    if (down.button !== 0 || editor.held || editor.panning || !target.closest("#graph") || target.closest(".x6-node")) return;
    if (!editor.lassoing && !down.shiftKey) return;
    const box = editor.host.getBoundingClientRect();
    const area = h("div", { class: "lasso" });
    editor.host.append(area);
    const rect = (/** @type {PointerEvent} */ event) => ({
      left: Math.min(down.clientX, event.clientX), top: Math.min(down.clientY, event.clientY),
      width: Math.abs(event.clientX - down.clientX), height: Math.abs(event.clientY - down.clientY),
    });
    gesture(editor, down, {
      move(event) {
        const { left, top, width, height } = rect(event);
        Object.assign(area.style, { left: `${left - box.left}px`, top: `${top - box.top}px`, width: `${width}px`, height: `${height}px` });
      },
      up(event) {
        area.remove();
        const { left, top, width, height } = rect(event);
        const inside = [...editor.at].filter(([, p]) => {
          const c = editor.graph.localToClient(p.x, p.y);
          return c.x >= left && c.x <= left + width && c.y >= top && c.y <= top + height;
        });
        stage.select([...(down.shiftKey ? stage.selection : []), ...inside.map(([id]) => id)]);
        done();
      },
      cancel: () => area.remove(),
    });
  }, true);
}
