/** The messages of a space-time diagram: which ones a stretch of time shows, where they run, and which one is at a place. */

import { DELIVERED } from "./messages.js";
import { countUpTo } from "./grow.js";

/** More messages than this in view are thinned: every second, every fourth … is drawn. */
export const DRAWN_MAX = 3000;
const FLYING_MAX = 20_000;
const CLEAR_MESSAGES = 80;
const CLEAR_LENGTHS_MIN = 6;
const CLEAR_LENGTHS_MAX = 40;

/** A stretch of time about t in which single messages can be told apart: as long as a few of them, and not too many in it. @param {Messages} messages @param {number} t */
export function clearSpan(messages, t) {
  const median = messages.medianDuration(t);
  const at = messages.sentUpTo(t);
  const [first, last] = [Math.max(0, at - CLEAR_MESSAGES / 4), Math.min(messages.length - 1, at + CLEAR_MESSAGES)];
  const busy = last > first ? messages.sent.data[last] - messages.sent.data[first] : Infinity;
  return median > 0 ? Math.min(median * CLEAR_LENGTHS_MAX, Math.max(median * CLEAR_LENGTHS_MIN, busy)) : busy;
}

/** The messages of one view, kept so that a new view makes no objects. */
export class View {
  constructor() {
    this.slots = new Int32Array(FLYING_MAX + DRAWN_MAX * 2);
    this.flying = new Int32Array(FLYING_MAX);
    this.n = 0;
    /** How many are in view. */
    this.total = 0;
    /** One of so many is drawn. */
    this.stride = 1;
  }

  /**
   * Finds what is under way at any moment of [from, to]; a number is drawn or left out whatever the window, so that panning does not flicker.
   * @param {Messages} messages
   * @param {number} from
   * @param {number} to
   */
  find(messages, from, to) {
    const flying = messages.inFlight(from, this.flying);
    const first = messages.sentUpTo(from);
    const last = messages.sentUpTo(to);
    this.total = flying + last - first;
    this.stride = 1;
    while (this.total / this.stride > DRAWN_MAX) this.stride *= 2;
    this.n = 0;
    for (let i = 0; i < flying; i++) if (this.flying[i] % this.stride === 0) this.slots[this.n++] = this.flying[i];
    for (let slot = Math.ceil(first / this.stride) * this.stride; slot < last && this.n < this.slots.length; slot += this.stride) this.slots[this.n++] = slot;
    if (this.stride > 1) this.#addDrops(messages, from, to);
  }

  /** What was lost is rare and matters: it is thinned on its own. @param {Messages} messages @param {number} from @param {number} to */
  #addDrops(messages, from, to) {
    const first = countUpTo(messages.dropTimes.data, messages.drops.length, from);
    const last = countUpTo(messages.dropTimes.data, messages.drops.length, to);
    const step = Math.max(1, Math.ceil((last - first) / DRAWN_MAX));
    for (let i = first; i < last && this.n < this.slots.length; i += step) {
      const slot = messages.drops.data[i];
      if (slot % this.stride) this.slots[this.n++] = slot;
    }
  }
}

/**
 * The way of a message as moments and nodes, [t, node, t, node, …]: one line, or one for each link on which it was forwarded.
 * A lost one ends at `reach`, 0…1, of its last line. Answers how many places there are.
 * @param {Messages} messages
 * @param {number} slot
 * @param {number} loadedTo where a message ends that has not settled yet
 * @param {(reason: string, forwarded: boolean) => number} reach
 * @param {Float64Array} out node numbers between two nodes are fractions
 */
export function places(messages, slot, loadedTo, reach, out) {
  const { legs } = messages;
  let n = 0;
  for (let i = legs.latest.data[slot]; i >= 0 && n < out.length / 2 - 2; i = legs.before.data[i]) n++;
  const forwarded = n > 0;
  const latest = legs.latest.data[slot];
  for (let i = latest, k = n - 1; k >= 0; i = legs.before.data[i], k--) {
    out[k * 2] = legs.time.data[i];
    out[k * 2 + 1] = legs.node.data[i];
  }
  if (!forwarded) {
    out[0] = messages.sent.data[slot];
    out[1] = messages.src.data[slot];
    n = 1;
  }
  const settled = messages.settled.data[slot];
  const outcome = messages.outcome.data[slot];
  const open = settled === Infinity;
  const lost = !open && outcome !== DELIVERED;
  const target = forwarded && (open || lost) ? legs.next.data[latest] : messages.dst.data[slot];
  const f = lost ? reach(messages.outcomes.texts[outcome], forwarded) : open ? 0.5 : 1;
  const [t0, node0] = [out[n * 2 - 2], out[n * 2 - 1]];
  const t1 = open ? Math.max(t0, loadedTo) : settled;
  out[n * 2] = t0 + (t1 - t0) * (open ? 1 : f);
  out[n * 2 + 1] = node0 + (target - node0) * f;
  return n + 1;
}

/** Square of the distance from a point to a line. @param {number} x @param {number} y @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
export function away(x, y, x1, y1, x2, y2) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const f = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return (x - x1 - f * dx) ** 2 + (y - y1 - f * dy) ** 2;
}
