/** What part of the canvas is seen, and how large: by keys, by Space and drag, by the middle button, by two fingers. */

import { $ } from "../dom.js";
import { t } from "../panels/words.js";
import { addShortcuts, inField, offControls, offPanels, onCanvas } from "../shortcuts.js";
import { gesture } from "./gesture.js";

const ZOOM = 1.2;
const PAN_PX = 64;
/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @param {Stage} stage @param {Editor} editor */
export function view(stage, editor) {
  const level = $("#zoom-level");
  /** @type {Record<string, () => void>} */
  const acts = { in: () => editor.zoom(ZOOM), out: () => editor.zoom(1 / ZOOM), fit: () => editor.fit() };
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-zoom]"))) button.onclick = acts[button.dataset.zoom ?? "fit"];
  const show = () => { level.textContent = `${Math.round(editor.transform.scale * 100)}%`; };
  editor.onMove(show);
  show();
  const group = t("View");
  const still = (/** @type {Event} */ event) => onCanvas(event) && !(event.target instanceof Element && event.target.closest(".node")) && !stage.selection.size;
  addShortcuts(
    { keys: ["+", "="], words: t("Zoom in"), group, when: offPanels, act: acts.in },
    { keys: ["-"], words: t("Zoom out"), group, when: offPanels, act: acts.out },
    { keys: ["0"], words: t("Fit all"), group, when: offPanels, act: acts.fit },
    { keys: ["1"], words: t("Full size"), group, when: offPanels, act: () => editor.zoom(1 / editor.transform.scale) },
    { keys: ["F"], words: t("Zoom to what is selected"), group, when: offPanels, act: () => editor.fit(editor.chosenNodes()) },
    { keys: Object.keys(WAYS), words: t("Move the view, with nothing selected"), group, when: still, act: ({ key }) => editor.pan(WAYS[key][0] * PAN_PX, WAYS[key][1] * PAN_PX) },
  );
  panning(editor);
  fingers(editor);
}

/** Space and drag, or the middle button. @param {Editor} editor */
function panning(editor) {
  let used = false;
  addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat || inField(event.target) || !(offControls(event) || onCanvas(event)) || document.querySelector("dialog[open]")) return;
    editor.panning = true;
    used = false;
  });
  const release = (/** @type {Event} */ event) => {
    if (event instanceof KeyboardEvent && event.key !== " ") return;
    // Space that moved the view does not play, too.
    if (used && editor.panning) event.preventDefault();
    editor.panning = false;
    used = false;
    editor.host.classList.remove("panning");
  };
  addEventListener("keyup", release, true);
  addEventListener("blur", release);
  editor.host.addEventListener("pointerdown", (down) => {
    const middle = down.button === 1;
    if (!middle && !(editor.panning && down.button === 0)) return;
    down.stopImmediatePropagation();
    used = !middle;
    editor.host.classList.add("panning");
    pan(editor, down, () => { if (!editor.panning) editor.host.classList.remove("panning"); });
  }, true);
  // The middle button scrolls by itself in some browsers, and pastes in others.
  for (const name of ["mousedown", "mouseup", "auxclick"]) editor.host.addEventListener(name, (event) => { if (/** @type {MouseEvent} */ (event).button === 1) event.preventDefault(); });
}

/** @param {Editor} editor @param {PointerEvent} down @param {(moved: boolean) => void} done */
function pan(editor, down, done) {
  let { clientX: x, clientY: y } = down;
  let moved = false;
  gesture(editor, down, {
    move(event) {
      if (!moved && Math.hypot(event.clientX - x, event.clientY - y) < 3) return;
      moved = true;
      editor.pan(event.clientX - x, event.clientY - y);
      [x, y] = [event.clientX, event.clientY];
    },
    up: () => done(moved),
    cancel: () => done(true),
  });
}

/** One finger on the ground moves the view, two also zoom it. @param {Editor} editor */
function fingers(editor) {
  /** @type {Map<number, PointerEvent>} */
  const down = new Map();
  const { host } = editor;
  const on = (/** @type {Event} */ event) => event.target instanceof Element && event.target.closest("#graph") !== null;
  host.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !on(event)) return;
    down.set(event.pointerId, event);
    if (down.size === 2) {
      event.preventDefault();
      editor.cancelGesture?.();
      editor.held = true;
    } else if (!editor.held && /** @type {Element} */ (event.target).closest(".x6-cell, [data-zone], [data-cluster]") === null && !editor.lassoing) {
      pan(editor, event, (moved) => { if (!moved) editor.blank(); });
    }
  });
  addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    down.set(event.pointerId, event);
    const other = [...down.values()].find((candidate) => candidate.pointerId !== event.pointerId);
    if (down.size === 2 && other) pinch(editor, before, event, other);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, (event) => {
      if (!down.delete(/** @type {PointerEvent} */ (event).pointerId) || down.size !== 1) return;
      setTimeout(() => { editor.held = false; });
    });
  }
}

/** @param {Editor} editor @param {PointerEvent} before @param {PointerEvent} now @param {PointerEvent} other */
function pinch(editor, before, now, other) {
  const away = (/** @type {PointerEvent} */ p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
  const box = editor.host.getBoundingClientRect();
  editor.pan((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
  editor.zoom(away(now) / Math.max(1, away(before)), { x: (now.clientX + other.clientX) / 2 - box.left, y: (now.clientY + other.clientY) / 2 - box.top });
}
