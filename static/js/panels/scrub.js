/** The scrub bar: a histogram of messages, what is loaded, marks, the looped stretch, and the playhead that is dragged. */

import { s } from "../dom.js";
import { scrubMarks } from "./scrub-marks.js";
import { t, seconds } from "./words.js";

const PAD = 14;

export class Scrub {
  /** @param {Stage} stage @param {SVGSVGElement} svg @param {Loop} loop */
  constructor(stage, svg, loop) {
    this.stage = stage;
    this.svg = svg;
    this.loop = loop;
    this.band = s("g");
    this.words = s("text", { class: "scrub-words" });
    this.back = s("g");
    this.marks = s("g");
    this.done = s("path", { class: "scrub-done" });
    this.line = s("path", { class: "scrub-line" });
    this.knob = s("rect", { class: "scrub-knob", width: 8, height: 14, rx: 2.5 });
    svg.replaceChildren(this.band, this.back, this.done, this.marks, this.line, this.knob, this.words);
    this.past = -1;
    /** @type {SVGRectElement[]} */
    this.bars = [];
    this.#input();
    new ResizeObserver(() => this.drawAll()).observe(svg);
  }

  get width() { return this.svg.clientWidth; }

  get middle() { return this.svg.clientHeight / 2; }

  get end() { return this.stage.trace?.end ?? this.stage.end_ns; }

  /** @param {number} ns */
  x(ns) { return PAD + (Math.min(ns, this.end) / Math.max(1, this.end)) * (this.width - 2 * PAD); }

  #input() {
    const { svg, stage } = this;
    const time = (/** @type {PointerEvent} */ event) => {
      const box = svg.getBoundingClientRect();
      return Math.max(0, Math.min(this.end, ((event.clientX - box.left - PAD) / Math.max(1, box.width - 2 * PAD)) * this.end));
    };
    /** Where a drag with Shift began, ns; −1: the drag seeks. */
    let began = -1;
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      began = event.shiftKey && stage.trace ? time(event) : -1;
      if (began >= 0) return;
      stage.play(false);
      stage.seek(time(event));
    });
    svg.addEventListener("pointermove", (event) => {
      if (!svg.hasPointerCapture(event.pointerId)) return;
      if (began >= 0) this.loop.set(began, time(event));
      else stage.seek(time(event));
    });
    svg.addEventListener("keydown", (event) => {
      const step = this.end / 100;
      const now = stage.playhead.t;
      const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step, PageDown: now - step * 10, PageUp: now + step * 10, Home: 0, End: Infinity }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      stage.play(false);
      if (to === Infinity) stage.seekEnd();
      else stage.seek(to);
    });
  }

  drawAll() {
    if (!this.width) return;
    this.#drawBars();
    const y = this.middle + 6.5;
    this.back.append(s("path", { class: "scrub-base", d: `M${this.x(0)} ${y}H${this.x(this.end)}` }));
    if (this.stage.trace) this.back.append(s("path", { class: "scrub-loaded", d: `M${this.x(0)} ${y}H${this.x(this.stage.trace.loadedTo)}` }));
    this.#drawMarks();
    this.drawLoop();
    this.past = -1;
    this.drawHead();
  }

  #drawBars() {
    const histogram = this.stage.trace?.histogram;
    const n = Math.max(1, Math.floor((this.width - 2 * PAD) / 4));
    const sums = new Array(n).fill(0);
    histogram?.forEach((count, i) => { sums[Math.floor((i / histogram.length) * n)] += count; });
    const most = Math.max(1, ...sums);
    this.bars = sums.map((count, i) => {
      const height = count ? Math.max(1.5, Math.sqrt(count / most) * 12) : 0.75;
      return s("rect", { class: "scrub-bar", x: PAD + i * ((this.width - 2 * PAD) / n), y: this.middle + 5 - height, width: 2.6, height });
    });
    this.back.replaceChildren(...this.bars);
  }

  #drawMarks() {
    const { trace, verdict } = this.stage;
    this.marks.replaceChildren(...(trace ? scrubMarks(trace, verdict, (ns) => this.x(ns), this.middle + 9) : []));
  }

  /** The stretch that is played over and over. */
  drawLoop() {
    const { loop } = this.stage.playhead;
    if (!loop) {
      this.band.replaceChildren();
      return;
    }
    const [x1, x2] = [this.x(loop.from), this.x(loop.to)];
    const low = this.middle + 6.5;
    this.band.replaceChildren(
      s("rect", { class: "loop-band", x: x1, y: 12, width: Math.max(1, x2 - x1), height: low - 12 }),
      s("path", { class: "loop-ends", d: `M${x1 + 4} 12H${x1}V${low}M${x2 - 4} 12H${x2}V${low}` }),
    );
  }

  drawHead() {
    const { t: now } = this.stage.playhead;
    const x = this.x(now);
    const m = this.middle;
    this.done.setAttribute("d", `M${this.x(0)} ${m + 6.5}H${x}`);
    this.line.setAttribute("d", `M${x} 0V${m + 10}`);
    this.knob.setAttribute("x", String(x - 4));
    this.knob.setAttribute("y", String(m - 1));
    this.#drawWords(x);
    const past = Math.floor(((x - PAD) / Math.max(1, this.width - 2 * PAD)) * this.bars.length);
    if (past !== this.past) {
      this.past = past;
      this.bars.forEach((bar, i) => bar.classList.toggle("past", i < past));
      this.svg.setAttribute("aria-valuemax", String(Math.round(this.end / 1e6)));
      this.svg.setAttribute("aria-valuenow", String(Math.round(now / 1e6)));
      this.svg.setAttribute("aria-valuetext", t("{time} seconds", { time: seconds(now) }));
    }
  }

  /** Why the playhead does not move, where it stands. @param {number} x */
  #drawWords(x) {
    const { playhead } = this.stage;
    const words = playhead.stuck ? t("waiting for the simulation") : "";
    if (this.words.textContent !== words) this.words.textContent = words;
    if (!words) return;
    const left = x > this.width / 2;
    this.words.setAttribute("text-anchor", left ? "end" : "start");
    this.words.setAttribute("x", String(left ? x - 8 : x + 8));
    this.words.setAttribute("y", String(this.middle + 2));
  }
}
