/** Everything received of one run, and the questions the page asks of it: the world at t, events, statistics. */

import { decodeChunk } from "./decode.js";
import { Marshalling } from "./marshalling.js";
import { Messages } from "./messages.js";
import { States } from "./states.js";
import { Operations } from "./operations.js";
import { Events, eventCode } from "./events.js";

const HISTOGRAM_BINS = 480;

export class TraceStore {
  /**
   * @param {(bytes: Uint8Array) => unknown} unpack a msgpack decoder
   * @param {number} end_ns the planned end of the run
   */
  constructor(unpack, end_ns) {
    this.unpack = unpack;
    this.end = end_ns;
    this.loadedTo = 0;
    this.chunks = 0;
    /** @type {string[]} */
    this.nodes = [];
    this.messages = new Messages();
    this.states = new States();
    this.operations = new Operations();
    this.events = new Events();
    /** @type {{time: number, fault: number, phase: string}[]} */
    this.faults = [];
    /** @type {{time: number, node: number, text: string, cause: number}[]} */
    this.notes = [];
    this.marshalling = new Marshalling();
    this.histogram = new Uint32Array(HISTOGRAM_BINS);
    this.complete = false;
  }

  /**
   * Takes the next chunk; numbers must come without gaps. A repeated number is ignored.
   * @param {Uint8Array} bytes
   * @returns {number} the chunk's number
   */
  add(bytes) {
    const chunk = decodeChunk(bytes, this.unpack);
    if (chunk.n < this.chunks) return chunk.n;
    if (chunk.n > this.chunks) throw new Error(`Expected chunk ${this.chunks}, received ${chunk.n}`);
    this.chunks += 1;
    this.nodes = chunk.nodes;
    const firstOperation = this.operations.length;
    const firstDrop = this.messages.drops.length;
    const firstDone = this.operations.done.length;
    const firstMessage = this.messages.length;
    this.messages.add(chunk);
    this.states.add(chunk);
    this.operations.add(chunk);
    this.marshalling.add(chunk);
    this.#index(chunk, firstMessage, firstDrop, firstOperation, firstDone);
    this.#count(firstMessage);
    this.loadedTo = Math.max(this.loadedTo, chunk.to);
    return chunk.n;
  }

  /**
   * @param {Chunk} chunk
   * @param {number} firstMessage
   * @param {number} firstDrop
   * @param {number} firstOperation
   * @param {number} firstDone
   */
  #index(chunk, firstMessage, firstDrop, firstOperation, firstDone) {
    const { messages, operations } = this;
    /** @type {{time: number, code: number}[]} */
    const batch = [];
    const note = (/** @type {string} */ type, /** @type {number} */ slot, /** @type {number} */ time) => batch.push({ time, code: eventCode(type, slot) });
    for (let s = firstOperation; s < operations.length; s++) note("invoked", s, operations.invoked.data[s]);
    for (let s = firstMessage; s < messages.length; s++) note("sent", s, messages.sent.data[s]);
    for (let d = firstDrop; d < messages.drops.length; d++) note("dropped", messages.drops.data[d], messages.dropTimes.data[d]);
    for (let d = firstDone; d < operations.done.length; d++) note("returned", operations.done.data[d], operations.returned.data[operations.done.data[d]]);
    const { faults, notes } = chunk.tables;
    for (let row = 0; row < faults.rows; row++) {
      const time = Number(faults.cols.time[row]);
      this.faults.push({ time, fault: Number(faults.cols.fault[row]), phase: chunk.strings[Number(faults.cols.phase[row])] });
      note("fault", this.faults.length - 1, time);
    }
    for (let row = 0; row < notes.rows; row++) {
      const time = Number(notes.cols.time[row]);
      this.notes.push({ time, node: Number(notes.cols.node[row]), text: chunk.strings[Number(notes.cols.text[row])], cause: Number(notes.cols.cause[row]) });
      note("note", this.notes.length - 1, time);
    }
    this.events.addAll(batch);
  }

  /** A run that ended early: its time ends where its trace does. */
  endHere() {
    this.end = this.loadedTo;
    this.histogram.fill(0);
    this.#count(0);
  }

  /** @param {number} firstMessage */
  #count(firstMessage) {
    const { sent } = this.messages;
    const scale = HISTOGRAM_BINS / Math.max(1, this.end);
    for (let s = firstMessage; s < sent.length; s++) {
      this.histogram[Math.min(HISTOGRAM_BINS - 1, Math.floor(sent.data[s] * scale))] += 1;
    }
  }

  /**
   * Numbers of the faults that hold at t.
   * @param {number} t
   * @returns {Map<number, number>} fault → since when (ns)
   */
  activeFaults(t) {
    /** @type {Map<number, number>} */
    const active = new Map();
    for (const { time, fault, phase } of this.faults) {
      if (time > t) break;
      if (phase === "start") active.set(fault, time);
      else active.delete(fault);
    }
    return active;
  }

  /** How long to wait at t for the next message, ns; 0 when something is under way. @param {number} t @param {Int32Array} scratch */
  quietUntil(t, scratch) {
    if (this.messages.inFlight(t, scratch)) return t;
    const next = this.messages.sentUpTo(t);
    return next < this.messages.length ? this.messages.sent.data[next] : this.loadedTo;
  }
}
