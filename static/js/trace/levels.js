/** Figures by window of time, each taken in with constant work: quantities that last, and percentiles of durations. */

/** The most windows a run is cut into; their width is a round one. */
const WINDOWS_MAX = 60;
const WIDTH_MIN_NS = 1000;
const PARTS = 128;

/** Windows of a round width over a run. @param {number} end ns @returns {{width: number, count: number}} */
export function windowsOf(end) {
  const least = Math.max(WIDTH_MIN_NS, end / WINDOWS_MAX);
  const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
  const width = ([1, 2, 5, 10].find((n) => n * power >= least * (1 - 1e-9)) ?? 10) * power;
  return { width, count: Math.max(1, Math.ceil(end / width - 1e-9)) };
}

/** The time-average of a quantity that changes by steps. */
export class Level {
  /** @param {number} end ns @param {number} width ns @param {number} count windows */
  constructor(end, width, count) {
    this.end = end;
    this.width = width;
    this.areas = new Float64Array(count);
    this.steps = new Float64Array(count + 1);
  }

  /** @param {number} t ns @param {number} step by how much it changes then, for good */
  add(t, step) {
    if (!step || t >= this.end) return;
    const w = Math.min(this.areas.length - 1, Math.floor(t / this.width));
    this.areas[w] += step * (Math.min(this.end, (w + 1) * this.width) - t);
    this.steps[w + 1] += step;
  }

  /** @param {number} to how far the run is known: a window that is not over says what it was so far @returns {number[]} */
  means(to) {
    let level = 0;
    return Array.from(this.areas, (area, w) => {
      level += this.steps[w];
      const from = w * this.width;
      const over = Math.min(this.end, from + this.width);
      const now = level + this.steps[w + 1];
      const known = Math.min(over, to);
      return known > from ? (area + level * (over - from) - now * (over - known)) / (known - from) : 0;
    });
  }
}

/** Durations of one window: percentiles by nearest rank, within 0.4 %, in the buckets of HdrHistogram; count and highest are exact. */
export class Durations {
  constructor() {
    this.count = 0;
    this.total = 0;
    this.highest = 0;
    /** @type {Map<number, number>} */
    this.buckets = new Map();
    /** @type {number[] | null} */
    this.order = null;
  }

  /** @param {number} ns */
  add(ns) {
    this.count += 1;
    this.total += ns;
    this.highest = Math.max(this.highest, ns);
    const bucket = bucketOf(ns);
    const known = this.buckets.get(bucket);
    if (known === undefined) this.order = null;
    this.buckets.set(bucket, (known ?? 0) + 1);
  }

  get mean() { return this.count ? this.total / this.count : null; }

  /** @param {number} share */
  percentile(share) {
    if (!this.count) return null;
    this.order ??= [...this.buckets.keys()].sort((a, b) => a - b);
    let place = Math.max(0, Math.min(this.count - 1, Math.ceil(share * this.count - 1e-9) - 1));
    for (const bucket of this.order) {
      place -= this.buckets.get(bucket) ?? 0;
      if (place < 0) return Math.min(this.highest, middleOf(bucket));
    }
    return this.highest;
  }
}

/** @param {number} value */
function bucketOf(value) {
  let [shift, scale] = [0, 1];
  while (value / scale >= 2 * PARTS) [shift, scale] = [shift + 1, scale * 2];
  return shift * PARTS + Math.floor(value / scale);
}

/** @param {number} bucket */
function middleOf(bucket) {
  if (bucket < 2 * PARTS) return bucket;
  const shift = Math.floor(bucket / PARTS) - 1;
  return (bucket - shift * PARTS + 0.5) * 2 ** shift;
}
