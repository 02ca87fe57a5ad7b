/** Automatic layout: layers from those who ask to those who answer, the nodes of a zone and of a cluster together. */

import { Graph, layout } from "@dagrejs/dagre";
import { around } from "./grouping.js";
import { CARD, places } from "./places.js";

const GAP = { rank: 96, node: 48, margin: 40 };
const GRID = 8;
/** Beyond so many nodes the shortest links are not worth the wait. */
const TIDY_MAX = 100;

/**
 * The document with every node, and every zone that has nodes, at its place in the layout.
 * @param {Scenario} doc
 * @param {(type: string) => NodeTypeInfo | undefined} info
 * @returns {Scenario}
 */
export function laidOut(doc, info) {
  if (!doc.nodes.length) return doc;
  const before = places(doc);
  const at = upright(before, arranged(doc, info));
  const origin = corner(before);
  const now = corner(at);
  const step = (/** @type {number} */ value) => Math.round(value / GRID) * GRID;
  for (const [id, p] of at) at.set(id, { x: step(p.x - now.x + origin.x), y: step(p.y - now.y + origin.y) });
  const nodes = doc.nodes.map((node) => ({ ...node, ...at.get(node.id) }));
  if (!doc.zones) return { ...doc, nodes };
  const zones = doc.zones.map((zone) => {
    const members = new Set(doc.nodes.filter((node) => node.zone === zone.id).map((node) => node.id));
    return members.size && zone.x !== undefined ? { ...zone, ...around(doc, members, at) } : zone;
  });
  return { ...doc, nodes, zones };
}

/** A layout upside down is as good a layout; that one is taken in which more nodes stay above those that they were above. @param {Map<string, Point>} before @param {Map<string, Point>} at */
function upright(before, at) {
  const middle = (/** @type {Map<string, Point>} */ map) => [...map.values()].reduce((sum, p) => sum + p.y, 0) / map.size;
  const [was, is] = [middle(before), middle(at)];
  const agreement = [...at].reduce((sum, [id, p]) => sum + Math.sign(p.y - is) * Math.sign((before.get(id)?.y ?? was) - was), 0);
  return agreement >= 0 ? at : new Map([...at].map(([id, p]) => [id, { x: p.x, y: 2 * is - p.y }]));
}

/** @param {Map<string, Point>} at */
function corner(at) {
  return { x: Math.min(...[...at.values()].map((p) => p.x)), y: Math.min(...[...at.values()].map((p) => p.y)) };
}

/** @param {Scenario} doc @param {(type: string) => NodeTypeInfo | undefined} info */
function arranged(doc, info) {
  const graph = new Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir: "LR", ranker: doc.nodes.length > TIDY_MAX ? "longest-path" : "network-simplex", ranksep: GAP.rank, nodesep: GAP.node, marginx: GAP.margin, marginy: GAP.margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of doc.nodes) graph.setNode(node.id, { width: CARD.width, height: CARD.height });
  const home = homes(doc);
  for (const group of new Set(home.values())) graph.setNode(group, {});
  for (const [id, group] of home) graph.setParent(id, group);
  const drawn = new Set(doc.nodes.map((node) => node.id));
  for (const { id, a, b } of doc.links) {
    if (!drawn.has(a) || !drawn.has(b) || a === b) continue;
    const [from, to] = forward(doc, a, b, info);
    graph.setEdge(from, to, { weight: 1 }, id);
  }
  layout(graph);
  return new Map(doc.nodes.map((node) => {
    const { x, y } = /** @type {Point} */ (graph.node(node.id));
    return [node.id, { x, y }];
  }));
}

/** Clients stand first, whichever end of the link they are. @param {Scenario} doc @param {string} a @param {string} b @param {(type: string) => NodeTypeInfo | undefined} info */
function forward(doc, a, b, info) {
  const asks = (/** @type {string} */ id) => info(doc.nodes.find((node) => node.id === id)?.type ?? "")?.initiates ?? false;
  return asks(b) && !asks(a) ? [b, a] : [a, b];
}

/** The one group of each node: its zone, else its cluster. @param {Scenario} doc */
function homes(doc) {
  /** @type {Map<string, string>} */
  const home = new Map();
  for (const cluster of doc.clusters ?? []) for (const id of cluster.members) if (doc.nodes.some((node) => node.id === id)) home.set(id, `cluster:${cluster.id}`);
  for (const node of doc.nodes) if (node.zone) home.set(node.id, `zone:${node.zone}`);
  return home;
}
