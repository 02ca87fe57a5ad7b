/** Parts of a scenario that are taken elsewhere: a scenario of their own, as text, put in again under new names. */

import { freeName, isId, namesTaken, stemOf } from "./names.js";
import { places } from "./places.js";

export const TEXT_MAX = 1_000_000;
export const NODES_MAX = 2_000;
export const LINKS_MAX = 10_000;

/** @typedef {{format: string, nodes: NodeEntry[], links: LinkEntry[], clusters?: ClusterEntry[], zones?: ZoneEntry[], hosts?: HostEntry[], latencies?: Scenario["latencies"]}} Fragment */

/**
 * The nodes among these with what is between them; null when there are none.
 * @param {Scenario} doc
 * @param {Iterable<string>} ids
 * @returns {Fragment | null}
 */
export function fragmentOf(doc, ids) {
  const wanted = new Set(ids);
  const at = places(doc);
  const nodes = doc.nodes.filter((node) => wanted.has(node.id)).map((node) => ({ ...node, ...at.get(node.id) }));
  if (!nodes.length) return null;
  const inside = new Set(nodes.map((node) => node.id));
  const zoned = new Set(nodes.map((node) => node.zone));
  const hosted = new Set(nodes.map((node) => node.host));
  /** @type {Fragment} */
  const found = { format: doc.format, nodes, links: doc.links.filter(({ a, b }) => inside.has(a) && inside.has(b)) };
  const lists = {
    clusters: (doc.clusters ?? []).map((cluster) => ({ ...cluster, members: cluster.members.filter((id) => inside.has(id)) })).filter(({ members }) => members.length),
    zones: (doc.zones ?? []).filter(({ id }) => zoned.has(id)),
    hosts: (doc.hosts ?? []).filter(({ id }) => hosted.has(id)),
    latencies: (doc.latencies ?? []).filter(({ a, b }) => zoned.has(a) && zoned.has(b)),
  };
  for (const [name, list] of Object.entries(lists)) if (list.length) Object.assign(found, { [name]: list });
  return found;
}

/** @param {Fragment} fragment */
export function fragmentText(fragment) { return JSON.stringify(fragment, null, 1); }

/**
 * Reads a text as parts: why it is none, or the parts with all that cannot be meant left out.
 * @param {string} text
 * @returns {{problem: "huge" | "foreign" | "empty" | "many"} | {fragment: Fragment}}
 */
export function readFragment(text) {
  if (text.length > TEXT_MAX) return { problem: "huge" };
  /** @type {any} */
  let data;
  try { data = JSON.parse(text); } catch { return { problem: "foreign" }; }
  if (data === null || typeof data !== "object" || !String(data.format).startsWith("netsplit/") || !Array.isArray(data.nodes)) return { problem: "foreign" };
  const nodes = uniqueOf(data.nodes).filter((node) => typeof node.type === "string");
  if (!nodes.length) return { problem: "empty" };
  const ids = new Set(nodes.map((node) => node.id));
  const links = uniqueOf(data.links).filter(({ a, b }) => ids.has(a) && ids.has(b) && a !== b);
  if (nodes.reduce((sum, node) => sum + copies(node), 0) > NODES_MAX || links.length > LINKS_MAX) return { problem: "many" };
  const clusters = uniqueOf(data.clusters).filter((cluster) => Array.isArray(cluster.members)).map((cluster) => ({ ...cluster, members: cluster.members.filter((/** @type {string} */ id) => ids.has(id)) }));
  const zones = uniqueOf(data.zones);
  const known = new Set(zones.map((zone) => zone.id));
  const latencies = (Array.isArray(data.latencies) ? data.latencies : []).filter((/** @type {any} */ entry) => known.has(entry?.a) && known.has(entry?.b));
  return { fragment: { format: data.format, nodes: nodes.map((node) => placed(node, known)), links, clusters: clusters.filter(({ members }) => members.length), zones, hosts: uniqueOf(data.hosts), latencies } };
}

/** @param {any} node @returns {number} */
function copies(node) { return Number.isInteger(node.count) && node.count > 0 ? node.count : 1; }

/** @param {unknown} list @returns {any[]} */
function uniqueOf(list) {
  const seen = new Set();
  return (Array.isArray(list) ? list : []).filter((entry) => {
    if (entry === null || typeof entry !== "object" || !isId(entry.id) || seen.has(entry.id)) return false;
    seen.add(entry.id);
    return true;
  });
}

/** @param {any} node @param {Set<string>} zones @returns {NodeEntry} */
function placed(node, zones) {
  const { x, y, zone, host, ...rest } = node;
  const there = Number.isFinite(x) && Number.isFinite(y) ? { x, y } : {};
  return { ...rest, ...there, ...(zones.has(zone) ? { zone } : {}), ...(isId(host) ? { host } : {}) };
}

/** The rectangle's middle that the nodes stand in. @param {Fragment} fragment */
export function middleOf(fragment) {
  const at = [...places(/** @type {Scenario} */ (fragment)).values()];
  const middle = (/** @type {number[]} */ list) => (Math.min(...list) + Math.max(...list)) / 2;
  return { x: middle(at.map((p) => p.x)), y: middle(at.map((p) => p.y)) };
}

