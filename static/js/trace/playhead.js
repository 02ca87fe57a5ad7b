/** The playhead: simulated time as a function of wall time and speed. Knows no DOM. */

export const SPEEDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const MESSAGE_ON_SCREEN_S = 0.7;
const WONDER_S = 1;
const GAP_ON_SCREEN_S = 0.5;
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

  /** A message of median length stays on screen long enough to be followed; silence is passed quickly. @param {TraceStore} store */
  #adapt(store) {
    const median = store.messages.medianDuration(this.t);
    let wish = median ? median / 1e9 / MESSAGE_ON_SCREEN_S : 0.05;
    this.steady = Math.min(SMART_MAX, Math.max(SMART_MIN, wish));
    const until = store.quietUntil(this.t, this.scratch);
    const gap_s = (until - this.t) / 1e9;
    if (gap_s > 0) wish = Math.max(wish, gap_s / GAP_ON_SCREEN_S);
    wish = Math.min(SMART_MAX, Math.max(SMART_MIN, wish));
    // Slowing down takes effect at once, or the first message after a silence would flash past.
    this.smart = wish < this.smart ? wish : this.smart + (wish - this.smart) * 0.1;
  }
}
