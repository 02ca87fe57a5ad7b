/** The command stack as it is kept: each step is the patch that takes it, one after the other from the document on. */

import { operationsBetween } from "./diff.js";
import { patched } from "./patch.js";

/** So many steps each way are kept, as far as they are short; a step is made from a whole document, so of large ones there are fewer. */
const STEPS_MAX = 100;
const NODES_MAX = 20_000;
const BYTES_MAX = 100_000;

/** Made once for each change. @type {WeakMap<Scenario, WeakMap<Scenario, {patch: PatchOperation[], bytes: number}>>} */
const known = new WeakMap();

/** @param {Scenario} a @param {Scenario} b */
function between(a, b) {
  const from = known.get(a) ?? new WeakMap();
  known.set(a, from);
  let found = from.get(b);
  if (!found) {
    const patch = operationsBetween(a, b);
    found = { patch, bytes: JSON.stringify(patch).length };
    from.set(b, found);
  }
  return found;
}

/** @param {Scenario} doc */
function stepsMax(doc) { return Math.min(STEPS_MAX, Math.floor(NODES_MAX / Math.max(1, doc.nodes.length))); }

/** @param {Command[]} stack @param {"before" | "after"} way what a step leads to @param {number} most @returns {HistoryStep[]} the next one first */
function steps(stack, way, most) {
  /** @type {HistoryStep[]} */
  const found = [];
  let left = BYTES_MAX;
  for (const command of stack.slice(Math.max(0, stack.length - most)).reverse()) {
    const { patch, bytes } = way === "before" ? between(command.after, command.before) : between(command.before, command.after);
    left -= bytes;
    if (left < 0) break;
    found.push({ label: command.label, from: command.from, to: command.to, patch });
  }
  return found;
}

/** @param {DocumentStore} store @returns {HistoryFile} */
export function packedHistory({ doc, done, undone }) {
  const most = stepsMax(doc);
  return { done: steps(done, "before", most), undone: steps(undone, "after", most) };
}

/**
 * Goes on with what was kept along with the document that the store has now, as far as it leads to branches that are there.
 * @param {DocumentStore} store
 * @param {any} file
 * @param {Set<string>} branches
 */
export function restoreHistory(store, file, branches) {
  try {
    const done = commands(store, file.done, "before", branches);
    const undone = commands(store, file.undone, "after", branches);
    Object.assign(store, { done, undone });
  } catch { /* what cannot be understood: the work begins without a past */ }
}

/** @param {DocumentStore} store @param {HistoryStep[]} file @param {"before" | "after"} way @param {Set<string>} branches @returns {Command[]} */
function commands(store, file, way, branches) {
  /** @type {Command[]} */
  const stack = [];
  let { doc } = store;
  for (const { label, from, to, patch } of file.slice(0, stepsMax(doc))) {
    if (!branches.has(from) || !branches.has(to)) break;
    const next = patched(doc, patch);
    if (!Array.isArray(next.nodes) || !Array.isArray(next.links)) throw new Error("Not a scenario");
    stack.unshift({ label: String(label), before: way === "before" ? next : doc, after: way === "before" ? doc : next, from, to, key: "", at: 0 });
    doc = next;
  }
  return stack;
}
