/** Every message of a run in columns, with a time index that answers "what is in flight at t?". */

import { Grow, Dictionary, countUpTo } from "./grow.js";
import { Legs } from "./legs.js";

export const ROLES = ["request", "reply", "replication", "heartbeat", "vote", "event"];
const BUCKET_ROWS = 256;
export const DELIVERED = 0;

export class Messages {
  constructor() {
    this.ids = new Grow(Float64Array);
    this.sent = new Grow(Float64Array);
    this.settled = new Grow(Float64Array);
    this.src = new Grow(Int32Array);
    this.dst = new Grow(Int32Array);
    this.kind = new Grow(Int32Array);
    this.role = new Grow(Uint8Array);
    this.outcome = new Grow(Uint8Array);
    this.cause = new Grow(Int32Array);
    this.op = new Grow(Int32Array);
    this.size = new Grow(Int32Array);
    this.kinds = new Dictionary();
    this.outcomes = new Dictionary();
    this.outcomes.number("delivered");
    /** @type {Map<number, number>} ids that are not their own slot */
    this.slots = new Map();
    /** @type {number[]} */
    this.bucketTimes = [];
    /** @type {number[]} */
    this.bucketStarts = [];
    /** @type {Int32Array[]} */
    this.bucketCarry = [];
    /** @type {Set<number>} slots without a settle row yet */
    this.open = new Set();
    this.drops = new Grow(Int32Array);
    this.dropTimes = new Grow(Float64Array);
    this.durations = new Grow(Float64Array);
    this.legs = new Legs();
    /** @type {Leg} what `leg` answers, over and over */
    this.found = { src: 0, dst: 0, from: 0, to: 0, last: true, forwarded: false };
  }

  get length() { return this.ids.length; }

  /** @param {number} id */
  slotOf(id) {
    if (id >= 0 && id < this.ids.length && this.ids.data[id] === id) return id;
    return this.slots.get(id) ?? -1;
  }

  /** @param {Chunk} chunk */
  add(chunk) {
    this.#addRows(chunk.keyframe.flight, chunk, true);
    this.#addSentAndSettled(chunk);
    this.#addLegs(chunk.keyframe.hops, true);
    this.#addLegs(chunk.tables.hops, false);
  }

