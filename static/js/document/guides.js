/** Where a dragged group comes to rest: in line with other cards, at the distance that others keep, else on the grid. */

import { GRID } from "./edits.js";
import { CARD } from "./places.js";

const ROW_MAX = 12;

/** @typedef {{low: number, high: number}} Extent */

/**
 * @param {Point[]} moving middles of the dragged cards, before
 * @param {Point[]} others middles of those that stay
 * @param {Point} by how far the pointer went
 * @param {number} reach how near is near enough
 * @returns {{dx: number, dy: number, guides: Guide[]}}
 */
export function snapped(moving, others, by, reach) {
  const box = { x: extent(moving, "x"), y: extent(moving, "y") };
  const rest = { x: axisSnap(box, others, by, "x", reach), y: axisSnap(box, others, by, "y", reach) };
  const grid = (/** @type {"x" | "y"} */ axis) => Math.round((moving[0][axis] + by[axis]) / GRID) * GRID - moving[0][axis];
  const d = { x: rest.x ?? grid("x"), y: rest.y ?? grid("y") };
  return { dx: d.x, dy: d.y, guides: guidesOf(box, others, d, { x: rest.x !== null, y: rest.y !== null }) };
}

/** @param {Point[]} points @param {"x" | "y"} axis @returns {Extent} */
function extent(points, axis) {
  const half = (axis === "x" ? CARD.width : CARD.height) / 2;
  const values = points.map((p) => p[axis]);
  return { low: Math.min(...values) - half, high: Math.max(...values) + half };
}

/** Three lines of a group: its two edges and its middle. @param {Extent} e */
const lines = (e) => [e.low, (e.low + e.high) / 2, e.high];

/**
 * The shift that puts the group in line, nearest to the pointer's; null when nothing is near.
 * @param {{x: Extent, y: Extent}} box @param {Point[]} others @param {Point} by @param {"x" | "y"} axis @param {number} reach
 */
function axisSnap(box, others, by, axis, reach) {
  const half = (axis === "x" ? CARD.width : CARD.height) / 2;
  const own = lines(box[axis]);
  let best = null;
  let nearest = reach;
  const offer = (/** @type {number} */ shift) => {
    const off = Math.abs(shift - by[axis]);
    if (off < nearest) [best, nearest] = [shift, off];
  };
  for (const p of others) for (const [i, line] of lines({ low: p[axis] - half, high: p[axis] + half }).entries()) offer(line - own[i]);
  for (const middle of evenPlaces(box, others, by, axis)) offer(middle - own[1]);
  return best;
}

/** Middles at which the group keeps the distance that two others in its row keep, or stands halfway between them. @param {{x: Extent, y: Extent}} box @param {Point[]} others @param {Point} by @param {"x" | "y"} axis */
function evenPlaces(box, others, by, axis) {
  const cross = axis === "x" ? "y" : "x";
  const size = axis === "x" ? CARD.width : CARD.height;
  const breadth = box[axis].high - box[axis].low;
  const half = (cross === "x" ? CARD.width : CARD.height) / 2;
  const row = others.filter((p) => p[cross] + half > box[cross].low + by[cross] && p[cross] - half < box[cross].high + by[cross]).map((p) => p[axis]).sort((p, q) => p - q).slice(0, ROW_MAX);
  const found = [];
  for (let i = 0; i + 1 < row.length; i++) {
    const gap = row[i + 1] - row[i] - size;
    if (gap < 0) continue;
    const far = size / 2 + gap + breadth / 2;
    found.push(row[i + 1] + far, row[i] - far);
    if (gap > breadth) found.push((row[i] + row[i + 1]) / 2);
  }
  return found;
}

/** The lines that the group now shares with others, from the one to the other. @param {{x: Extent, y: Extent}} box @param {Point[]} others @param {Point} d @param {{x: boolean, y: boolean}} on @returns {Guide[]} */
function guidesOf(box, others, d, on) {
  /** @type {Map<string, Guide>} */
  const found = new Map();
  for (const axis of /** @type {("x" | "y")[]} */ (["x", "y"])) {
    if (!on[axis]) continue;
    const cross = axis === "x" ? "y" : "x";
    const [half, across] = axis === "x" ? [CARD.width / 2, CARD.height / 2] : [CARD.height / 2, CARD.width / 2];
    const own = lines({ low: box[axis].low + d[axis], high: box[axis].high + d[axis] });
    for (const p of others) {
      const shared = lines({ low: p[axis] - half, high: p[axis] + half }).filter((at, i) => Math.abs(at - own[i]) < 0.01);
      // Cards of one size that share their middles share their edges, too; one line says it.
      for (const at of shared.length === 3 ? [shared[1]] : shared) {
        const known = found.get(`${axis}${at}`);
        const from = Math.min(known?.from ?? Infinity, p[cross] - across, box[cross].low + d[cross]);
        const to = Math.max(known?.to ?? -Infinity, p[cross] + across, box[cross].high + d[cross]);
        found.set(`${axis}${at}`, { axis, at, from, to });
      }
    }
  }
  return [...found.values()];
}
