/** A fault as a form has it: what it may be aimed at, and a changed field put where it belongs. */

import { copiesOf, NODE_FAULTS } from "./faults.js";

/** More parts than this are typed, not chosen. */
const CHOICES_MAX = 400;
const LINK_FAULTS = ["cut", "loss", "delay", "duplicate", "reorder", "bandwidth", "tamper", "replay"];
const ON_MACHINES = ["crash", "restart", "slow", "clock", "disk", "chaos"];

/** @typedef {[value: string, words: string][]} Offered */

/** What the fields of a fault may name. @param {Scenario} doc @param {FaultEntry} fault @returns {Record<string, Offered>} */
export function faultChoices(doc, fault) {
  const name = (/** @type {string} */ id) => doc.nodes.find((node) => node.id === id)?.label || id;
  /** @type {Offered} */
  const nodes = doc.nodes.map(({ id }) => [id, name(id)]);
  /** @type {Offered} */
  const copies = doc.nodes.flatMap(({ id }) => copiesOf(doc, id).map((copy) => /** @type {[string, string]} */ ([copy, copy === id ? name(id) : copy])));
  /** @type {Offered} */
  const links = doc.links.map(({ id, a, b }) => [id, `${name(a)} → ${name(b)}`]);
  for (const cluster of doc.clusters ?? []) if (cluster.cables !== "drawn") links.push([`cluster:${cluster.id}`, cluster.label || cluster.id]);
  /** @type {Offered} */
  const machines = ON_MACHINES.includes(fault.kind) ? (doc.hosts ?? []).map((host) => [host.id, host.label || host.id]) : [];
  const all = merged(nodes, copies);
  /** @type {Record<string, Offered>} */
  const offered = { when_node: copies, claims: copies, to: copies };
  if (NODE_FAULTS.includes(fault.kind)) offered.target = [...all, ...machines];
  else if (LINK_FAULTS.includes(fault.kind)) offered.target = ["tamper", "replay"].includes(fault.kind) ? [...links, ...nodes] : links;
  return Object.fromEntries(Object.entries(offered).filter(([, list]) => list.length <= CHOICES_MAX));
}

/** @param {Offered} nodes @param {Offered} copies */
function merged(nodes, copies) {
  const known = new Set(nodes.map(([id]) => id));
  return [...nodes, ...copies.filter(([id]) => !known.has(id))];
}

/**
 * @param {Scenario} doc
 * @param {FaultEntry} fault
 * @param {string} name of the form's field
 * @param {any} value undefined: none of its own
 * @returns {FaultEntry}
 */
export function changedFault(doc, fault, name, value) {
  if (name === "start") return value === "when" ? waiting(doc, fault) : timed(fault);
  const next = /** @type {any} */ ({ ...fault });
  const part = name.startsWith("when_") ? name.slice(5) : "";
  if (part) next.when = { ...fault.when, [part]: value };
  else next[name] = value;
  if (value === undefined && part) delete next.when[part];
  else if (value === undefined) delete next[name];
  return next;
}

/** The same moment, told by when a node booted. @param {Scenario} doc @param {FaultEntry} fault @returns {FaultEntry} */
function waiting(doc, fault) {
  const { at_ms = 0, until_ms, ...rest } = fault;
  const struck = doc.nodes.find(({ id }) => id === fault.target) ?? doc.nodes[0];
  if (fault.when || !struck) return fault;
  const when = { node: copiesOf(doc, struck.id)[0], event: "boot", ...(at_ms > 0 ? { after_ms: at_ms } : {}) };
  return { ...rest, when, ...(until_ms !== undefined && until_ms > at_ms ? { lasts_ms: until_ms - at_ms } : {}) };
}

/** @param {FaultEntry} fault @returns {FaultEntry} */
function timed(fault) {
  const { when, lasts_ms, ...rest } = fault;
  if (!when) return fault;
  const at_ms = when.after_ms ?? 0;
  return { ...rest, at_ms, ...(lasts_ms === undefined ? {} : { until_ms: at_ms + lasts_ms }) };
}
