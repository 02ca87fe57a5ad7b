/** What can be linked: the refusals are the server's own; doubts run, and are hardly meant. */

import { LINKS_MAX } from "./fragment.js";

/** @typedef {{pairs: Set<string>, copies: Map<string, number>, total: number}} Drawn */

/** What is linked in a document: asked for every card at once while a link is drawn. @type {WeakMap<Scenario, Drawn>} */
const known = new WeakMap();

/** @param {Scenario} doc @returns {Drawn} */
function drawnIn(doc) {
  const found = known.get(doc);
  if (found) return found;
  const copies = new Map(doc.nodes.map((node) => [node.id, node.count ?? 1]));
  const total = doc.links.reduce((sum, { a, b }) => sum + (copies.get(a) ?? 1) * (copies.get(b) ?? 1), 0);
  const drawn = { pairs: new Set(doc.links.flatMap(({ a, b }) => [`${a} ${b}`, `${b} ${a}`])), copies, total };
  known.set(doc, drawn);
  return drawn;
}

/**
 * Why the server would refuse a link; null when it would not.
 * @param {Scenario} doc @param {string} a @param {string} b
 * @returns {"self" | "linked" | "many" | null}
 */
export function linkRefusal(doc, a, b) {
  if (a === b) return "self";
  const { pairs, copies, total } = drawnIn(doc);
  if (pairs.has(`${a} ${b}`)) return "linked";
  return total + (copies.get(a) ?? 1) * (copies.get(b) ?? 1) > LINKS_MAX ? "many" : null;
}

/**
 * Why nothing would come of a link, or nothing new; null where something does.
 * @param {Scenario} doc @param {string} a @param {string} b @param {(type: string) => NodeTypeInfo | undefined} info
 * @returns {"idle" | "mesh" | null}
 */
export function linkDoubt(doc, a, b, info) {
  const [from, to] = [a, b].map((id) => info(doc.nodes.find((node) => node.id === id)?.type ?? ""));
  if (!from || !to || from.forwards || to.forwards) return null;
  if ((doc.clusters ?? []).some(({ members, cables }) => cables !== "drawn" && members.includes(a) && members.includes(b))) return "mesh";
  return from.serves || to.serves ? null : "idle";
}

/** Who asks whom over a link, as the simulation lays it: the later end, unless only the earlier one answers a client. @param {Scenario} doc @param {string} a @param {string} b @param {(type: string) => NodeTypeInfo | undefined} info @returns {[string, string]} */
export function askingFirst(doc, a, b, info) {
  const [from, to] = [a, b].map((id) => info(doc.nodes.find((node) => node.id === id)?.type ?? ""));
  return from?.serves && to?.initiates && !to.serves ? [b, a] : [a, b];
}
