/** Taking parts out of a scenario, with everything that named them: links, faults, variants and claims. */

import { meshEnds } from "./faults.js";

const LISTS = /** @type {const} */ (["nodes", "links", "clusters", "faults", "zones", "latencies"]);

/**
 * @param {Scenario} doc
 * @param {string[]} ids of nodes and links; `cluster:<id>` and `zone:<id>` are taken away and leave their nodes
 * @returns {Scenario}
 */
export function removeItems(doc, ids) {
  const gone = new Set(ids);
  return removeParts(ids.some((id) => id.startsWith("zone:")) ? withoutZones(doc, gone) : doc, gone);
}

/** @param {Scenario} doc @param {Set<string>} gone @returns {Scenario} */
function withoutZones(doc, gone) {
  const lost = (/** @type {string | undefined} */ zone) => zone !== undefined && gone.has(`zone:${zone}`);
  const open = (/** @type {any} */ entry) => {
    if (!lost(entry.zone)) return entry;
    const { zone: _zone, ...rest } = entry;
    return rest;
  };
  const kept = { nodes: doc.nodes.map(open), links: doc.links, clusters: doc.clusters, faults: doc.faults, zones: doc.zones?.filter(({ id }) => !lost(id)), latencies: doc.latencies?.filter(({ a, b }) => !lost(a) && !lost(b)) };
  const next = repaired(doc, kept);
  return next.hosts ? { ...next, hosts: next.hosts.map(open) } : next;
}

/** @param {Scenario} doc @param {Set<string>} gone @returns {Scenario} */
function removeParts(doc, gone) {
  const links = doc.links.filter((link) => !gone.has(link.id) && !gone.has(link.a) && !gone.has(link.b));
  const linkIds = new Set(links.map((link) => link.id));
  const nodes = doc.nodes.filter((node) => !gone.has(node.id));
  const nodeIds = new Set(nodes.map((node) => node.id));
  const clusters = doc.clusters?.filter(({ id }) => !gone.has(`cluster:${id}`)).map((cluster) => withMembers(cluster, nodeIds)).filter((cluster) => cluster.members.length > 0);
  const left = { ...doc, nodes, links, clusters };
  const kept = { nodes, links, clusters, faults: doc.faults?.flatMap((fault) => keepFault(fault, new Set([...nodeIds, ...nodes.flatMap((node) => node.host ?? [])]), linkIds, left)) };
  return repaired(doc, kept);
}

/** @param {Scenario} doc @param {number} index @returns {Scenario} */
export function removeFault(doc, index) {
  return repaired(doc, { nodes: doc.nodes, links: doc.links, clusters: doc.clusters, faults: doc.faults?.filter((_, i) => i !== index) });
}

/** @param {ClusterEntry} cluster @param {Set<string>} nodes @returns {ClusterEntry} */
function withMembers(cluster, nodes) {
  const members = cluster.members.filter((id) => nodes.has(id));
  return members.length === cluster.members.length ? cluster : { ...cluster, members };
}

/** @param {FaultEntry} fault @param {Set<string>} nodes machines included @param {Set<string>} links @param {Scenario} left @returns {FaultEntry[]} */
function keepFault(fault, nodes, links, left) {
  const known = (/** @type {string} */ id) => nodes.has(id) || links.has(id) || nodes.has(id.replace(/-\d+$/, "")) || links.has(id.replace(/-\d+$/, ""));
  if ([fault.claims, fault.to, fault.when?.node].some((id) => id !== undefined && !known(id))) return [];
  const meshed = (/** @type {string} */ id) => meshEnds(left, id) !== null || (left.clusters ?? []).some((cluster) => id === `cluster:${cluster.id}`);
  if (typeof fault.target === "string") return known(fault.target) || meshed(fault.target) ? [fault] : [];
  const target = fault.target.map((group) => group.filter(known)).filter((group) => group.length);
  if (target.length < 2) return [];
  return target.every((group, i) => group.length === /** @type {string[][]} */ (fault.target)[i]?.length) ? [fault] : [{ ...fault, target }];
}

/**
 * Variants name entries by their place in a list and claims name them by id, so both follow a removal.
 * @param {Scenario} doc
 * @param {Pick<Scenario, "nodes" | "links" | "clusters" | "faults"> & Partial<Pick<Scenario, "zones" | "latencies">>} kept a list that is not named stays
 * @returns {Scenario}
 */
function repaired(doc, kept) {
  const moves = Object.fromEntries(LISTS.filter((list) => list in kept).map((list) => [list, newPlaces(doc[list] ?? [], kept[list] ?? [])]));
  const variants = doc.variants && Object.fromEntries(Object.entries(doc.variants).flatMap(([name, operations]) => {
    const moved = operations.flatMap((operation) => moveOperation(operation, moves));
    return moved.length || !operations.length ? [[name, moved]] : [];
  }));
  const lost = new Set([
    ...Object.keys(doc.variants ?? {}).filter((name) => !variants?.[name]).map((name) => `variant:${name}`),
    ...doc.nodes.filter((node) => !kept.nodes.some((other) => other.id === node.id)).map((node) => `node:${node.id}`),
    ...(kept.zones ? (doc.zones ?? []).filter((zone) => !kept.zones?.some((other) => other.id === zone.id)).map((zone) => `zone:${zone.id}`) : []),
  ]);
  const expect = doc.expect?.filter((claim) => !mentions(claim.left, lost) && !mentions(claim.right, lost));
  const next = /** @type {any} */ ({ ...doc, ...kept, variants, expect });
  for (const key of ["clusters", "faults", "zones", "latencies", "variants", "expect"]) if (next[key] === undefined || (key === "variants" && !Object.keys(next[key]).length)) delete next[key];
  return next;
}

/** Old index → new index; missing when the entry is gone. An entry that was only changed keeps its id. @param {any[]} before @param {any[]} after */
function newPlaces(before, after) {
  /** @type {Map<number, number>} */
  const places = new Map();
  before.forEach((entry, i) => {
    const at = after.findIndex((other) => other === entry || (entry.id !== undefined && other.id === entry.id));
    if (at >= 0) places.set(i, at);
  });
  return places;
}

/** @param {PatchOperation} operation @param {Record<string, Map<number, number>>} moves @returns {PatchOperation[]} */
function moveOperation(operation, moves) {
  const found = /^\/(\w+)\/(\d+)(\/.*)?$/.exec(operation.path);
  if (!found || !moves[found[1]]) return [operation];
  const place = moves[found[1]].get(Number(found[2]));
  return place === undefined ? [] : [{ ...operation, path: `/${found[1]}/${place}${found[3] ?? ""}` }];
}

/** @param {Json} side @param {Set<string>} lost @returns {boolean} */
function mentions(side, lost) {
  if (Array.isArray(side)) return side.some((part) => mentions(part, lost));
  if (side === null || typeof side !== "object") return false;
  const node = typeof side.metric === "string" ? /^nodes\.([^.]+)\./.exec(side.metric)?.[1] : undefined;
  if (node && (lost.has(`node:${node}`) || lost.has(`node:${node.replace(/-\d+$/, "")}`))) return true;
  if (typeof side.variant === "string" && lost.has(`variant:${side.variant}`)) return true;
  const where = side.where;
  if (where && typeof where === "object" && !Array.isArray(where) && (lost.has(`node:${String(where.client)}`) || lost.has(`zone:${String(where.zone)}`))) return true;
  return Object.values(side).some((part) => mentions(part, lost));
}
