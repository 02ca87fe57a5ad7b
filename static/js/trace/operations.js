/** Client operations, each one across all its retries, and what a chart needs of them. */

import { Grow, Dictionary } from "./grow.js";

export class Operations {
  constructor() {
    this.ids = new Grow(Float64Array);
    this.invoked = new Grow(Float64Array);
    this.returned = new Grow(Float64Array);
    this.node = new Grow(Int32Array);
    this.process = new Grow(Int32Array);
    this.f = new Grow(Int32Array);
    this.type = new Grow(Uint8Array);
    this.error = new Grow(Int32Array);
    this.attempts = new Grow(Int32Array);
    this.requestClass = new Grow(Int32Array);
    /** @type {unknown[]} */ this.keys = [];
    /** @type {unknown[]} */ this.values = [];
    /** @type {unknown[]} */ this.results = [];
    this.texts = new Dictionary();
    /** @type {Map<number, number>} */
    this.slots = new Map();
    /** @type {Grow<Int32Array>} slots in order of return */
    this.done = new Grow(Int32Array);
  }

  get length() { return this.ids.length; }

  /** @param {Chunk} chunk */
  add(chunk) {
    this.#addInvoked(chunk.keyframe.ops, chunk);
    this.#addInvoked(chunk.tables.invoked, chunk);
    const { rows, cols } = chunk.tables.returned;
    for (let row = 0; row < rows; row++) {
      const slot = this.slots.get(Number(cols.op[row]));
      if (slot === undefined) continue;
      this.returned.data[slot] = Number(cols.time[row]);
      this.type.data[slot] = this.texts.number(chunk.strings[Number(cols.type[row])]);
      this.error.data[slot] = this.texts.number(chunk.strings[Number(cols.error[row])] ?? "");
      this.attempts.data[slot] = Number(cols.attempts[row]);
      this.results[slot] = cols.value[row];
      this.done.push(slot);
    }
  }

  /**
   * @param {Table} table
   * @param {Chunk} chunk
   */
  #addInvoked(table, chunk) {
    const { rows, cols } = table;
    for (let row = 0; row < rows; row++) {
      const op = Number(cols.op[row]);
      if (this.slots.has(op)) continue;
      this.slots.set(op, this.ids.push(op));
      this.invoked.push(Number(cols.time[row]));
      this.returned.push(Infinity);
      this.node.push(Number(cols.node[row]));
      this.process.push(Number(cols.process[row]));
      this.f.push(this.texts.number(chunk.strings[Number(cols.f[row])]));
      this.type.push(this.texts.number("open"));
      this.error.push(this.texts.number(""));
      this.attempts.push(0);
      this.requestClass.push(this.texts.number(cols.class ? chunk.strings[Number(cols.class[row])] : ""));
      const key = cols.key[row];
      this.keys.push(typeof key === "number" ? chunk.strings[key] ?? key : key);
      this.values.push(cols.value[row]);
      this.results.push(null);
    }
  }

  /** @param {number} slot @returns {OperationRow} */
  row(slot) {
    const text = (/** @type {Grow<any>} */ column) => this.texts.texts[column.data[slot]];
    return {
      op: this.ids.data[slot], invoked: this.invoked.data[slot], returned: this.returned.data[slot], node: this.node.data[slot],
      process: this.process.data[slot], f: text(this.f), key: this.keys[slot], value: this.values[slot], type: text(this.type),
      result: this.results[slot], error: text(this.error), attempts: this.attempts.data[slot], requestClass: text(this.requestClass),
    };
  }

  /**
   * Throughput and latency in windows of equal width, for the charts and their table.
   * @param {number} end ns
   * @param {number} windows
   * @returns {{times: number[], ok: number[], failed: number[], p50: (number|null)[], p99: (number|null)[]}}
   */
  statistics(end, windows) {
    const width = end / windows;
    const good = this.texts.number("ok");
    const ok = new Array(windows).fill(0);
    const failed = new Array(windows).fill(0);
    /** @type {number[][]} */
    const latencies = Array.from({ length: windows }, () => []);
    for (let i = 0; i < this.done.length; i++) {
      const slot = this.done.data[i];
      const w = Math.min(windows - 1, Math.floor(this.returned.data[slot] / width));
      if (this.type.data[slot] === good) {
        ok[w] += 1;
        latencies[w].push((this.returned.data[slot] - this.invoked.data[slot]) / 1e6);
      } else failed[w] += 1;
    }
    const perSecond = 1e9 / width;
    for (const list of latencies) list.sort((a, b) => a - b);
    return {
      times: ok.map((_, i) => ((i + 0.5) * width) / 1e9),
      ok: ok.map((n) => n * perSecond),
      failed: failed.map((n) => n * perSecond),
      p50: latencies.map((list) => quantile(list, 0.5)),
      p99: latencies.map((list) => quantile(list, 0.99)),
    };
  }
}

/**
 * Nearest-rank quantile of a sorted list.
 * @param {number[]} sorted
 * @param {number} q
 */
export function quantile(sorted, q) {
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] : null;
}
