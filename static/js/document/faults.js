/** The faults of a scenario as the run numbers them: an entry that names a node with copies is one fault for each copy. */

import { ownerOf } from "./places.js";

/**
 * @typedef {{entry: number, fault: FaultEntry}} NumberedFault
 */

/** The kinds whose target is a node. */
export const NODE_FAULTS = ["crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk", "chaos", "spoof", "byzantine"];

/** What befalls a machine, and with it all nodes on it. */
const MACHINE_FAULTS = ["crash", "restart", "slow", "clock", "disk"];

/** When a fault starts (ms); one that waits for an event is put at 0. @param {FaultEntry} fault */
export function startOf(fault) {
  return fault.at_ms ?? 0;
}

/** @param {Scenario} doc @param {string} id @returns {string[]} */
export function copiesOf(doc, id) {
  const node = doc.nodes.find((candidate) => candidate.id === id);
  const count = node?.count ?? 1;
  return count > 1 ? Array.from({ length: count }, (_, i) => `${id}-${i + 1}`) : [id];
}

/** @param {Scenario} doc @returns {NumberedFault[]} */
export function numberedFaults(doc) {
  return (doc.faults ?? []).flatMap((fault, entry) => targets(doc, fault).map((target) => ({ entry, fault: { ...fault, target } })));
}

/** @param {Scenario} doc @param {FaultEntry} fault @returns {(string | string[][])[]} */
function targets(doc, fault) {
  if (typeof fault.target !== "string") return [fault.target.map((group) => group.flatMap((id) => copiesOf(doc, id)))];
  if (NODE_FAULTS.includes(fault.kind)) return onMachines(doc, fault, copiesOf(doc, fault.target));
  const link = doc.links.find((candidate) => candidate.id === fault.target);
  if (!link) return doc.nodes.some((node) => node.id === fault.target) ? copiesOf(doc, fault.target) : [fault.target];
  const pairs = copiesOf(doc, link.a).length * copiesOf(doc, link.b).length;
  return pairs > 1 ? Array.from({ length: pairs }, (_, i) => `${fault.target}-${i + 1}`) : [fault.target];
}

/** Copies on one machine are struck together, once. @param {Scenario} doc @param {FaultEntry} fault @param {string[]} copies */
function onMachines(doc, fault, copies) {
  const shared = doc.nodes.find((node) => node.id === fault.target)?.host;
  return shared && MACHINE_FAULTS.includes(fault.kind === "chaos" ? (fault.does ?? "crash") : fault.kind) ? copies.slice(0, 1) : copies;
}

/** The link entry that a link of the run came from. @param {Scenario} doc @param {string} id */
export function linkEntry(doc, id) {
  return doc.links.find((link) => link.id === id) ?? doc.links.find((link) => link.id === id.replace(/-\d+$/, ""));
}

/**
 * The two nodes of the run at the ends of a link that a cluster lays undrawn, named `cluster:a-b`; null for another name.
 * @param {Scenario} doc @param {string} id @returns {[string, string] | null}
 */
export function meshEnds(doc, id) {
  const colon = id.indexOf(":");
  const cluster = doc.clusters?.find((entry) => entry.id === id.slice(0, colon));
  const members = cluster?.members.flatMap((member) => copiesOf(doc, member)) ?? [];
  const a = members.find((member) => id.startsWith(`${member}-`, colon + 1) && members.includes(id.slice(colon + member.length + 2)));
  return a === undefined ? null : [a, id.slice(colon + a.length + 2)];
}

/** Whether a cut takes away the undrawn link between two nodes of the document. @param {Scenario} doc @param {FaultEntry} fault @param {string} a @param {string} b */
export function cutsMesh(doc, fault, a, b) {
  const target = String(fault.target);
  const cluster = doc.clusters?.find(({ id }) => target === `cluster:${id}`);
  if (cluster) return cluster.members.includes(a) && cluster.members.includes(b);
  const ends = meshEnds(doc, target)?.map((id) => ownerOf(doc, id) ?? id) ?? [];
  return ends.includes(a) && ends.includes(b);
}

/** The groups of a partition as nodes of the document. @param {Scenario} doc @param {FaultEntry} fault */
export function groupsOf(doc, fault) {
  return /** @type {string[][]} */ (fault.target).map((group) => [...new Set(group.map((id) => ownerOf(doc, id) ?? id))]);
}
