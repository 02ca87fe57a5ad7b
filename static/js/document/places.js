/** Where nodes stand: given positions, and a plain layered layout for nodes that have none. */

export const CARD = { width: 128, height: 44 };

/**
 * Centre of every node's card.
 * @param {Scenario} doc
 * @returns {Map<string, Point>}
 */
export function places(doc) {
  /** @type {Map<string, Point>} */
  const found = new Map();
  for (const node of doc.nodes) if (typeof node.x === "number" && typeof node.y === "number") found.set(node.id, { x: node.x, y: node.y });
  const missing = doc.nodes.filter((node) => !found.has(node.id));
  if (!missing.length) return found;
  const depth = depths(doc);
  const bottom = Math.max(0, ...[...found.values()].map((p) => p.y + 96));
  /** @type {Map<number, number>} */
  const rows = new Map();
  for (const node of missing) {
    const column = depth.get(node.id) ?? 0;
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    found.set(node.id, { x: 96 + column * 192, y: bottom + 64 + row * 88 });
  }
  return found;
}

/** Longest way from a source, bounded so that a cycle ends. @param {Scenario} doc */
function depths(doc) {
  /** @type {Map<string, number>} */
  const depth = new Map(doc.nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < 6; round++) {
    for (const { a, b } of doc.links) depth.set(b, Math.min(6, Math.max(depth.get(b) ?? 0, (depth.get(a) ?? 0) + 1)));
  }
  return depth;
}

/**
 * The rectangle round all nodes and zones.
 * @param {Scenario} doc
 * @param {Map<string, Point>} at
 */
export function bounds(doc, at) {
  const xs = [];
  const ys = [];
  for (const p of at.values()) {
    xs.push(p.x - CARD.width / 2, p.x + CARD.width / 2);
    ys.push(p.y - CARD.height / 2, p.y + CARD.height / 2);
  }
  for (const zone of doc.zones ?? []) {
    if (zone.x === undefined || zone.y === undefined) continue;
    xs.push(zone.x, zone.x + (zone.width ?? 0));
    ys.push(zone.y, zone.y + (zone.height ?? 0));
  }
  if (!xs.length) return { x: 0, y: 0, width: 600, height: 320 };
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** The document's node that a node of the trace came from ("api-3" of "api" with count 5). @param {Scenario} doc @param {string} name */
export function ownerOf(doc, name) {
  if (doc.nodes.some((node) => node.id === name)) return name;
  const base = name.replace(/-\d+$/, "");
  return doc.nodes.some((node) => node.id === base && (node.count ?? 1) > 1) ? base : null;
}
