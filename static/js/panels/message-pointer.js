/** Messages on the canvas under the pointer: a card tells of the one that is near, a press pins it. */

import { h } from "../dom.js";
import { messageFacts, messageTitle } from "./message-card.js";

const NEAR_PX = 10;
const NEAR_TOUCH_PX = 20;
const STILL_PX = 5;
const LINGER_MS = 300;
const AWAY_PX = 14;

/** The card beside a message. */
export class HoverCard {
  /** @param {Stage} stage @param {Scene} scene @param {HTMLElement} host */
  constructor(stage, scene, host) {
    this.stage = stage;
    this.scene = scene;
    this.host = host;
    this.element = h("div", { class: "float hover-card", hidden: true });
    host.append(this.element);
    this.slot = -1;
    this.timer = 0;
  }

  /** @param {number} slot −1: none, after a moment, so that one can come over to the card */
  show(slot) {
    if (slot === this.slot) return;
    clearTimeout(this.timer);
    if (slot < 0) this.timer = globalThis.setTimeout(() => this.#set(-1), LINGER_MS);
    else this.#set(slot);
  }

  hide() {
    clearTimeout(this.timer);
    this.#set(-1);
  }

  /** @param {number} slot */
  #set(slot) {
    const { element, stage, scene } = this;
    if (slot < 0 && element.matches(":hover")) return;
    this.slot = slot;
    scene.marked = slot;
    scene.stale = true;
    element.hidden = slot < 0 || !stage.trace;
    if (element.hidden) return;
    element.replaceChildren(messageTitle(stage, slot), messageFacts(stage, slot));
    const at = scene.dots.place(slot) ?? { x: 0, y: 0 };
    const { clientWidth: width, clientHeight: height } = this.host;
    const { offsetWidth: w, offsetHeight: high } = element;
    const left = at.x + AWAY_PX + w > width - 4 ? at.x - AWAY_PX - w : at.x + AWAY_PX;
    const top = at.y + AWAY_PX + high > height - 4 ? at.y - AWAY_PX - high : at.y + AWAY_PX;
    element.style.left = `${Math.max(4, left)}px`;
    element.style.top = `${Math.max(4, top)}px`;
  }
}

/** @param {Stage} stage @param {Editor} editor @param {Scene} scene @param {HoverCard} card */
export function messagePointer(stage, editor, scene, card) {
  const { host } = editor;
  /** @type {{x: number, y: number, slot: number} | null} */
  let held = null;
  const place = (/** @type {{clientX: number, clientY: number}} */ event) => {
    const box = scene.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const found = (/** @type {Event} */ event, /** @type {{x: number, y: number}} */ at, /** @type {number} */ near) => {
    const free = event.target instanceof Element && event.target.closest("#graph") && !event.target.closest(".x6-node");
    return free && selecting() ? scene.dots.at(at.x, at.y, near) : -1;
  };
  host.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (event.pointerType === "touch" || event.buttons) return;
    const slot = found(event, at, NEAR_PX);
    host.classList.toggle("on-message", slot >= 0);
    card.show(slot);
  });
  host.addEventListener("pointerleave", () => card.show(-1));
  // The graph would pan, or select what lies under the message.
  for (const name of ["mousedown", "touchstart"]) host.addEventListener(name, (event) => { if (held) event.stopPropagation(); }, { capture: true, passive: true });
  host.addEventListener("pointerdown", (event) => {
    const at = place(event);
    const slot = event.button || event.shiftKey || event.ctrlKey || event.metaKey ? -1 : found(event, at, event.pointerType === "touch" ? NEAR_TOUCH_PX : NEAR_PX);
    held = slot < 0 ? null : { ...at, slot };
    if (held) event.stopPropagation();
  }, true);
  addEventListener("pointerup", (event) => {
    const at = place(event);
    if (held && Math.hypot(at.x - held.x, at.y - held.y) < STILL_PX) {
      card.hide();
      stage.pin(held.slot === stage.pinned ? -1 : held.slot);
    }
    held = null;
  });
  addEventListener("pointercancel", () => { held = null; });
  stage.on("trace", () => card.hide());
  stage.on("frame", () => { if (stage.playhead.playing && card.slot >= 0 && !scene.dots.place(card.slot)) card.show(-1); });
}

/** No tool is chosen that needs the canvas for itself. */
function selecting() {
  return document.querySelector('[data-tool="select"]')?.getAttribute("aria-pressed") !== "false";
}
