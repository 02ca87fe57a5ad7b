/**
 * A run in figures over time, in windows of equal width. Each chunk is taken in once, with work in proportion to it, so that a
 * long run stays as quick as a short one. What is answered counts in the window of its answer.
 */

import { Durations, Level, windowsOf } from "./levels.js";
import { Lags, Staleness } from "./replicas.js";

/** More kinds of errors, or nodes, than this are not told apart in one chart. */
const LINES_MAX = 6;
const MS = 1e6;

export class Series {
  /** @param {number} end the run's end, ns @param {number[][]} groups nodes that are copies of each other */
  constructor(end, groups = []) {
    this.end = Math.max(1, end);
    const { width, count } = windowsOf(this.end);
    this.width = width;
    this.count = count;
    this.to = 0;
    this.seen = { invoked: 0, done: 0 };
    this.asked = new Uint32Array(count);
    this.ended = new Uint32Array(count);
    this.ok = new Uint32Array(count);
    this.latencies = Array.from({ length: count }, () => new Durations());
    /** @type {Map<string, Uint32Array>} */
    this.errors = new Map();
    this.inFlight = new Level(this.end, width, count);
    /** @type {Map<number, {level: Level, next: number, value: number, most: number}>} by node */
    this.queues = new Map();
    this.stale = new Staleness();
    this.ages = Array.from({ length: count }, () => new Durations());
    this.versions = new Float64Array(count);
    this.groups = groups.map((nodes) => new Lags(nodes));
    this.lags = Array.from({ length: count }, () => new Durations());
  }

  /** @param {number} t */
  window(t) { return Math.min(this.count - 1, Math.floor(t / this.width)); }

  /** Takes in what has come since the last time. @param {TraceStore} trace */
  take(trace) {
    const { operations, states } = trace;
    for (; this.seen.invoked < operations.length; this.seen.invoked++) {
      const t = operations.invoked.data[this.seen.invoked];
      this.asked[this.window(t)] += 1;
      this.inFlight.add(t, 1);
    }
    for (; this.seen.done < operations.done.length; this.seen.done++) this.#ended(operations, operations.done.data[this.seen.done]);
    states.nodes.forEach((fields, node) => {
      const line = fields?.get("queue");
      if (line) this.#queue(node, line);
    });
    for (const group of this.groups) group.take(states, (at, lag) => this.lags[this.window(at)].add(lag));
    this.to = trace.loadedTo;
  }

  /** @param {TraceStore["operations"]} operations @param {number} slot */
  #ended(operations, slot) {
    const at = operations.returned.data[slot];
    const w = this.window(at);
    this.inFlight.add(at, -1);
    this.ended[w] += 1;
    const row = operations.row(slot);
    if (row.type !== "ok") {
      const kind = row.error || (row.type === "info" ? "unknown" : "failed");
      let counts = this.errors.get(kind);
      if (!counts) this.errors.set(kind, (counts = new Uint32Array(this.count)));
      counts[w] += 1;
      return;
    }
    this.ok[w] += 1;
    this.latencies[w].add(at - row.invoked);
    const read = this.stale.take(row);
    if (!read) return;
    this.ages[w].add(read.age);
    this.versions[w] += read.versions;
  }

  /** @param {number} node @param {{times: number[], values: unknown[]}} line */
  #queue(node, line) {
    let queue = this.queues.get(node);
    if (!queue) this.queues.set(node, (queue = { level: new Level(this.end, this.width, this.count), next: 0, value: 0, most: 0 }));
    for (; queue.next < line.times.length; queue.next++) {
      const value = Number(line.values[queue.next] ?? 0);
      queue.level.add(line.times[queue.next], value - queue.value);
      queue.value = value;
      queue.most = Math.max(queue.most, value);
    }
  }

  /** How many windows the run has reached. */
  get reached() { return Math.max(0, Math.min(this.count, Math.ceil(this.to / this.width - 1e-9))); }

  /** When each window begins, in seconds. */
  get times() { return Array.from({ length: this.count }, (_, w) => (w * this.width) / 1e9); }

  /** What there is to draw: only what the run has figures for. @param {(node: number) => string} nameOf @returns {ChartData[]} */
  charts(nameOf) {
    const { reached } = this;
    const shown = (/** @type {ArrayLike<number | null>} */ values) => Array.from(values, (value, w) => (w < reached ? value : null));
    const rate = (/** @type {Uint32Array} */ counts) => shown(Array.from(counts, (n, w) => n / (this.#length(w) / 1e9)));
    const share = (/** @type {Durations[]} */ list, /** @type {number} */ q) => shown(list.map((one) => inMs(one.percentile(q))));
    const charts = [
      { id: "throughput", unit: "/s", lines: [{ id: "good", values: rate(this.ok) }, { id: "ended", values: rate(this.ended) }, { id: "asked", values: rate(this.asked) }] },
      { id: "latency", unit: "ms", lines: [0.5, 0.95, 0.99].map((q) => ({ id: `p${q * 100}`, values: share(this.latencies, q) })) },
    ];
    const errors = most([...this.errors], ([, counts]) => counts.reduce((a, b) => a + b, 0));
    if (errors.length) charts.push({ id: "errors", unit: "/s", lines: errors.map(([id, counts]) => ({ id, values: rate(counts) })) });
    charts.push({ id: "in-flight", unit: "", lines: [{ id: "ops", values: shown(this.inFlight.means(this.to)) }] });
    const queues = most([...this.queues].filter(([, queue]) => queue.most > 0), ([, queue]) => queue.level.means(this.to).reduce((a, b) => a + b, 0));
    if (queues.length) charts.push({ id: "queues", unit: "", lines: queues.map(([node, queue]) => ({ id: nameOf(node), values: shown(queue.level.means(this.to)) })) });
    if (this.lags.some((lag) => lag.count)) charts.push({ id: "lag", unit: "ms", lines: [{ id: "p50", values: share(this.lags, 0.5) }, { id: "max", values: shown(this.lags.map((lag) => (lag.count ? lag.highest / MS : null))) }] });
    if (this.ages.some((age) => age.highest > 0)) {
      charts.push({ id: "staleness", unit: "ms", lines: [{ id: "mean", values: shown(this.ages.map((age) => inMs(age.mean))) }, { id: "max", values: shown(this.ages.map((age) => (age.count ? age.highest / MS : null))) }] });
      charts.push({ id: "versions", unit: "", lines: [{ id: "mean", values: shown(this.ages.map((age, w) => (age.count ? this.versions[w] / age.count : null))) }] });
    }
    return charts;
  }

  /** How much of a window the run has had, ns. @param {number} w */
  #length(w) { return Math.max(1, Math.min(this.width, Math.min(this.to, this.end) - w * this.width)); }
}

/** @param {number | null} ns */
function inMs(ns) { return ns === null ? null : ns / MS; }

/** Those with the most of something, if there are too many. @template T @param {T[]} list @param {(one: T) => number} of @returns {T[]} */
function most(list, of) {
  return list.map((one) => ({ one, n: of(one) })).sort((a, b) => b.n - a.n).slice(0, LINES_MAX).map(({ one }) => one);
}
