/** Playback: play and pause, steps, speed, and the scrub bar with its histogram and markers. */

import { SPEEDS } from "../trace/playhead.js";
import { $, h, s, icon, glyph } from "../dom.js";
import { t, seconds } from "./words.js";

const PAD = 14;

/** @param {Stage} stage */
export function transport(stage) {
  $("#play").onclick = () => stage.play(!stage.playhead.playing);
  $("#step-back").onclick = () => stage.step(-1);
  $("#step-on").onclick = () => stage.step(1);
  $("#to-prev").onclick = () => jump(stage, -1);
  $("#to-next").onclick = () => jump(stage, 1);
  speedChoice(stage);
  const scrub = new Scrub(stage, /** @type {SVGSVGElement} */ (/** @type {unknown} */ ($("#scrub"))));
  stage.on("trace chunk run verdict document", () => scrub.drawAll());
  stage.on("play", () => showPlay(stage));
  showPlay(stage);
  return () => {
    $("#now").textContent = seconds(stage.playhead.t);
    $("#end").textContent = seconds(stage.trace?.end ?? stage.end_ns);
    scrub.drawHead();
    showPlay(stage);
  };
}

/** @param {Stage} stage */
function showPlay(stage) {
  const button = $("#play");
  const playing = stage.playhead.playing;
  if (button.dataset.as === String(playing)) return;
  button.dataset.as = String(playing);
  button.setAttribute("aria-label", playing ? t("Pause") : t("Play"));
  button.replaceChildren(icon(playing ? "i-pause" : "i-play"));
}

/** @param {Stage} stage */
function speedChoice(stage) {
  const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($("#speed")));
  const smart = $("#smart");
  select.replaceChildren(h("option", { value: "smart" }, t("auto")), ...SPEEDS.map((speed) => h("option", { value: speed }, `${speed}×`)));
  const set = (/** @type {number | "smart"} */ speed) => {
    stage.playhead.speed = speed;
    select.value = String(speed);
    smart.setAttribute("aria-pressed", String(speed === "smart"));
    try { localStorage.setItem("netsplit:speed", String(speed)); } catch { /* the choice lasts for this page only */ }
  };
  select.onchange = () => set(select.value === "smart" ? "smart" : Number(select.value));
  const automatic = /** @type {HTMLOptionElement} */ (select.options[0]);
  stage.on("tick", () => {
    const words = stage.playhead.speed === "smart" ? `${Number(stage.playhead.smart.toPrecision(1))}×` : t("auto");
    if (automatic.textContent !== words && document.activeElement !== select) automatic.textContent = words;
  });
  smart.onclick = () => set(stage.playhead.speed === "smart" ? 0.05 : "smart");
  const kept = localStorage.getItem("netsplit:speed");
  set(kept && kept !== "smart" && SPEEDS.includes(Number(kept)) ? Number(kept) : "smart");
}

/** Moments worth jumping to: fault edges, the first drop of each burst, violations. @param {Stage} stage */
export function moments(stage) {
  const { trace } = stage;
  if (!trace) return [];
  const out = trace.faults.map(({ time, phase }) => ({ time, kind: phase === "start" ? "fault" : "heal" }));
  const burst = Math.max(1e6, trace.end / 200);
  let last = -Infinity;
  for (let i = 0; i < trace.messages.drops.length; i++) {
    const time = trace.messages.dropTimes.data[i];
    if (time - last > burst) out.push({ time, kind: "drop" });
    last = time;
  }
  for (const time of violationTimes(stage)) out.push({ time, kind: "violation" });
  return out.sort((a, b) => a.time - b.time);
}

/** @param {Stage} stage @returns {number[]} ns */
function violationTimes(stage) {
  return (stage.verdict?.checks ?? []).filter((check) => check.verdict === "fail" && typeof check.at_ms === "number").map((check) => Number(check.at_ms) * 1e6);
}

/** @param {Stage} stage @param {1 | -1} direction */
function jump(stage, direction) {
  const now = stage.playhead.t;
  const all = moments(stage).filter(({ time }) => (direction > 0 ? time > now : time < now));
  const next = direction > 0 ? all[0] : all[all.length - 1];
  stage.play(false);
  stage.seek(next ? next.time : direction > 0 ? stage.trace?.loadedTo ?? 0 : 0);
}

