/** A stretch of time that is played over and over: set at the playhead or by Shift and a drag on the scrub bar. */

import { $ } from "../dom.js";
import { t, seconds } from "./words.js";

const LEAST_NS = 1000;

export class Loop {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.button = $("#loop");
    this.button.onclick = () => this.press();
    stage.on("trace", () => this.#fit());
    stage.on("seek tick loop", () => this.#show());
    this.#show();
  }

  get range() { return this.stage.playhead.loop; }

  get end() { return this.stage.trace?.end ?? this.stage.end_ns; }

  /** @param {number} a @param {number} b the ends, ns, in any order */
  set(a, b) {
    const [from, to] = [Math.max(0, Math.min(a, b)), Math.min(this.end, Math.max(a, b))];
    if (to - from < LEAST_NS) return;
    this.stage.playhead.loop = { from, to };
    this.stage.emit("loop");
  }

  clear() {
    this.stage.playhead.loop = null;
    this.stage.emit("loop");
  }

  /** It begins at the playhead. */
  begin() {
    const { t: now } = this.stage.playhead;
    const to = this.range && this.range.to > now ? this.range.to : this.end;
    this.set(now, to);
  }

  /** It ends at the playhead. */
  finish() {
    const { t: now } = this.stage.playhead;
    const from = this.range && this.range.from < now ? this.range.from : 0;
    this.set(from, now);
  }

  /** What the button does next: begin here, end here, or clear. */
  get next() {
    const { range, stage: { playhead } } = this;
    if (!range) return "begin";
    return range.to >= this.end && playhead.t - range.from >= LEAST_NS ? "finish" : "clear";
  }

  press() {
    if (!this.stage.trace) return;
    this[this.next]();
  }

  /** Another run may be shorter. */
  #fit() {
    if (this.range && this.range.from >= this.end - LEAST_NS) this.stage.playhead.loop = null;
    else if (this.range) this.range.to = Math.min(this.range.to, this.end);
    this.#show();
  }

  #show() {
    const { range, button } = this;
    const does = { begin: t("Loop from the playhead on"), finish: t("End the loop at the playhead"), clear: t("Clear the loop") }[this.next];
    const words = range ? t("{does} (now {from} to {to}\u2009s)", { does, from: seconds(range.from), to: seconds(range.to) }) : does;
    if (button.title === words) return;
    button.title = words;
    button.setAttribute("aria-label", words);
    button.setAttribute("aria-pressed", String(range !== null));
  }
}
