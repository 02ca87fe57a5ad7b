/** The branches of a run as a tree of values: what each one's document is, and where it departs from its parent. */

import { departure, sameRun } from "./same-run.js";

export const MAIN = "main";
export const BRANCHES_MAX = 24;
export const NAME_MAX = 120;

/** @param {Scenario} document @param {string} name @returns {BranchTree} */
export function sprout(document, name) {
  return { list: [{ id: MAIN, parent: null, at_ms: 0, name, document, viewing: null, ran: null, variant: null, verdict: null, kept: true }] };
}

/** @param {BranchTree} tree @param {string | null} id */
export function branchOf(tree, id) { return tree.list.find((branch) => branch.id === id); }

/** The branch that runs like a document, if there is one. @param {BranchTree} tree @param {Scenario} document */
export function runningLike(tree, document) { return tree.list.find((branch) => sameRun(branch.document, document)); }

/**
 * A new branch; the oldest that nobody keeps goes when there is no room. Null when all are kept.
 * @param {BranchTree} tree
 * @param {{id: string, parent: string, at_ms: number, name: string, document: Scenario}} made
 * @returns {{tree: BranchTree, pruned: Branch | null} | null}
 */
export function forked(tree, made) {
  const pruned = tree.list.length < BRANCHES_MAX ? null : tree.list.find((branch) => !branch.kept && branch.id !== made.parent) ?? null;
  if (!pruned && tree.list.length >= BRANCHES_MAX) return null;
  const room = pruned ? removed(tree, pruned.id) : tree;
  return { tree: { list: [...room.list, { ...made, viewing: null, ran: null, variant: null, verdict: null, kept: false }] }, pruned };
}

/** @param {BranchTree} tree @param {string} id @param {Partial<Branch>} changes @returns {BranchTree} */
export function changed(tree, id, changes) {
  return { list: tree.list.map((branch) => (branch.id === id ? { ...branch, ...changes } : branch)) };
}

/**
 * The tree with another document on a branch. An edit that leaves its run alone moves no fork; another one moves the branch's own, and those of
 * its children, to where the documents now differ.
 * @param {BranchTree} tree @param {string} id @param {Scenario} document @returns {BranchTree}
 */
export function edited(tree, id, document) {
  const before = branchOf(tree, id);
  if (!before || before.document === document) return tree;
  const next = changed(tree, id, { document });
  if (sameRun(before.document, document)) return next;
  return { list: next.list.map((branch) => (branch.id === id || branch.parent === id ? { ...branch, at_ms: fork(next, branch) } : branch)) };
}

/** @param {BranchTree} tree @param {Branch} branch */
function fork(tree, branch) {
  const parent = branchOf(tree, branch.parent);
  const at_ms = parent ? departure(parent.document, branch.document) : 0;
  return Number.isFinite(at_ms) ? at_ms : branch.at_ms;
}

/** Without a branch: its children go on from its parent, where the first of both forks was. @param {BranchTree} tree @param {string} id @returns {BranchTree} */
export function removed(tree, id) {
  const gone = branchOf(tree, id);
  if (!gone || gone.parent === null) return tree;
  const list = tree.list.filter((branch) => branch.id !== id);
  return { list: list.map((branch) => (branch.parent === id ? { ...branch, parent: gone.parent, at_ms: Math.min(branch.at_ms, gone.at_ms) } : branch)) };
}

/** With a branch that had been removed: under its parent, or under the main line when that is gone, too. @param {BranchTree} tree @param {Branch} branch @returns {BranchTree} */
export function restored(tree, branch) {
  if (branchOf(tree, branch.id)) return tree;
  const parent = branchOf(tree, branch.parent) ? branch.parent : MAIN;
  return { list: [...tree.list, { ...branch, parent }] };
}

/** What goes along with a link: the main line, the branch one is on, and all that are kept. @param {BranchTree} tree @param {string} current @returns {BranchTree} */
export function carried(tree, current) {
  const left = tree.list.filter((branch) => !branch.kept && branch.id !== current && branch.id !== MAIN);
  return left.reduce((rest, branch) => removed(rest, branch.id), tree);
}

/**
 * What to compare with once the first run has gone on from one branch to another: never a branch with itself, rather with the one that was left.
 * Null when what was compared with is gone.
 * @param {BranchTree} tree @param {Choice} choice @param {string} left @param {Branch} current
 * @returns {Choice | null}
 */
export function compared(tree, choice, left, current) {
  const alike = choice.branch === current.id && choice.variant === current.variant && choice.seed === null;
  const next = alike && left !== current.id ? { branch: left, variant: null, seed: null } : choice;
  return branchOf(tree, next.branch) ? next : null;
}

/**
 * The rows of a drawing, the main line first: later forks lie nearer to their parent, so that no fork crosses a line.
 * @param {BranchTree} tree
 * @returns {{branch: Branch, row: number, from: number}[]} from: the row that it leaves
 */
export function rowsOf(tree) {
  /** @type {{branch: Branch, row: number, from: number}[]} */
  const rows = [];
  /** @type {Map<string, number>} */
  const rowOf = new Map();
  const place = (/** @type {Branch} */ branch) => {
    rowOf.set(branch.id, rows.length);
    rows.push({ branch, row: rows.length, from: rowOf.get(lineAt(tree, branch)) ?? 0 });
    tree.list.filter(({ parent }) => parent === branch.id).sort((a, b) => b.at_ms - a.at_ms).forEach(place);
  };
  tree.list.filter(({ parent }) => parent === null).forEach(place);
  return rows;
}

/** The nearest ancestor whose line is there where a branch leaves. @param {BranchTree} tree @param {Branch} branch */
function lineAt(tree, branch) {
  let line = branchOf(tree, branch.parent);
  while (line && line.parent !== null && line.at_ms > branch.at_ms) line = branchOf(tree, line.parent);
  return line?.id ?? MAIN;
}

/** What people see of places and names, taken from another document: switching branches moves nothing on the canvas. @param {Scenario} doc @param {Scenario} like @returns {Scenario} */
export function arranged(doc, like) {
  const nodes = new Map(like.nodes.map((node) => [node.id, node]));
  const zones = new Map((like.zones ?? []).map((zone) => [zone.id, zone]));
  const same = doc.title === like.title && doc.nodes.every((node) => samePlace(node, nodes.get(node.id))) && (doc.zones ?? []).every((zone) => samePlace(zone, zones.get(zone.id)));
  if (same) return doc;
  const next = { ...doc, title: like.title, nodes: doc.nodes.map((node) => placed(node, nodes.get(node.id))) };
  if (doc.zones) next.zones = doc.zones.map((zone) => placed(zone, zones.get(zone.id)));
  return next;
}

const PLACE = /** @type {const} */ (["x", "y", "width", "height"]);

/** @param {Partial<Rect>} a @param {Partial<Rect> | undefined} b */
function samePlace(a, b) { return b === undefined || PLACE.every((key) => a[key] === b[key]); }

/** @template {Partial<Rect>} T @param {T} entry @param {Partial<Rect> | undefined} like @returns {T} */
function placed(entry, like) {
  if (samePlace(entry, like)) return entry;
  const next = { ...entry };
  for (const key of PLACE) if (like?.[key] === undefined) delete next[key]; else next[key] = like[key];
  return next;
}
