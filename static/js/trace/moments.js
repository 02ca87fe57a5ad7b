/** Moments worth going to: faults and recoveries, changes of leader, violations, drops, failed operations. Knows no DOM. */

import { countUpTo } from "./grow.js";
import { leads } from "./lanes.js";

/** What one can go to; the first: any of them. */
export const JUMPS = ["any", "fault", "drop", "leader", "violation", "failed"];
/** Of drops and failures in a row, only the first is worth a stop on the way through all kinds. */
const BURST_NS_MIN = 1e6;
const BURSTS_MAX = 200;

/** @typedef {{time: number, kind: "fault" | "heal" | "leader" | "recovery" | "violation" | "drop" | "failed"}} Moment */

/** @type {WeakMap<TraceStore, {chunks: number, verdict: Verdict | null, marks: Moment[]}>} */
const known = new WeakMap();

/** The rare moments that have marks of their own, in time order. @param {TraceStore} trace @param {Verdict | null} verdict @returns {Moment[]} */
export function marksOf(trace, verdict) {
  const before = known.get(trace);
  if (before && before.chunks === trace.chunks && before.verdict === verdict) return before.marks;
  /** @type {Moment[]} */
  const marks = trace.faults.map(({ time, phase }) => ({ time, kind: phase === "start" ? "fault" : "heal" }));
  const ends = new Set(marks.filter(({ kind }) => kind === "heal").map(({ time }) => time));
  for (const fields of trace.states.nodes) {
    for (const time of changes(fields?.get("role"), (value) => leads(String(value)))) marks.push({ time, kind: "leader" });
    // A node that comes back as its fault ends is one recovery, not two.
    for (const time of changes(fields?.get("up"), (value) => value === true)) if (!ends.has(time)) marks.push({ time, kind: "recovery" });
  }
  for (const { verdict: word, at_ms } of verdict?.checks ?? []) if (word === "fail" && typeof at_ms === "number") marks.push({ time: at_ms * 1e6, kind: "violation" });
  marks.sort((a, b) => a.time - b.time);
  known.set(trace, { chunks: trace.chunks, verdict, marks });
  return marks;
}

/** When a field became what it was not. @param {{times: number[], values: unknown[]} | undefined} line @param {(value: unknown) => boolean} is */
function changes(line, is) {
  return line ? line.times.filter((time, i) => time > 0 && is(line.values[i]) && (i === 0 || !is(line.values[i - 1]))) : [];
}

/** When each of the operations that did not succeed came back, in time order. @param {TraceStore} trace */
function failures({ operations }) {
  const good = operations.texts.number("ok");
  const times = [];
  for (let i = 0; i < operations.done.length; i++) {
    const slot = operations.done.data[i];
    if (operations.type.data[slot] !== good) times.push(operations.returned.data[slot]);
  }
  return times;
}

/** @param {ArrayLike<number>} times @param {number} length @param {number} apart */
function bursts(times, length, apart) {
  const out = [];
  let last = -Infinity;
  for (let i = 0; i < length; i++) {
    if (times[i] - last > apart) out.push(times[i]);
    last = times[i];
  }
  return out;
}

/** All moments of one sort, in time order. @param {TraceStore} trace @param {Verdict | null} verdict @param {string} jump one of JUMPS @returns {number[]} ns */
export function momentsOf(trace, verdict, jump) {
  const { drops, dropTimes } = trace.messages;
  if (jump === "drop") return [...new Set(dropTimes.data.subarray(0, drops.length))];
  if (jump === "failed") return failures(trace);
  const marks = marksOf(trace, verdict);
  if (jump === "fault") return marks.filter(({ kind }) => kind === "fault" || kind === "heal").map(({ time }) => time);
  if (jump !== "any") return marks.filter(({ kind }) => kind === jump).map(({ time }) => time);
  const apart = Math.max(BURST_NS_MIN, trace.end / BURSTS_MAX);
  const failed = failures(trace);
  const all = [...marks.map(({ time }) => time), ...bursts(dropTimes.data, drops.length, apart), ...bursts(failed, failed.length, apart)];
  return [...new Set(all)].sort((a, b) => a - b);
}

/** The moment after t, or the one before; undefined when there is none. @param {number[]} times sorted @param {number} t @param {1 | -1} direction */
export function nextOf(times, t, direction) {
  if (direction > 0) return times[countUpTo(times, times.length, t)];
  let i = countUpTo(times, times.length, t) - 1;
  while (i >= 0 && times[i] >= t) i--;
  return times[i];
}
