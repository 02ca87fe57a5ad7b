/** Zones and clusters: made of several nodes, and followed by what is moved. */

import { freeName, namesTaken } from "./names.js";
import { CARD, places } from "./places.js";

const PAD = { side: 24, top: 36, bottom: 24 };
/** About the outline of a cluster, with its name on the border. */
const CLUSTER_PAD = { side: 42, top: 68, bottom: 42 };

/** All that runs on one machine is in one zone. @param {Scenario} doc @param {Iterable<string>} ids */
export function withHostMates(doc, ids) {
  const chosen = new Set(ids);
  const hosts = new Set(doc.nodes.filter((node) => chosen.has(node.id)).flatMap((node) => node.host ?? []));
  return new Set(doc.nodes.filter((node) => chosen.has(node.id) || (node.host && hosts.has(node.host))).map((node) => node.id));
}

/**
 * Puts nodes, and all that runs on their machines, into a zone; undefined takes them out of any.
 * @param {Scenario} doc @param {Iterable<string>} ids @param {string | undefined} zone
 * @returns {Scenario}
 */
export function inZone(doc, ids, zone) {
  const all = withHostMates(doc, ids);
  const hosts = new Set(doc.nodes.filter((node) => all.has(node.id)).map((node) => node.host));
  const next = { ...doc, nodes: doc.nodes.map((node) => (all.has(node.id) ? zoned(node, zone) : node)) };
  if (doc.hosts) next.hosts = doc.hosts.map((host) => (hosts.has(host.id) ? zoned(host, zone) : host));
  return next;
}

/** @template {{zone?: string}} T @param {T} entry @param {string | undefined} zone @returns {T} */
function zoned(entry, zone) {
  const { zone: _zone, ...rest } = entry;
  return /** @type {T} */ (zone === undefined ? rest : { ...rest, zone });
}

/**
 * A new zone round nodes.
 * @param {Scenario} doc @param {string[]} ids @param {(n: number) => string} name
 * @returns {{doc: Scenario, id: string}}
 */
export function zoneOf(doc, ids, name) {
  const all = withHostMates(doc, ids);
  const id = freeName(namesTaken(doc), "zone");
  const box = around(doc, all, places(doc));
  const zone = { id, label: name((doc.zones ?? []).length + 1), ...box };
  return { doc: inZone({ ...doc, zones: [...(doc.zones ?? []), zone] }, all, id), id };
}

/** The rectangle of a zone with these nodes. @param {Scenario} doc @param {Set<string>} ids @param {Map<string, Point>} at @returns {Rect} */
export function around(doc, ids, at) {
  const pad = (doc.clusters ?? []).some(({ members }) => members.some((id) => ids.has(id))) ? CLUSTER_PAD : PAD;
  const points = [...ids].flatMap((id) => at.get(id) ?? []);
  const x = Math.min(...points.map((p) => p.x)) - CARD.width / 2 - pad.side;
  const y = Math.min(...points.map((p) => p.y)) - CARD.height / 2 - pad.top;
  const right = Math.max(...points.map((p) => p.x)) + CARD.width / 2 + pad.side;
  const bottom = Math.max(...points.map((p) => p.y)) + CARD.height / 2 + pad.bottom;
  return { x: Math.round(x), y: Math.round(y), width: Math.round(right - x), height: Math.round(bottom - y) };
}

/**
 * Why nodes cannot be one cluster; null when they can.
 * @param {Scenario} doc @param {string[]} ids @param {(type: string) => NodeTypeInfo | undefined} info
 * @returns {"types" | "alone" | "member" | null}
 */
export function whyNoCluster(doc, ids, info) {
  const nodes = doc.nodes.filter((node) => ids.includes(node.id));
  const [first] = nodes;
  if (!first || nodes.some((node) => node.type !== first.type)) return "types";
  if (!info(first.type)?.clusters) return "alone";
  return (doc.clusters ?? []).some(({ members }) => members.some((id) => ids.includes(id))) ? "member" : null;
}

/** @param {Scenario} doc @param {string[]} ids @returns {{doc: Scenario, id: string}} */
export function clusterOf(doc, ids) {
  const protocol = doc.nodes.find((node) => node.id === ids[0])?.type ?? "";
  const id = freeName(namesTaken(doc), "cluster");
  return { doc: { ...doc, clusters: [...(doc.clusters ?? []), { id, protocol, members: doc.nodes.filter((node) => ids.includes(node.id)).map((node) => node.id) }] }, id };
}

/** The zones and clusters that these parts are in, or are, as `zone:<id>` and `cluster:<id>`. @param {Scenario} doc @param {Iterable<string>} ids */
export function groupsAround(doc, ids) {
  const chosen = new Set(ids);
  const zones = new Set(doc.nodes.filter((node) => chosen.has(node.id)).flatMap((node) => node.zone ?? []));
  return [
    ...(doc.zones ?? []).filter(({ id }) => zones.has(id) || chosen.has(`zone:${id}`)).map(({ id }) => `zone:${id}`),
    ...(doc.clusters ?? []).filter(({ id, members }) => chosen.has(`cluster:${id}`) || members.some((member) => chosen.has(member))).map(({ id }) => `cluster:${id}`),
  ];
}

/**
 * After a move: a zone whose nodes were all moved together went with them; a single node is in the zone it was put down in.
 * @param {Scenario} before @param {Scenario} after @param {string[]} ids the nodes that were moved @param {Point} by
 * @param {string | null} [held] the zone that was moved by its name
 * @returns {Scenario}
 */
export function rezoned(before, after, ids, by, held = null) {
  const moved = new Set(ids);
  const goes = (/** @type {ZoneEntry} */ zone) => {
    const members = before.nodes.filter((node) => node.zone === zone.id);
    return (moved.size > 1 || zone.id === held) && members.length > 0 && members.every((node) => moved.has(node.id));
  };
  const gone = new Set((before.zones ?? []).filter(goes).map((zone) => zone.id));
  let next = after;
  if (gone.size) next = { ...after, zones: after.zones?.map((zone) => (gone.has(zone.id) && zone.x !== undefined && zone.y !== undefined ? { ...zone, x: zone.x + by.x, y: zone.y + by.y } : zone)) };
  const [was, is] = [places(before), places(next)];
  for (const id of ids) {
    const node = next.nodes.find((entry) => entry.id === id);
    if (!node || (node.zone && gone.has(node.zone))) continue;
    const [from, to] = [zoneAt(before, was.get(id)), zoneAt(next, is.get(id))];
    // Only a border that was crossed says anything: a node drawn outside its zone may be meant so.
    if (from === to || node.zone === to || (to === undefined && node.zone !== from)) continue;
    if ([...withHostMates(next, [id])].every((mate) => moved.has(mate))) next = inZone(next, [id], to);
  }
  return next;
}

/** The smallest zone that is drawn about a point. @param {Scenario} doc @param {Point | undefined} p */
function zoneAt(doc, p) {
  if (!p) return undefined;
  const about = (doc.zones ?? []).filter(({ x, y, width = 200, height = 120 }) => x !== undefined && y !== undefined && p.x >= x && p.x <= x + width && p.y >= y && p.y <= y + height);
  return about.sort((a, b) => (a.width ?? 200) * (a.height ?? 120) - (b.width ?? 200) * (b.height ?? 120))[0]?.id;
}

/** How many nodes these are, copies counted. @param {Scenario} doc @param {string[]} ids */
export function strong(doc, ids) {
  return doc.nodes.filter(({ id }) => ids.includes(id)).reduce((all, { count }) => all + (count ?? 1), 0);
}
