/** Walks through a verdict's evidence on the canvas: one step at a time, with its number at whoever asked and whoever answered. */

import { h, icon } from "../dom.js";
import { stepInTrace } from "../trace/evidence.js";
import { WalkMarks } from "./walk-marks.js";
import { t, seconds } from "./words.js";

export class Walk {
  /** @param {Stage} stage @param {Editor} editor @param {HTMLElement} canvas */
  constructor(stage, editor, canvas) {
    this.stage = stage;
    /** @type {EvidenceStep[]} */
    this.steps = [];
    /** @type {FoundStep[]} the same in the trace */
    this.found = [];
    this.at = -1;
    /** @type {HTMLElement | null} */
    this.from = null;
    this.marks = new WalkMarks(stage, editor);
    this.number = h("b", { class: "no" });
    this.words = h("p", { class: "walk-words", "aria-live": "polite" });
    this.previous = this.#button("i-back", t("Previous step"), "previous", () => this.go(this.at - 1));
    this.next = this.#button("i-fwd", t("Next step"), "next", () => this.go(this.at + 1));
    this.count = h("span", { class: "mut mono walk-count" });
    this.bar = h("section", { class: "float walk", "aria-label": t("Evidence, step by step"), hidden: true }, this.previous, this.count, this.next, this.number, this.words, this.#button("i-x", t("Leave the evidence"), "leave", () => this.leave()));
    canvas.append(this.marks.layer, this.bar);
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.go(this.at + step);
    });
    addEventListener("keydown", (event) => this.#key(event), { capture: true });
    stage.on("trace", () => this.leave());
    editor.onMove(() => this.marks.place());
    stage.on("document", () => this.marks.place());
  }

  /** @param {string} name @param {string} words @param {string} way @param {() => void} act */
  #button(name, words, way, act) {
    const button = h("button", { class: "b icon", "aria-label": words, title: words, "data-way": way }, icon(name));
    button.onclick = act;
    return button;
  }

  get active() { return this.at >= 0; }

  /** Esc leaves, unless it closes something that lies above. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || !this.active || document.querySelector("dialog[open], .left.open, .right.open")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.leave();
  }

  /** @param {EvidenceStep[]} steps @param {number} at @param {boolean} [focus] the buttons take the keyboard */
  start(steps, at, focus = false) {
    if (!this.active) this.from = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const { trace } = this.stage;
    this.steps = steps;
    this.found = trace ? steps.map((step) => stepInTrace(trace, step)) : [];
    this.bar.hidden = false;
    this.go(at);
    if (focus) (this.next.disabled ? this.previous : this.next).focus();
  }

  /** @param {number} at */
  go(at) {
    const { stage, steps } = this;
    const [step, found] = [steps[at], this.found[at]];
    if (!step || !found) return;
    this.at = at;
    stage.play(false);
    stage.pin(found.message);
    stage.chooseOperation(found.operation);
    stage.seek(found.t);
    this.number.textContent = String(at + 1);
    this.words.replaceChildren(h("span", { class: "mut" }, clientWords(stage, step)), h("span", { class: "mono" }, step.text), h("span", { class: "mut mono when" }, whenWords(step)));
    this.count.textContent = t("{n} of {all}", { n: at + 1, all: steps.length });
    const lost = [this.previous, this.next].includes(/** @type {HTMLButtonElement} */ (document.activeElement));
    this.previous.disabled = at === 0;
    this.next.disabled = at === steps.length - 1;
    if (lost && /** @type {HTMLButtonElement} */ (document.activeElement)?.disabled !== false) (this.next.disabled ? this.previous : this.next).focus();
    this.marks.show(this.found, at, step.text);
    this.marks.reveal();
    stage.emit("walk", this);
  }

  leave() {
    if (!this.active) return;
    const inside = this.bar.contains(document.activeElement);
    this.at = -1;
    this.steps = [];
    this.found = [];
    this.bar.hidden = true;
    this.marks.show([], -1, "");
    this.stage.pin(-1);
    this.stage.emit("walk", this);
    if (inside && this.from?.isConnected) this.from.focus();
  }
}

/** Who took a step, as people call them. @param {Stage} stage @param {EvidenceStep} step */
export function clientWords(stage, step) {
  const [id, ...rest] = step.client.split(", ");
  const number = stage.trace?.nodes.indexOf(id) ?? -1;
  return [number < 0 ? id : stage.nameOf(number), ...rest].join(", ");
}

/** From when to when a step lasted. @param {EvidenceStep} step */
export function whenWords(step) {
  const from = seconds(step.start_ms * 1e6);
  return step.end_ms === null ? t("from {from}\u2009s, never confirmed", { from }) : `${from}–${seconds(step.end_ms * 1e6)}\u2009s`;
}
