/** Messages under way by keyboard: one after the other is named, Enter pins it, Esc lets go. */

import { h } from "../dom.js";
import { messageWords } from "./timeline-words.js";
import { t, tn } from "./words.js";

export class MessageWalk {
  /** @param {Stage} stage @param {Scene} scene @param {HoverCard} card @param {HTMLElement} host */
  constructor(stage, scene, card, host) {
    this.stage = stage;
    this.scene = scene;
    this.card = card;
    this.words = h("p", { class: "vh", role: "status" });
    this.stop = h("button", { class: "b line rove" });
    this.stop.addEventListener("focus", () => this.#count());
    this.stop.addEventListener("keydown", (event) => this.#key(event));
    this.stop.onclick = () => this.pin() || this.step(1);
    host.append(this.stop, this.words);
    this.#count();
  }

  get slots() {
    const { dots } = this.scene;
    return [...dots.slots.subarray(0, dots.n)].sort((a, b) => a - b);
  }

  #count() {
    const n = this.scene.dots.n;
    this.stop.textContent = n ? tn("{n} message under way: arrows name it, Enter pins it", "{n} messages under way: arrows name them, Enter pins one", n) : t("No message under way");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.step(step);
  }

  /** To the next message under way, or the one before. @param {number} direction */
  step(direction) {
    const { stage, scene, card, slots } = this;
    stage.play(false);
    this.stop.focus({ preventScroll: true });
    this.#count();
    if (!slots.length) {
      this.words.textContent = t("No message is under way at the playhead.");
      return;
    }
    const at = slots.indexOf(scene.marked);
    const next = at < 0 ? (direction > 0 ? 0 : slots.length - 1) : (at + direction + slots.length) % slots.length;
    card.hide();
    card.show(slots[next]);
    this.words.textContent = t("{n} of {all}: {message}", { n: next + 1, all: slots.length, message: messageWords(stage, slots[next]) });
  }

  /** Pins the message that is named; answers whether there is one. */
  pin() {
    const { marked } = this.scene;
    if (marked < 0) return false;
    this.card.hide();
    this.stage.pin(marked);
    return true;
  }

  /** Lets go of what is named, else of what is pinned; answers whether there was either. */
  release() {
    const named = this.scene.marked >= 0;
    this.card.hide();
    if (!named && this.stage.pinned >= 0) this.stage.pin(-1);
    else if (!named) return false;
    return true;
  }
}
