/** Rectangles round groups of nodes, and the band that separates two of them. */

import { CARD } from "../document/places.js";

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const BAND = 22;

export const sides = {
  /** @param {(Point | undefined)[]} points @param {number} pad @returns {Box | null} */
  around(points, pad) {
    const given = /** @type {Point[]} */ (points.filter(Boolean));
    if (!given.length) return null;
    const x = Math.min(...given.map((p) => p.x)) - CARD.width / 2 - pad;
    const y = Math.min(...given.map((p) => p.y)) - CARD.height / 2 - pad;
    return {
      x, y, width: Math.max(...given.map((p) => p.x)) + CARD.width / 2 + pad - x, height: Math.max(...given.map((p) => p.y)) + CARD.height / 2 + pad - y,
    };
  },

  /** A side takes in the zones whose nodes are all its own. @param {Box | null} box @param {string[]} group @param {Scenario} doc */
  withZones(box, group, doc) {
    let out = box;
    for (const zone of doc.zones ?? []) {
      const members = doc.nodes.filter((node) => node.zone === zone.id);
      if (zone.x === undefined || zone.y === undefined || !members.length || !members.every((node) => group.includes(node.id))) continue;
      out = union(out, { x: zone.x, y: zone.y, width: zone.width ?? 0, height: zone.height ?? 0 });
    }
    return out;
  },
};

/** @param {Box | null} a @param {Box} b @returns {Box} */
function union(a, b) {
  if (!a) return b;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/** The area of each group of a partition. @param {string[][]} groups @param {Map<string, Point>} at @param {Scenario} doc */
export function areasOf(groups, at, doc) {
  return groups.map((group) => sides.withZones(sides.around(group.map((id) => at.get(id)), 34), group, doc));
}

/** The bands of a partition: one between each group and the next. @param {string[][]} groups @param {Map<string, Point>} at @param {Scenario} doc */
export function bandsOf(groups, at, doc) {
  const areas = areasOf(groups, at, doc);
  return areas.slice(1).flatMap((area, i) => {
    const band = bandBetween(areas[i], area);
    return band ? [band] : [];
  });
}

/**
 * Where the hatched band between two sides lies; null when no straight band separates them.
 * @param {Box | null} a
 * @param {Box | null} b
 */
export function bandBetween(a, b) {
  if (!a || !b) return null;
  const [upper, lower] = a.y <= b.y ? [a, b] : [b, a];
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  const gapY = lower.y - (upper.y + upper.height);
  const gapX = right.x - (left.x + left.width);
  const all = union(a, b);
  if (Math.max(gapX, gapY) < -48) return null;
  if (gapY >= gapX) {
    const middle = (upper.y + upper.height + lower.y) / 2;
    return { x: all.x, y: middle - BAND / 2, width: all.width + 24, height: BAND, horizontal: true };
  }
  const middle = (left.x + left.width + right.x) / 2;
  return { x: middle - BAND / 2, y: all.y, width: BAND, height: all.height + 24, horizontal: false };
}
