/** Changes of a scenario: each takes a document and gives a new one, sharing what did not change. */

import { freeName, namesTaken } from "./names.js";

export const GRID = 8;

/** @type {Record<string, string>} */
const STEMS = { "load-balancer": "lb", database: "db", register: "store" };

/**
 * @param {Scenario} doc
 * @param {string} type
 * @param {Point} at
 * @returns {{doc: Scenario, id: string}}
 */
export function addNode(doc, type, at) {
  const id = freeName(namesTaken(doc), STEMS[type] ?? type);
  const node = { id, type, x: snap(at.x), y: snap(at.y) };
  return { doc: { ...doc, nodes: [...doc.nodes, node] }, id };
}

/**
 * @param {Scenario} doc
 * @param {string} a
 * @param {string} b
 * @returns {{doc: Scenario, id: string} | null} null when such a link exists or cannot be
 */
export function addLink(doc, a, b) {
  if (a === b || doc.links.some((link) => (link.a === a && link.b === b) || (link.a === b && link.b === a))) return null;
  const copies = [a, b].reduce((product, end) => product * (doc.nodes.find((node) => node.id === end)?.count ?? 1), 1);
  const id = freeName(namesTaken(doc), `${a}-${b}`, copies, true);
  return { doc: { ...doc, links: [...doc.links, { id, a, b }] }, id };
}

/**
 * @param {Scenario} doc
 * @param {Record<string, Point>} places
 * @returns {Scenario}
 */
export function moveNodes(doc, places) {
  return { ...doc, nodes: doc.nodes.map((node) => (places[node.id] ? { ...node, x: Math.round(places[node.id].x), y: Math.round(places[node.id].y) } : node)) };
}

/**
 * @template {"nodes" | "links" | "clusters" | "zones"} L
 * @param {Scenario} doc
 * @param {L} list
 * @param {string} id
 * @param {Record<string, unknown>} change keys to set; undefined removes
 * @returns {Scenario}
 */
export function changeEntry(doc, list, id, change) {
  const entries = /** @type {any[]} */ (doc[list] ?? []);
  return { ...doc, [list]: entries.map((entry) => (entry.id === id ? withKeys(entry, change) : entry)) };
}

/**
 * @param {Scenario} doc
 * @param {"nodes" | "links" | "clusters"} list
 * @param {string} id
 * @param {string} name
 * @param {Json | undefined} value undefined goes back to the default
 * @returns {Scenario}
 */
export function setParam(doc, list, id, name, value) {
  const entries = /** @type {any[]} */ (doc[list] ?? []);
  const entry = entries.find((candidate) => candidate.id === id);
  if (!entry) return doc;
  const params = withKeys(entry.params ?? {}, { [name]: value });
  return changeEntry(doc, list, id, { params: Object.keys(params).length ? params : undefined });
}

/**
 * Describe the machine of that name; who runs on it says so itself.
 * @param {Scenario} doc
 * @param {string} id
 * @param {Partial<HostEntry>} change keys to set; undefined removes
 * @returns {Scenario}
 */
export function setMachine(doc, id, change) {
  const hosts = doc.hosts ?? [];
  const known = hosts.some((host) => host.id === id);
  return { ...doc, hosts: known ? hosts.map((host) => (host.id === id ? withKeys(host, change) : host)) : [...hosts, withKeys({ id }, change)] };
}

/**
 * @template {object} T
 * @param {T} object
 * @param {Record<string, unknown>} change
 * @returns {T}
 */
function withKeys(object, change) {
  const out = /** @type {any} */ ({ ...object, ...change });
  for (const [key, value] of Object.entries(change)) if (value === undefined) delete out[key];
  return out;
}

/** @param {Scenario} doc @param {FaultEntry} fault @returns {Scenario} */
export function addFault(doc, fault) {
  return { ...doc, faults: [...(doc.faults ?? []), fault] };
}

/** @param {Scenario} doc @param {number} index @param {FaultEntry} fault @returns {Scenario} */
export function replaceFault(doc, index, fault) {
  const faults = [...(doc.faults ?? [])];
  faults[index] = fault;
  return { ...doc, faults };
}

/** @param {number} value */
export function snap(value) { return Math.round(value / GRID) * GRID; }