  /**
   * @param {Table | undefined} table
   * @param {boolean} onlyUnknown the keyframe repeats the last leg that earlier chunks already gave
   */
  #addLegs(table, onlyUnknown) {
    if (!table) return;
    const { id, time, node, next } = table.cols;
    for (let row = 0; row < table.rows; row++) {
      const slot = this.slotOf(Number(id[row]));
      if (slot < 0 || (onlyUnknown && this.legs.latest.data[slot] >= 0)) continue;
      this.legs.add(slot, Number(time[row]), Number(node[row]), Number(next[row]));
    }
  }

  /** The link that a message is on at t, and from when to when; the answer holds until the next question. @param {number} slot @param {number} t */
  leg(slot, t) {
    const leg = this.found;
    leg.src = this.src.data[slot];
    leg.dst = this.dst.data[slot];
    leg.from = this.sent.data[slot];
    leg.to = this.settled.data[slot];
    leg.last = true;
    leg.forwarded = false;
    this.legs.narrow(slot, t, leg);
    return leg;
  }

  /**
   * @param {Table} table
   * @param {Chunk} chunk
   * @param {boolean} onlyUnknown the keyframe repeats messages that earlier chunks already gave
   */
  #addRows(table, chunk, onlyUnknown) {
    for (let row = 0; row < table.rows; row++) {
      if (onlyUnknown && this.slotOf(Number(table.cols.id[row])) >= 0) continue;
      this.#addRow(table.cols, row, chunk);
    }
  }

  /**
   * @param {Record<string, Column>} cols
   * @param {number} row
   * @param {Chunk} chunk
   */
  #addRow(cols, row, chunk) {
    const time = Number(cols.time[row]);
    const last = this.bucketStarts.length - 1;
    if (last < 0 || this.length - this.bucketStarts[last] >= BUCKET_ROWS) this.#openBucket(time);
    const id = Number(cols.id[row]);
    const kind = chunk.strings[Number(cols.kind[row])];
    const slot = this.ids.push(id);
    if (slot !== id) this.slots.set(id, slot);
    this.sent.push(time);
    this.settled.push(Infinity);
    this.src.push(Number(cols.src[row]));
    this.dst.push(Number(cols.dst[row]));
    this.kind.push(this.kinds.number(kind));
    this.role.push(Math.max(0, ROLES.indexOf(chunk.roles[kind] ?? "request")));
    this.outcome.push(DELIVERED);
    this.cause.push(Number(cols.cause[row]));
    this.op.push(Number(cols.op[row]));
    this.size.push(Number(cols.size[row]));
    this.open.add(slot);
    this.legs.open();
  }

  /** Sends and settlements are taken in time order, so that a bucket carries only what is really still under way. @param {Chunk} chunk */
  #addSentAndSettled(chunk) {
    const sent = chunk.tables.sent;
    const settled = chunk.tables.settled;
    let s = 0;
    let d = 0;
    while (s < sent.rows || d < settled.rows) {
      const sentNext = s < sent.rows ? Number(sent.cols.time[s]) : Infinity;
      const settledNext = d < settled.rows ? Number(settled.cols.time[d]) : Infinity;
      if (sentNext <= settledNext) this.#addRow(sent.cols, s++, chunk);
      else this.#settle(settled.cols, d++, chunk);
    }
  }

  /**
   * @param {Record<string, Column>} cols
   * @param {number} row
   * @param {Chunk} chunk
   */
  #settle(cols, row, chunk) {
    const slot = this.slotOf(Number(cols.id[row]));
    if (slot < 0) return;
    const time = Number(cols.time[row]);
    const outcome = this.outcomes.number(chunk.strings[Number(cols.outcome[row])]);
    this.settled.data[slot] = time;
    this.outcome.data[slot] = outcome;
    this.open.delete(slot);
    if (outcome === DELIVERED) {
      if (this.durations.length < 20_000) this.durations.push(time - this.sent.data[slot]);
    } else {
      this.drops.push(slot);
      this.dropTimes.push(time);
    }
  }

  /** @param {number} time */
  #openBucket(time) {
    this.bucketTimes.push(time);
    this.bucketStarts.push(this.length);
    this.bucketCarry.push(Int32Array.from(this.open));
  }

  /**
   * Writes the slots of all messages with sent ≤ t < settled into `out` and returns how many there are.
   * @param {number} t
   * @param {Int32Array} out
   */
  inFlight(t, out) {
    const bucket = countUpTo(this.bucketTimes, this.bucketTimes.length, t) - 1;
    if (bucket < 0) return 0;
    const settled = this.settled.data;
    const sent = this.sent.data;
    const carry = this.bucketCarry[bucket];
    let n = 0;
    for (let i = 0; i < carry.length && n < out.length; i++) {
      if (settled[carry[i]] > t) out[n++] = carry[i];
    }
    const end = bucket + 1 < this.bucketStarts.length ? this.bucketStarts[bucket + 1] : this.length;
    for (let slot = this.bucketStarts[bucket]; slot < end && n < out.length; slot++) {
      if (sent[slot] > t) break;
      if (settled[slot] > t) out[n++] = slot;
    }
    return n;
  }

  /**
   * Slots of messages dropped (their settle time) in (t − hold, t].
   * @param {number} t
   * @param {number} hold
   * @param {Int32Array} out
   */
  droppedWithin(t, hold, out) {
    const to = countUpTo(this.dropTimes.data, this.drops.length, t);
    const from = Math.max(countUpTo(this.dropTimes.data, this.drops.length, t - hold), to - out.length);
    for (let i = from; i < to; i++) out[i - from] = this.drops.data[i];
    return to - from;
  }

  /** Number of drops at or before t. @param {number} t */
  dropsUpTo(t) { return countUpTo(this.dropTimes.data, this.drops.length, t); }

  /** First index in send order with sent > t. @param {number} t */
  sentUpTo(t) { return countUpTo(this.sent.data, this.length, t); }

  /**
   * Median time under way of the messages sent around t (ns), 0 when there are none.
   * @param {number} t
   */
  medianDuration(t) {
    const middle = this.sentUpTo(t);
    const found = [];
    for (let slot = Math.max(0, middle - 24); slot < Math.min(this.length, middle + 24); slot++) {
      const d = this.settled.data[slot] - this.sent.data[slot];
      if (Number.isFinite(d) && d > 0) found.push(d);
    }
    found.sort((a, b) => a - b);
    return found.length ? found[found.length >> 1] : 0;
  }

  /** @param {number} slot @returns {MessageRow} */
  row(slot) {
    return {
      slot, id: this.ids.data[slot], sent: this.sent.data[slot], settled: this.settled.data[slot], src: this.src.data[slot], dst: this.dst.data[slot],
      kind: this.kinds.texts[this.kind.data[slot]], role: ROLES[this.role.data[slot]], outcome: this.outcomes.texts[this.outcome.data[slot]],
      cause: this.cause.data[slot], op: this.op.data[slot], size: this.size.data[slot],
    };
  }
}
