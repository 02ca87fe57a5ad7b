/** What differs between two documents that can run: entries by their id, faults by what they are. Not places, names and claims. */

import { equal } from "./diff.js";

const LISTS = /** @type {const} */ (["nodes", "links", "clusters", "hosts", "zones"]);
const UNSEEN = new Set(["id", "label", "x", "y", "width", "height"]);
const PARTS = /^(nodes|links|zones|clusters|hosts)\./;
const NESTED = new Set(["params", "link", "a_to_b", "b_to_a"]);

/** @param {Scenario} a @param {Scenario} b @returns {Difference[]} */
export function differences(a, b) {
  const run = /** @type {const} */ (["seed", "duration_ms", "settle_ms"]).flatMap((field) => (equal(a[field] ?? 0, b[field] ?? 0) ? [] : [difference("run", field, a, field, a[field] ?? 0, b[field] ?? 0)]));
  const latencies = equal(a.latencies ?? [], b.latencies ?? []) ? [] : [difference("run", "latencies", a, "latencies", a.latencies ?? [], b.latencies ?? [])];
  return [...run, ...latencies, ...faults(a.faults ?? [], b.faults ?? []), ...LISTS.flatMap((list) => entries(list, a[list] ?? [], b[list] ?? []))];
}

/** @param {string} list @param {string} id @param {any} entry @param {string | null} field @param {unknown} a @param {unknown} b @returns {Difference} */
function difference(list, id, entry, field, a, b) { return { list, id, entry, field, a, b }; }

/** @param {string} list @param {any[]} left @param {any[]} right */
function entries(list, left, right) {
  const others = new Map(right.map((entry) => [entry.id, entry]));
  const known = new Set(left.map(({ id }) => id));
  const found = left.flatMap((entry) => {
    const other = others.get(entry.id);
    return other ? fields(list, entry, other) : [difference(list, entry.id, entry, null, entry, undefined)];
  });
  return [...found, ...right.filter(({ id }) => !known.has(id)).map((entry) => difference(list, entry.id, entry, null, undefined, entry))];
}

/** @param {string} list @param {any} a @param {any} b @returns {Difference[]} */
function fields(list, a, b) {
  const names = new Set([...Object.keys(a), ...Object.keys(b)].filter((name) => !UNSEEN.has(name)));
  return [...names].flatMap((name) => {
    if (!NESTED.has(name)) return equal(a[name], b[name]) ? [] : [difference(list, a.id, a, name, a[name], b[name])];
    const [left, right] = [a[name] ?? {}, b[name] ?? {}];
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((key) => !equal(left[key], right[key])).map((key) => difference(list, a.id, a, `${name}.${key}`, left[key], right[key]));
  });
}

/** @param {FaultEntry[]} left @param {FaultEntry[]} right @returns {Difference[]} */
function faults(left, right) {
  const rest = [...right];
  const alone = left.filter((fault) => {
    const at = rest.findIndex((other) => equal(other, fault));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const changed = alone.map((fault) => {
    const at = rest.findIndex((other) => other.kind === fault.kind && equal(other.target, fault.target) && other.at_ms === fault.at_ms && equal(other.when, fault.when));
    const [other] = at >= 0 ? rest.splice(at, 1) : [undefined];
    return difference("faults", "", fault, other ? "fault" : null, fault, other);
  });
  return [...changed, ...rest.map((fault) => difference("faults", "", fault, null, undefined, fault))];
}

/**
 * Metrics that both runs have, those that changed most first: by the change as a share of the larger; of equal ones, those of the whole before those of its parts.
 * @param {Record<string, number>} a @param {Record<string, number>} b
 * @returns {{name: string, a: number, b: number, share: number}[]}
 */
export function metricDifferences(a, b) {
  return Object.keys(a).filter((name) => typeof a[name] === "number" && typeof b[name] === "number" && a[name] !== b[name])
    .map((name) => ({ name, a: a[name], b: b[name], share: Math.abs(b[name] - a[name]) / Math.max(Math.abs(a[name]), Math.abs(b[name])) }))
    .sort((x, y) => y.share - x.share || Number(PARTS.test(x.name)) - Number(PARTS.test(y.name)) || x.name.localeCompare(y.name));
}