/**
 * The document with the parts added under new names. A cluster, zone or machine that is there whole is made anew; where only
 * some of its nodes are copied and it exists here, the copies join it.
 * @param {Scenario} doc
 * @param {Fragment} fragment
 * @param {Point} shift
 * @returns {{doc: Scenario, ids: string[]}}
 */
export function pasted(doc, fragment, shift) {
  const taken = namesTaken(doc);
  const at = places(/** @type {Scenario} */ (fragment));
  const names = new Map(fragment.nodes.map((node) => [node.id, freeName(taken, stemOf(node.id), copies(node))]));
  const rename = (/** @type {string} */ id) => /** @type {string} */ (names.get(id));
  const zones = zonesFor(doc, fragment, taken, shift);
  const hosts = hostsFor(doc, fragment, taken, zones.names);
  const nodes = fragment.nodes.map((node) => {
    const p = /** @type {Point} */ (at.get(node.id));
    return {
      ...node, id: rename(node.id), x: Math.round(p.x + shift.x), y: Math.round(p.y + shift.y),
      ...(node.zone ? { zone: zones.names.get(node.zone) } : {}), ...(node.host ? { host: hosts.names.get(node.host) } : {}),
    };
  });
  const sizes = new Map(fragment.nodes.map((node) => [node.id, copies(node)]));
  const links = fragment.links.map((link) => ({ ...link, id: freeName(taken, `${rename(link.a)}-${rename(link.b)}`, (sizes.get(link.a) ?? 1) * (sizes.get(link.b) ?? 1), true), a: rename(link.a), b: rename(link.b) }));
  const next = { ...doc, nodes: [...doc.nodes, ...nodes], links: [...doc.links, ...links] };
  addClusters(next, fragment, taken, rename);
  if (zones.made.length) next.zones = [...(doc.zones ?? []), ...zones.made];
  if (hosts.made.length) next.hosts = [...(doc.hosts ?? []), ...hosts.made];
  const between = (fragment.latencies ?? []).map((entry) => ({ ...entry, a: zones.names.get(entry.a) ?? "", b: zones.names.get(entry.b) ?? "" }));
  const fresh = between.filter(({ a, b }) => zones.made.some(({ id }) => id === a) && zones.made.some(({ id }) => id === b));
  if (fresh.length) next.latencies = [...(doc.latencies ?? []), ...fresh];
  return { doc: next, ids: nodes.map((node) => node.id) };
}

/** @param {Scenario} doc @param {Fragment} fragment @param {Set<string>} taken @param {Point} shift */
function zonesFor(doc, fragment, taken, shift) {
  /** @type {Map<string, string>} */
  const names = new Map();
  /** @type {ZoneEntry[]} */
  const made = [];
  for (const zone of fragment.zones ?? []) {
    const own = fragment.nodes.filter((node) => node.zone === zone.id);
    const here = doc.nodes.filter((node) => node.zone === zone.id).length;
    const joins = (doc.zones ?? []).some(({ id }) => id === zone.id) && (own.length < here || own.length < 2);
    const id = joins ? zone.id : freeName(taken, stemOf(zone.id));
    names.set(zone.id, id);
    const where = zone.x !== undefined && zone.y !== undefined ? { x: zone.x + shift.x, y: zone.y + shift.y } : {};
    if (!joins && own.length) made.push({ ...zone, id, ...where });
  }
  return { names, made };
}

/** All that runs on a machine is in one zone, so copies only join the machine where they are in its zone. @param {Scenario} doc @param {Fragment} fragment @param {Set<string>} taken @param {Map<string, string>} zones */
function hostsFor(doc, fragment, taken, zones) {
  /** @type {Map<string, string>} */
  const names = new Map();
  /** @type {HostEntry[]} */
  const made = [];
  for (const host of new Set(fragment.nodes.flatMap((node) => node.host ?? []))) {
    const own = fragment.nodes.filter((node) => node.host === host);
    const here = doc.nodes.filter((node) => node.host === host);
    const joins = own.length < here.length && own.every((node) => here[0].zone === (node.zone && zones.get(node.zone)));
    const id = joins ? host : freeName(taken, stemOf(host));
    names.set(host, id);
    const entry = fragment.hosts?.find((candidate) => candidate.id === host);
    if (!entry || joins) continue;
    const { zone, ...rest } = entry;
    const there = zone && zones.get(zone);
    made.push({ ...rest, id, ...(there ? { zone: there } : {}) });
  }
  return { names, made };
}

/** @param {Scenario} next @param {Fragment} fragment @param {Set<string>} taken @param {(id: string) => string} rename */
function addClusters(next, fragment, taken, rename) {
  for (const cluster of fragment.clusters ?? []) {
    const members = cluster.members.map(rename);
    const here = next.clusters?.find(({ id, protocol }) => id === cluster.id && protocol === cluster.protocol);
    const joins = here && cluster.members.length < here.members.length && cluster.members.every((id) => here.members.includes(id));
    if (joins) next.clusters = next.clusters?.map((entry) => (entry === here ? { ...entry, members: [...entry.members, ...members] } : entry));
    else next.clusters = [...(next.clusters ?? []), { ...cluster, id: freeName(taken, stemOf(cluster.id)), members }];
  }
}
