/** Branches as they are kept: the document of the current one is the draft's, each other is a patch against it. */

import { BRANCHES_MAX, MAIN, NAME_MAX, branchOf, removed } from "./branches.js";
import { operationsBetween } from "./diff.js";
import { patched } from "./patch.js";

/** The server takes no more. */
export const BYTES_MAX = 500_000;

/**
 * @param {BranchTree} tree
 * @param {string} current
 * @returns {BranchFile}
 */
export function packed(tree, current) {
  const base = branchOf(tree, current)?.document ?? tree.list[0].document;
  const entries = tree.list.map(({ document, ran, ...rest }) => ({ ...rest, patch: operationsBetween(base, document), ran: ran && ran !== document ? operationsBetween(document, ran) : null }));
  return { current, entries };
}

/** The same within the server's limit: the oldest that nobody keeps are left out first, then the oldest. @param {BranchTree} tree @param {string} current */
export function packedWithin(tree, current, bytes_max = BYTES_MAX) {
  let rest = tree;
  let file = packed(rest, current);
  while (rest.list.length > 1 && new TextEncoder().encode(JSON.stringify(file)).length > bytes_max) {
    const others = rest.list.filter(({ id, parent }) => id !== current && parent !== null);
    const gone = others.find(({ kept }) => !kept) ?? others[0];
    if (!gone) return null;
    rest = removed(rest, gone.id);
    file = packed(rest, current);
  }
  return file;
}

/**
 * What was kept; null when it cannot be understood, and the work begins with its one line.
 * @param {any} file
 * @param {Scenario} base the document of the current branch
 * @returns {{tree: BranchTree, current: string} | null}
 */
export function unpacked(file, base) {
  try {
    /** @type {Branch[]} */
    const list = file.entries.slice(0, BRANCHES_MAX).map((/** @type {BranchEntry} */ entry) => branch(entry, file.current, base));
    const ids = new Set(list.map(({ id }) => id));
    const whole = ids.size === list.length && ids.has(MAIN) && ids.has(file.current) && list.every(({ id, parent }) => (id === MAIN) === (parent === null) && (parent === null || ids.has(parent)));
    return whole && list.every((one) => rooted(one, list)) ? { tree: { list }, current: file.current } : null;
  } catch {
    return null;
  }
}

/** @param {BranchEntry} entry @param {string} current @param {Scenario} base @returns {Branch} */
function branch(entry, current, base) {
  const document = entry.id === current ? base : entry.document ?? (entry.patch.length === 0 ? base : patched(base, entry.patch));
  if (!Array.isArray(document.nodes) || !Array.isArray(document.links)) throw new Error("Not a scenario");
  return {
    id: String(entry.id), parent: entry.parent === null ? null : String(entry.parent), at_ms: Number(entry.at_ms) || 0, name: String(entry.name).slice(0, NAME_MAX), document,
    viewing: entry.viewing ?? null, ran: entry.ran ? patched(document, entry.ran) : entry.viewing ? document : null, variant: entry.variant ?? null, verdict: entry.verdict ?? null, kept: Boolean(entry.kept),
  };
}

/** @param {Branch} one @param {Branch[]} list */
function rooted(one, list) {
  let at = /** @type {Branch | undefined} */ (one);
  for (let i = 0; at && i <= list.length; i++) {
    if (at.parent === null) return true;
    const { parent } = at;
    at = list.find(({ id }) => id === parent);
  }
  return false;
}
