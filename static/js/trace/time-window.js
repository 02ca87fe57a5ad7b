/** The stretch of simulated time that a diagram shows: it zooms, pans and follows the playhead, and never leaves the run. */

export const SPAN_MIN_NS = 1000;
/** Where in the window the playhead stays while time runs on, from the left. */
const FOLLOW_AT = 0.75;
export class TimeWindow {
  constructor() {
    this.end = 1;
    this.from = 0;
    this.span = 1;
  }

  get to() { return this.from + this.span; }

  /** @param {number} from @param {number} span */
  show(from, span) {
    this.span = Math.min(Math.max(span, SPAN_MIN_NS), Math.max(this.end, SPAN_MIN_NS));
    this.from = Math.max(0, Math.min(from, this.end - this.span));
  }

  /** The whole run. @param {number} [end] its end, ns */
  whole(end = this.end) {
    this.end = Math.max(1, end);
    this.show(0, this.end);
  }

  /** Another end, the same window as far as it still fits. @param {number} end */
  until(end) {
    this.end = Math.max(1, end);
    this.show(this.from, this.span);
  }

  /** So much time, a part of it before a moment. @param {number} t @param {number} span */
  around(t, span) {
    this.show(t - span / 4, span);
  }

  /** @param {number} factor below 1 shows less time @param {number} at the moment that stays in its place */
  zoom(factor, at) {
    const span = Math.min(Math.max(this.span * factor, SPAN_MIN_NS), this.end);
    this.show(at - ((at - this.from) / this.span) * span, span);
  }

  /** @param {number} ns */
  pan(ns) { this.show(this.from + ns, this.span); }

  /** @param {number} t @returns {boolean} */
  has(t) { return t >= this.from && t <= this.to; }

  /** Brings a moment into view, if it is not. @param {number} t */
  reveal(t) { if (!this.has(t)) this.show(t - this.span / 2, this.span); }

  /** As time runs on: the window runs with it. @param {number} t */
  follow(t) {
    if (t < this.from) this.show(t - this.span / 4, this.span);
    else if (t > this.from + this.span * FOLLOW_AT) this.show(t - this.span * FOLLOW_AT, this.span);
  }

  /** @param {number} t @param {number} width px */
  x(t, width) { return ((t - this.from) / this.span) * width; }

  /** @param {number} x px @param {number} width px */
  time(x, width) { return this.from + (x / Math.max(1, width)) * this.span; }

  /** Round moments to mark, at least `apart` px from each other. @param {number} width px @param {number} apart px @returns {{times: number[], step: number}} */
  marks(width, apart) {
    const least = (this.span * apart) / Math.max(1, width);
    const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
    const step = Math.max(1, ([1, 2, 5, 10].find((n) => n * power >= least) ?? 10) * power);
    const times = [];
    for (let i = Math.ceil(this.from / step); i * step <= this.to; i++) times.push(i * step);
    return { times, step };
  }
}

/** A moment in seconds, as exact as its marks are close. @param {number} ns @param {number} step ns between two marks */
export function markWords(ns, step) {
  return (ns / 1e9).toFixed(Math.min(9, Math.max(0, 9 - Math.floor(Math.log10(Math.max(1, step)) + 1e-9))));
}

/** A length of time in its own unit. @param {number} ns */
export function spanWords(ns) {
  const [unit, size] = ns >= 1e9 ? ["s", 1e9] : ns >= 1e6 ? ["ms", 1e6] : ns >= 1e3 ? ["µs", 1e3] : ["ns", 1];
  return `${Number((ns / size).toPrecision(3))}\u2009${unit}`;
}
