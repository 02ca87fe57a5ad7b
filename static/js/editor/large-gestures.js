/** Pressing and dragging what the simplified view draws; a press beside it is the graph widget's. */

import { edgeId } from "./cells.js";

const MOVED_PX = 3;

export class LargeGestures {
  /** @param {LargeView} view */
  constructor(view) {
    this.view = view;
    this.editor = view.editor;
    const { host } = this.editor;
    host.addEventListener("pointerdown", (event) => this.#press(event), true);
    // The widget would begin to pan.
    for (const name of ["mousedown", "touchstart"]) host.addEventListener(name, (event) => { if (this.held) event.stopImmediatePropagation(); }, true);
    host.addEventListener("pointermove", (event) => {
      if (view.shown && !this.held) this.#look(event);
    });
    /** Something drawn is held down. */
    this.held = false;
    /** @type {Map<string, Point> | undefined} where what is dragged was */
    this.start = undefined;
  }

  /** @param {PointerEvent} event */
  #look(event) {
    const found = this.#inGraph(event) ? this.view.hit(event.clientX, event.clientY) : null;
    this.view.hover(found?.node ?? "");
    this.editor.host.classList.toggle("on-part", found !== null);
  }

  /** @param {Event} event */
  #inGraph(event) { return event.target instanceof Element && event.target.closest("#graph") !== null; }

  /** @param {PointerEvent} down */
  #press(down) {
    this.held = false;
    if (!this.view.shown || down.button !== 0 || !this.#inGraph(down)) return;
    const found = this.view.hit(down.clientX, down.clientY);
    if (!found) return;
    this.held = true;
    down.stopImmediatePropagation();
    const { graph, editable } = this.editor;
    let moved = false;
    const move = (/** @type {PointerEvent} */ event) => {
      moved ||= Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > MOVED_PX;
      if (moved && editable && found.node) this.#drag(found.node, down, event);
    };
    const up = (/** @type {PointerEvent} */ event) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointercancel", up);
      removeEventListener("pointerup", up);
      this.held = false;
      if (!moved && found.node) graph.trigger("node:click", { node: { id: found.node }, e: event });
      else if (!moved && found.link) graph.trigger("edge:click", { edge: { id: edgeId(found.link) }, e: event });
      else if (editable && found.node) this.#drop(found.node, down, event);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
  }

  /** The node with the pointer, or all that are selected with it. @param {string} id */
  #taken(id) {
    const { stage, at } = this.editor;
    return stage.selection.has(id) ? [...stage.selection].filter((other) => at.has(other)) : [id];
  }

  /** @param {string} id @param {PointerEvent} down @param {PointerEvent} event */
  #drag(id, down, event) {
    const { editor } = this;
    const { scale } = editor.transform;
    this.start ??= new Map(this.#taken(id).map((other) => [other, { ...(editor.at.get(other) ?? { x: 0, y: 0 }) }]));
    for (const [other, p] of this.start) editor.at.set(other, { x: p.x + (event.clientX - down.clientX) / scale, y: p.y + (event.clientY - down.clientY) / scale });
    this.view.redraw();
  }

  /** @param {string} id @param {PointerEvent} down @param {PointerEvent} event */
  #drop(id, down, event) {
    const { scale } = this.editor.transform;
    const ids = [...(this.start?.keys() ?? [id])];
    this.start = undefined;
    const grid = (/** @type {number} */ px) => Math.round(px / scale / 8) * 8;
    this.editor.nudge(ids, grid(event.clientX - down.clientX), grid(event.clientY - down.clientY));
    this.editor.sync();
  }
}
