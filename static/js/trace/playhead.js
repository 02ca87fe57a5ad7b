/** The playhead: simulated time as a function of wall time and speed. Knows no DOM. */

export const SPEEDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const MESSAGE_ON_SCREEN_S = 0.7;
const GAP_ON_SCREEN_S = 0.5;
const SMART_MIN = 0.0005;
const SMART_MAX = 10;

export class Playhead {
  constructor() {
    this.t = 0;
    this.playing = false;
    /** Waits at the end of what is loaded. */
    this.waiting = false;
    /** @type {number | "smart"} */
    this.speed = "smart";
    this.smart = 0.05;
    this.scratch = new Int32Array(4);
  }

  get rate() { return this.speed === "smart" ? this.smart : this.speed; }

  /**
   * @param {number} wall_s seconds since the last frame
   * @param {TraceStore} store
   */
  advance(wall_s, store) {
    if (!this.playing) return false;
    if (this.speed === "smart") this.#adapt(store);
    const limit = store.complete ? Math.min(store.end, store.loadedTo || store.end) : store.loadedTo;
    const next = this.t + Math.min(wall_s, 0.1) * 1e9 * this.rate;
    this.waiting = next >= limit && !store.complete;
    this.t = Math.min(next, Math.max(limit, this.t));
    if (store.complete && this.t >= limit) this.playing = false;
    return true;
  }

  /** A message of median length stays on screen long enough to be followed; silence is passed quickly. @param {TraceStore} store */
  #adapt(store) {
    const median = store.messages.medianDuration(this.t);
    let wish = median ? median / 1e9 / MESSAGE_ON_SCREEN_S : 0.05;
    const until = store.quietUntil(this.t, this.scratch);
    const gap_s = (until - this.t) / 1e9;
    if (gap_s > 0) wish = Math.max(wish, gap_s / GAP_ON_SCREEN_S);
    wish = Math.min(SMART_MAX, Math.max(SMART_MIN, wish));
    // Slowing down takes effect at once, or the first message after a silence would flash past.
    this.smart = wish < this.smart ? wish : this.smart + (wish - this.smart) * 0.1;
  }
}
