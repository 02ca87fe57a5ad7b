/** The parts: dragged to the canvas with the pointer, or placed with Enter. */

import { CARD } from "../document/places.js";
import { $, h, icon, typeIcon } from "../dom.js";
import { t } from "../panels/words.js";
import { addShortcuts } from "../shortcuts.js";

const DRAG_PX = 4;

/** @param {Stage} stage @param {Editor} editor */
export function palette(stage, editor) {
  const host = $("#palette");
  const find = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#find-part")));
  const draw = () => {
    const wanted = find.value.trim().toLowerCase();
    const matches = stage.data.catalogue.types.filter((info) => `${info.title} ${info.category} ${info.summary}`.toLowerCase().includes(wanted));
    const categories = [...new Set(matches.map((info) => info.category))]; // types come in their categories' order
    const parts = categories.flatMap((category) => [h("h2", { class: "gh" }, t(category)), ...matches.filter((info) => info.category === category).map((info) => part(stage, editor, info))]);
    host.replaceChildren(...(parts.length ? parts : [h("p", { class: "note" }, t("No part is called “{name}”.", { name: find.value }))]));
  };
  find.addEventListener("input", draw);
  addShortcuts({ keys: ["/"], words: t("Find a part"), group: t("Editing"), act: () => find.focus() });
  draw();
}

/** A free place in view, for placing by keyboard. @param {Editor} editor */
function freePlace(editor) {
  const middle = editor.middle();
  for (let ring = 0; ring < 12; ring++) {
    const p = { x: middle.x + (ring % 3) * 160, y: middle.y + Math.floor(ring / 3) * 88 };
    if (![...editor.at.values()].some((q) => Math.abs(p.x - q.x) < CARD.width + 8 && Math.abs(p.y - q.y) < CARD.height + 12)) return p;
  }
  return { x: middle.x, y: middle.y };
}

/** @param {Stage} stage @param {Editor} editor @param {NodeTypeInfo} info */
function part(stage, editor, info) {
  const button = h("button", { class: "it", "data-type": info.type, title: info.summary }, icon(typeIcon(info)), h("span", {}, info.title));
  let dragged = false;
  button.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    dragged = false;
    drag(button, down, info, (event) => {
      dragged = true;
      const box = editor.host.getBoundingClientRect();
      if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) return;
      const p = editor.graph.clientToLocal(event.clientX, event.clientY);
      const id = editor.place(info.type, { x: p.x, y: p.y });
      if (id === null) return;
      editor.cards.get(id)?.group.focus({ preventScroll: true });
      stage.emit("placed");
    });
  });
  button.addEventListener("click", () => {
    if (dragged) return;
    if (editor.place(info.type, freePlace(editor)) !== null) stage.emit("placed");
  });
  return button;
}

/** @param {HTMLElement} button @param {PointerEvent} down @param {NodeTypeInfo} info @param {(event: PointerEvent) => void} drop */
function drag(button, down, info, drop) {
  /** @type {HTMLElement | null} */
  let ghost = null;
  button.setPointerCapture(down.pointerId);
  const move = (/** @type {PointerEvent} */ event) => {
    if (!ghost && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < DRAG_PX) return;
    if (!ghost) {
      ghost = h("div", { class: "ghost", "aria-hidden": "true" }, icon(typeIcon(info)), info.title);
      document.body.append(ghost);
      button.classList.add("drag");
    }
    ghost.style.left = `${event.clientX - 58}px`;
    ghost.style.top = `${event.clientY - 22}px`;
  };
  const end = (/** @type {PointerEvent} */ event) => {
    button.removeEventListener("pointermove", move);
    button.classList.remove("drag");
    if (ghost && event.type === "pointerup") drop(event);
    ghost?.remove();
  };
  button.addEventListener("pointermove", move);
  button.addEventListener("pointerup", end, { once: true });
  button.addEventListener("pointercancel", end, { once: true });
}
