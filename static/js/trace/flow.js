/**
 * How much goes over each link at a moment, smoothed: what stands for messages that would pass too fast to be seen.
 * A function of trace, playhead and rate. The exponential weight of the past is built of four nested spans, so that a rate at
 * any moment is a few searches in sorted times and never depends on what was drawn before.
 */

import { Grow, countUpTo } from "./grow.js";
import { DELIVERED } from "./messages.js";

/** Nothing is shown for less than this, in seconds of the one who watches. */
export const VISIBLE_S = 0.3;
/** [length in time constants, weight]: together close to exp(−x), with an area of 1. */
const SPANS = [[0.5, 0.325], [1, 0.251], [2, 0.188], [4, 0.0524]];

/** @typedef {{src: number, dst: number, kind: number, outcome: number, forwarded: boolean, slot: number, times: Grow<Float64Array>, sorted: boolean, under_ns: number, flowing: boolean}} Stream one kind over one link one way, with what becomes of it there; `slot`: any message of it */

export class Flow {
  constructor() {
    /** @type {Map<number, Stream>} */
    this.byKey = new Map();
    /** @type {Map<number, Stream[]>} the streams of each link and direction */
    this.links = new Map();
    this.taken = 0;
    /** Slots that had not settled when they were looked at. @type {number[]} */
    this.waiting = [];
  }

  /** Takes in what has come since the last time. @param {Messages} messages @param {boolean} complete */
  take(messages, complete) {
    const again = this.waiting;
    this.waiting = [];
    for (const slot of again) this.#add(messages, slot, complete);
    for (; this.taken < messages.length; this.taken++) this.#add(messages, this.taken, complete);
    for (const stream of this.byKey.values()) {
      if (stream.sorted) continue;
      stream.times.data.subarray(0, stream.times.length).sort();
      stream.sorted = true;
    }
  }

  /** @param {Messages} messages @param {number} slot @param {boolean} complete */
  #add(messages, slot, complete) {
    const settled = messages.settled.data[slot];
    if (settled === Infinity) {
      if (!complete) this.waiting.push(slot);
      return;
    }
    const { legs } = messages;
    let outcome = messages.outcome.data[slot];
    const kind = messages.kind.data[slot];
    let until = settled;
    let leg = legs.latest.data[slot];
    if (leg < 0) this.#note({ src: messages.src.data[slot], dst: messages.dst.data[slot], kind, outcome, forwarded: false, slot }, messages.sent.data[slot], until);
    for (; leg >= 0; leg = legs.before.data[leg]) {
      const from = legs.time.data[leg];
      this.#note({ src: legs.node.data[leg], dst: legs.next.data[leg], kind, outcome, forwarded: true, slot }, from, until);
      until = from;
      outcome = DELIVERED; // what is lost is lost on its last link
    }
  }

  /** @param {{src: number, dst: number, kind: number, outcome: number, forwarded: boolean, slot: number}} what @param {number} from @param {number} until */
  #note(what, from, until) {
    const { src, dst, kind, outcome } = what;
    const key = keyOf(src, dst, kind, outcome);
    let stream = this.byKey.get(key);
    if (!stream) {
      stream = { ...what, times: new Grow(Float64Array, 16), sorted: true, under_ns: 0, flowing: false };
      this.byKey.set(key, stream);
      const link = src * 65_536 + dst;
      const list = this.links.get(link);
      if (list) list.push(stream);
      else this.links.set(link, [stream]);
    }
    const { times } = stream;
    if (times.length && from < times.data[times.length - 1]) stream.sorted = false;
    times.push(from);
    stream.under_ns += until - from;
  }

  /** Which streams are too fast for single messages at this rate. @param {number} rate simulated seconds a second; 0: time stands still */
  judge(rate) {
    for (const stream of this.byKey.values()) stream.flowing = rate > 0 && stream.under_ns / stream.times.length / 1e9 / rate < VISIBLE_S;
  }

  /** @param {number} src @param {number} dst @param {number} kind @param {number} outcome on this link */
  flows(src, dst, kind, outcome) { return this.byKey.get(keyOf(src, dst, kind, outcome))?.flowing ?? false; }
}

/** @param {number} src @param {number} dst @param {number} kind @param {number} outcome */
function keyOf(src, dst, kind, outcome) { return ((src * 65_536 + dst) * 4096 + kind) * 256 + outcome; }

/** Messages a second of the one who watches, smoothed. @param {Stream} stream @param {number} t ns @param {number} rate */
export function smoothed({ times }, t, rate) {
  const tau = VISIBLE_S * rate * 1e9;
  const now = countUpTo(times.data, times.length, t);
  let sum = 0;
  for (const [length, weight] of SPANS) {
    const before = countUpTo(times.data, times.length, t - length * tau);
    if (before === now && length === 4) break;
    sum += weight * (now - before);
  }
  return sum / VISIBLE_S;
}
