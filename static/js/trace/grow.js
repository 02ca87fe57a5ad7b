/** Arrays that grow: plain typed storage with doubling, so a million rows cost no objects. */

/** @template {Float64Array | Int32Array | Uint32Array | Uint8Array} T */
export class Grow {
  /** @param {new (length: number) => T} kind */
  constructor(kind, capacity = 1024) {
    this.kind = kind;
    this.data = new kind(capacity);
    this.length = 0;
  }

  /** @param {number} value */
  push(value) {
    if (this.length === this.data.length) {
      const bigger = new this.kind(this.data.length * 2);
      bigger.set(/** @type {any} */ (this.data));
      this.data = bigger;
    }
    this.data[this.length] = value;
    return this.length++;
  }
}

/**
 * Number of entries ≤ value in the first `length` entries of a sorted array.
 * @param {ArrayLike<number>} sorted
 * @param {number} length
 * @param {number} value
 */
export function countUpTo(sorted, length, value) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Texts as small numbers. */
export class Dictionary {
  constructor() {
    /** @type {string[]} */
    this.texts = [];
    /** @type {Map<string, number>} */
    this.numbers = new Map();
  }

  /** @param {string} text */
  number(text) {
    let n = this.numbers.get(text);
    if (n === undefined) {
      n = this.texts.length;
      this.texts.push(text);
      this.numbers.set(text, n);
    }
    return n;
  }
}