class Scrub {
  /** @param {Stage} stage @param {SVGSVGElement} svg */
  constructor(stage, svg) {
    this.stage = stage;
    this.svg = svg;
    this.back = s("g");
    this.marks = s("g");
    this.done = s("path", { class: "scrub-done" });
    this.line = s("path", { class: "scrub-line" });
    this.knob = s("rect", { class: "scrub-knob", width: 8, height: 14, rx: 2.5 });
    svg.replaceChildren(this.back, this.done, this.marks, this.line, this.knob);
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
    const seek = (/** @type {PointerEvent} */ event) => {
      const box = svg.getBoundingClientRect();
      stage.seek(((event.clientX - box.left - PAD) / Math.max(1, box.width - 2 * PAD)) * this.end);
    };
    svg.addEventListener("pointerdown", (event) => {
      svg.setPointerCapture(event.pointerId);
      stage.play(false);
      seek(event);
    });
    svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) seek(event); });
    svg.addEventListener("keydown", (event) => {
      const step = this.end / 100;
      const now = stage.playhead.t;
      const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step, PageDown: now - step * 10, PageUp: now + step * 10, Home: 0, End: this.end }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      stage.play(false);
      stage.seek(to);
    });
  }

  drawAll() {
    if (!this.width) return;
    this.#drawBars();
    const y = this.middle + 6.5;
    this.back.append(s("path", { class: "scrub-base", d: `M${this.x(0)} ${y}H${this.x(this.end)}` }));
    if (this.stage.trace) this.back.append(s("path", { class: "scrub-loaded", d: `M${this.x(0)} ${y}H${this.x(this.stage.trace.loadedTo)}` }));
    this.#drawMarks();
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

  /** Above: faults and heals; below: violations. Closer than 10 px become one mark with a count. */
  #drawMarks() {
    const kinds = { fault: { icon: "i-bolt", y: 1, className: "mark-bad" }, heal: { icon: "i-restart", y: 1, className: "mark-ok" }, violation: { icon: "i-x", y: this.middle + 9, className: "mark-bad" } };
    /** @type {{x: number, kind: string, n: number}[]} */
    const merged = [];
    for (const { time, kind } of moments(this.stage)) {
      if (!(kind in kinds)) continue;
      const x = this.x(time);
      const near = merged.find((mark) => mark.kind === kind && Math.abs(mark.x - x) < 10);
      if (near) {
        near.n += 1;
        continue;
      }
      // One kind beside another stands next to it, not on it.
      const beside = merged.filter((mark) => kinds[/** @type {keyof typeof kinds} */ (mark.kind)].y === kinds[/** @type {keyof typeof kinds} */ (kind)].y && Math.abs(mark.x - x) < 11);
      merged.push({ x: beside.length ? Math.max(...beside.map((mark) => mark.x)) + 11 : x, kind, n: 1 });
    }
    this.marks.replaceChildren(...merged.flatMap(({ x, kind, n }) => {
      const { icon: name, y, className } = kinds[/** @type {keyof typeof kinds} */ (kind)];
      return [glyph(name, x - 5.5, y, 11, className), ...(n > 1 ? [s("text", { x: x + 7, y: y + 9 }, String(n))] : [])];
    }));
  }

  drawHead() {
    const { t: now } = this.stage.playhead;
    const x = this.x(now);
    const m = this.middle;
    this.done.setAttribute("d", `M${this.x(0)} ${m + 6.5}H${x}`);
    this.line.setAttribute("d", `M${x} 0V${m + 10}`);
    this.knob.setAttribute("x", String(x - 4));
    this.knob.setAttribute("y", String(m - 1));
    const past = Math.floor(((x - PAD) / Math.max(1, this.width - 2 * PAD)) * this.bars.length);
    if (past !== this.past) {
      this.past = past;
      this.bars.forEach((bar, i) => bar.classList.toggle("past", i < past));
      this.svg.setAttribute("aria-valuemax", String(Math.round(this.end / 1e6)));
      this.svg.setAttribute("aria-valuenow", String(Math.round(now / 1e6)));
      this.svg.setAttribute("aria-valuetext", t("{time} seconds", { time: seconds(now) }));
    }
  }
}
