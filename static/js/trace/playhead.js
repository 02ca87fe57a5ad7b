/** The playhead: simulated time as a function of wall time and speed. Knows no DOM. */

import { countUpTo } from "./grow.js";
import { marksOf } from "./moments.js";

export const SPEEDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const MESSAGE_ON_SCREEN_S = 0.7;
const WONDER_S = 1;
const GAP_ON_SCREEN_S = 0.5;
/** Where nothing special happens a run would pass in about this time. */
const CRUISE_S = 60;
/** How long messages are followed one by one from where one looks, and from each special moment; and how soon before one. */
const CLOSE_S = 6;
const BEFORE_S = 1;
/** As large a share of the run without any message is a long silence. */
const LONG = 0.05;
const SMART_MIN = 0.0001;
const SMART_MAX = 100;

export class Playhead {
  constructor() {
    this.t = 0;
    this.playing = false;
    /** Waits at the end of what is loaded, and for how long already, s. */
    this.waiting = false;
    this.waited = 0;
    /** @type {number | "smart"} */
    this.speed = "smart";
    this.smart = 0.05;
    /** The smart speed without the haste through silence. */
    this.steady = 0.05;
    /** The stretch that is played over and over, ns. @type {{from: number, to: number} | null} */
    this.loop = null;
    this.scratch = new Int32Array(4);
    /** Where somebody went, or began to play, ns; and where the last frame left the playhead. */
    this.anchor = 0;
    this.left = 0;
  }

  get rate() { return this.speed === "smart" ? this.smart : this.speed; }

  /** It has waited for so long that one wonders why. */
  get stuck() { return this.playing && this.waited > WONDER_S; }

  /** How fast messages pass while time runs, simulated seconds a second; 0 when it stands still. */
  get pace() { return !this.playing ? 0 : this.speed === "smart" ? this.steady : this.speed; }

  /**
   * @param {number} wall_s seconds since the last frame
   * @param {TraceStore} store
   */
  advance(wall_s, store) {
    if (!this.playing || this.t !== this.left) this.anchor = this.t;
    const moved = this.#advance(wall_s, store);
    this.left = this.t;
    return moved;
  }

  /** @param {number} wall_s @param {TraceStore} store */
  #advance(wall_s, store) {
    if (!this.playing) return false;
    if (this.speed === "smart") this.#adapt(store);
    if (this.loop && (this.t < this.loop.from || this.t >= this.loop.to)) this.t = this.loop.from;
    const limit = store.complete ? Math.min(store.end, store.loadedTo || store.end) : store.loadedTo;
    const next = this.t + Math.min(wall_s, 0.1) * 1e9 * this.rate;
    this.waiting = next >= limit && !store.complete;
    this.waited = this.waiting ? this.waited + wall_s : 0;
    if (this.loop && next >= this.loop.to && limit >= this.loop.to) {
      this.t = this.loop.from;
      this.waiting = false;
      return true;
    }
    this.t = Math.min(next, Math.max(limit, this.t));
    if (store.complete && this.t >= limit) this.playing = false;
    return true;
  }

  /**
   * Near where one began to look and near special moments a message of median length stays on screen long enough to be followed. Farther from them
   * time passes faster and faster, and slower and slower towards the next; silence is passed quickly.
   * @param {TraceStore} store
   */
  #adapt(store) {
    const gap_s = (store.quietUntil(this.t, this.scratch) - this.t) / 1e9;
    if (gap_s > store.end / 1e9 * LONG) this.anchor = this.t; // what comes after a long silence is looked at closely
    const median = store.messages.medianDuration(this.t);
    const close = median ? median / 1e9 / MESSAGE_ON_SCREEN_S : 0.05;
    let wish = Math.max(close, Math.min(store.end / 1e9 / CRUISE_S, ...this.#distances(store)));
    this.steady = Math.min(SMART_MAX, Math.max(SMART_MIN, wish));
    if (gap_s > 0) wish = Math.max(wish, gap_s / GAP_ON_SCREEN_S);
    wish = Math.min(SMART_MAX, Math.max(SMART_MIN, wish));
    // Slowing down takes effect at once, or the first message after a silence would flash past.
    this.smart = wish < this.smart ? wish : this.smart + (wish - this.smart) * 0.1;
  }

  /** How fast one may go by the moments before and after, simulated seconds a second. @param {TraceStore} store */
  #distances(store) {
    const times = marksOf(store, null).map(({ time }) => time);
    const n = countUpTo(times, times.length, this.t);
    const past = this.t - Math.max(this.anchor <= this.t ? this.anchor : 0, n ? times[n - 1] : 0);
    const future = n < times.length ? times[n] - this.t : Infinity;
    return [past / 1e9 / CLOSE_S, future / 1e9 / BEFORE_S];
  }
}
