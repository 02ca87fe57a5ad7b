/** The run as one list of events in time order; each event is a number, described only when it is shown. */

import { Grow, countUpTo } from "./grow.js";

export const EVENT_TYPES = ["sent", "dropped", "invoked", "returned", "fault", "note", "state"];
const SLOT_RANGE = 2 ** 29;

export class Events {
  constructor() {
    this.times = new Grow(Float64Array);
    this.codes = new Grow(Uint32Array);
  }

  get length() { return this.times.length; }

  /** @param {{time: number, code: number}[]} batch events of one chunk, in any order */
  addAll(batch) {
    batch.sort((a, b) => a.time - b.time);
    for (const { time, code } of batch) {
      this.times.push(time);
      this.codes.push(code);
    }
  }

  /** Index of the first event after t. @param {number} t */
  after(t) { return countUpTo(this.times.data, this.length, t); }

  /** Index of the last event before t, −1 when none. @param {number} t */
  before(t) {
    let i = this.after(t) - 1;
    while (i >= 0 && this.times.data[i] >= t) i--;
    return i;
  }

  /** @param {number} index */
  at(index) {
    const code = this.codes.data[index];
    return { index, time: this.times.data[index], type: EVENT_TYPES[Math.floor(code / SLOT_RANGE)], slot: code % SLOT_RANGE };
  }
}

/**
 * @param {string} type
 * @param {number} slot
 */
export function eventCode(type, slot) {
  return EVENT_TYPES.indexOf(type) * SLOT_RANGE + slot;
}
