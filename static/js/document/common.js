/** What several entries have in common, as one form shows it; and one change made to all of them. */

import { changeEntry, setParam } from "./edits.js";

/** Keys of an entry that a form shows, with what their absence means. @type {Record<string, Json>} */
const ENTRY = { zone: "", count: 1, host: "", cost_per_hour: 0 };

/** A number stands for a constant distribution. @param {Json | undefined} value @param {string} kind */
function spelled(value, kind) {
  return kind === "distribution" && typeof value === "number" ? { kind: "constant", value_ms: value } : value;
}

/**
 * @param {any[]} entries
 * @param {ParamInfo[]} params those that all of them take
 * @param {(entry: any) => Params} sharedOf parameters that an entry takes from its cluster
 * @returns {{item: any, mixed: string[]}} the values in common, and the names of those that differ, such as `params.rate_per_s`
 */
export function inCommon(entries, params, sharedOf) {
  /** @type {string[]} */
  const mixed = [];
  /** @type {any} */
  const item = { params: {} };
  const one = (/** @type {string} */ name, /** @type {any[]} */ values, /** @type {any} */ into) => {
    const texts = new Set(values.map((value) => JSON.stringify(value)));
    if (texts.size > 1) mixed.push(`${into === item ? "entry" : "params"}.${name}`);
    else if (values[0] !== undefined && values[0] !== "") into[name] = values[0];
  };
  for (const [name, absent] of Object.entries(ENTRY)) one(name, entries.map((entry) => entry[name] ?? absent), item);
  for (const { name, kind, default: usual } of params) {
    one(name, entries.map((entry) => spelled(entry.params?.[name] ?? sharedOf(entry)[name] ?? usual, kind)), item.params);
  }
  return { item, mixed };
}

/**
 * @param {Scenario} doc
 * @param {"nodes" | "links"} list
 * @param {string[]} ids
 * @param {string} group "entry" or "params"
 * @param {string} name
 * @param {any} value undefined goes back to the default
 * @returns {Scenario}
 */
export function changeAll(doc, list, ids, group, name, value) {
  const set = group === "entry" ? (/** @type {Scenario} */ before, /** @type {string} */ id) => changeEntry(before, list, id, { [name]: value === "" ? undefined : value })
    : (/** @type {Scenario} */ before, /** @type {string} */ id) => setParam(before, list, id, name, value);
  return ids.reduce(set, doc);
}
