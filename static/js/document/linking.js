/** What can be linked: the refusals are the server's own; doubts run, and are hardly meant. */

import { copiesOf } from "./faults.js";
import { LINKS_MAX } from "./fragment.js";

/**
 * Why the server would refuse a link; null when it would not.
 * @param {Scenario} doc @param {string} a @param {string} b
 * @returns {"self" | "linked" | "many" | null}
 */
export function linkRefusal(doc, a, b) {
  if (a === b) return "self";
  if (doc.links.some((link) => (link.a === a && link.b === b) || (link.a === b && link.b === a))) return "linked";
  const size = (/** @type {string} */ one, /** @type {string} */ other) => copiesOf(doc, one).length * copiesOf(doc, other).length;
  return doc.links.reduce((sum, link) => sum + size(link.a, link.b), 0) + size(a, b) > LINKS_MAX ? "many" : null;
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
