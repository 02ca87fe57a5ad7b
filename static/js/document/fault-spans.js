/** When faults begin and end: by the clock as the document says, or by an event, as the watched run had it. */

import { numberedFaults, startOf } from "./faults.js";

const DOWN_MS = 500;

/** What makes two entries the same fault, though its end may have been moved. @param {FaultEntry | undefined} fault */
function identity(fault) {
  return fault && JSON.stringify([fault.kind, fault.target, fault.at_ms ?? null, fault.when ?? null]);
}

/**
 * The span of each fault of the document; null for one that waits for an event which did not come in the watched run.
 * @param {Scenario} doc
 * @param {Scenario} ran the document that was run
 * @param {{time: number, fault: number, phase: string}[]} rows of the run's table of faults
 * @returns {(Span | null)[]}
 */
export function spansOf(doc, ran, rows) {
  const begun = doc.faults?.some((fault) => fault.when) ? begunAt(ran, rows) : new Map();
  return (doc.faults ?? []).map((fault, index) => {
    const from_ms = fault.when ? begun.get(placeIn(ran, fault, index)) : startOf(fault);
    return from_ms === undefined ? null : { from_ms, until_ms: endOf(fault, from_ms) };
  });
}

/** @param {Scenario} ran @param {{time: number, fault: number, phase: string}[]} rows @returns {Map<number, number>} entry → ms of its first start */
function begunAt(ran, rows) {
  const numbered = numberedFaults(ran);
  const begun = new Map();
  for (const { time, fault, phase } of rows) {
    const entry = numbered[fault]?.entry;
    if (phase === "start" && entry !== undefined && !begun.has(entry)) begun.set(entry, time / 1e6);
  }
  return begun;
}

/** @param {Scenario} ran @param {FaultEntry} fault @param {number} index its place in the document */
function placeIn(ran, fault, index) {
  const wanted = identity(fault);
  return identity(ran.faults?.[index]) === wanted ? index : (ran.faults ?? []).findIndex((other) => identity(other) === wanted);
}

/** @param {FaultEntry} fault @param {number} from_ms */
export function endOf(fault, from_ms) {
  if (fault.kind === "restart") return from_ms + (fault.down_ms ?? DOWN_MS);
  const lasts_ms = fault.lasts_ms ?? Infinity;
  return fault.when ? from_ms + lasts_ms : fault.until_ms ?? Infinity;
}

/** @param {Span | null} span @param {number} at_ms */
export function lastsAt(span, at_ms) {
  return span !== null && span.from_ms <= at_ms && at_ms < span.until_ms;
}
