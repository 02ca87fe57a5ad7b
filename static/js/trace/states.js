/** Node states over time: for each node and field the moments it changed. */

import { countUpTo } from "./grow.js";

export class States {
  constructor() {
    /** @type {Map<string, {times: number[], values: unknown[]}>[]} by node number */
    this.nodes = [];
  }

  /** @param {Chunk} chunk */
  add(chunk) {
    chunk.keyframe.state.forEach((fields, node) => {
      for (const [field, value] of Object.entries(fields)) {
        if (!this.nodes[node]?.has(field)) this.#note(node, field, chunk.from, value);
      }
    });
    const { rows, cols } = chunk.tables.state;
    for (let row = 0; row < rows; row++) {
      this.#note(Number(cols.node[row]), chunk.strings[Number(cols.field[row])], Number(cols.time[row]), cols.value[row]);
    }
  }

  /**
   * @param {number} node
   * @param {string} field
   * @param {number} time
   * @param {unknown} value
   */
  #note(node, field, time, value) {
    const fields = (this.nodes[node] ??= new Map());
    let line = fields.get(field);
    if (!line) fields.set(field, (line = { times: [], values: [] }));
    line.times.push(time);
    line.values.push(value);
  }

  /**
   * @param {number} node
   * @param {string} field
   * @param {number} t
   */
  value(node, field, t) {
    const line = this.nodes[node]?.get(field);
    if (!line) return undefined;
    const n = countUpTo(line.times, line.times.length, t);
    return n ? line.values[n - 1] : undefined;
  }

  /**
   * All fields of a node at t.
   * @param {number} node
   * @param {number} t
   */
  at(node, t) {
    /** @type {Record<string, unknown>} */
    const out = {};
    for (const field of this.nodes[node]?.keys() ?? []) {
      const value = this.value(node, field, t);
      if (value !== undefined) out[field] = value;
    }
    return out;
  }
}
