/** When two documents run alike, and from which moment on they do not. */

import { endOf } from "./fault-spans.js";
import { startOf } from "./faults.js";

/** @type {WeakMap<Scenario, string>} */
const physical = new WeakMap();

/** All that a run depends on, without its faults: not places, names and claims. @param {Scenario} doc */
function physicalOf(doc) {
  let text = physical.get(doc);
  if (text === undefined) {
    text = JSON.stringify({
      nodes: doc.nodes.map(({ id, type, zone, host, count, params, cost_per_hour }) => [id, type, zone, host, count, params, cost_per_hour]), links: doc.links,
      clusters: doc.clusters?.map(({ label, ...rest }) => rest), zones: doc.zones?.map((zone) => zone.id), hosts: doc.hosts?.map(({ label, ...rest }) => rest),
      latencies: doc.latencies ?? [], rest: [doc.seed, doc.duration_ms, doc.settle_ms ?? 0],
    });
    physical.set(doc, text);
  }
  return text;
}

/** @param {unknown} a @param {unknown} b */
function same(a, b) { return a === b || JSON.stringify(a) === JSON.stringify(b); }

/** Changes that leave a run as it was: places, names, claims. @param {Scenario} a @param {Scenario} b */
export function sameRun(a, b) {
  return a === b || (physicalOf(a) === physicalOf(b) && same(a.faults ?? [], b.faults ?? []) && same(a.variants ?? {}, b.variants ?? {}));
}

/**
 * Until when two documents run alike, message by message, ms: Infinity when to the end, 0 when not at all.
 * Faults are told apart by their place in the list, as the run numbers them.
 * @param {Scenario} a @param {Scenario} b
 */
export function departure(a, b) {
  if (a === b) return Infinity;
  if (physicalOf(a) !== physicalOf(b)) return 0;
  const [left, right] = [a.faults ?? [], b.faults ?? []];
  let at_ms = Infinity;
  let shifted = false;
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const pair = [left[i], right[i]].filter((fault) => fault !== undefined);
    if (!shifted && pair.length === 2 && same(pair[0], pair[1])) continue;
    if (!shifted && pair.length === 2 && onlyEndsDiffer(pair[0], pair[1])) at_ms = Math.min(at_ms, ...pair.map((fault) => endOf(fault, startOf(fault))));
    else {
      shifted ||= pair.length === 2;
      at_ms = Math.min(at_ms, ...pair.map(startOf));
    }
  }
  return at_ms;
}

/** Faults that wait for an event end at a moment that only the run knows. @param {FaultEntry} a @param {FaultEntry} b */
function onlyEndsDiffer(a, b) {
  const begun = (/** @type {FaultEntry} */ { until_ms, down_ms, ...rest }) => rest;
  return !a.when && same(begun(a), begun(b));
}
