/** Rows and columns: several nodes put in line, or at equal distances. All cards are of one size, so their middles tell. */

/**
 * @param {Map<string, Point>} at the middles of those that are moved
 * @param {AlignEdge} edge
 * @returns {Record<string, Point>}
 */
export function aligned(at, edge) {
  const axis = edge === "left" || edge === "centre" || edge === "right" ? "x" : "y";
  const values = [...at.values()].map((p) => p[axis]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const line = Math.round({ left: low, top: low, right: high, bottom: high, centre: (low + high) / 2, middle: (low + high) / 2 }[edge]);
  return Object.fromEntries([...at].map(([id, p]) => [id, { ...p, [axis]: line }]));
}

/**
 * The outermost stay; the others stand at equal distances between them.
 * @param {Map<string, Point>} at
 * @param {SpreadWay} direction
 * @returns {Record<string, Point>}
 */
export function distributed(at, direction) {
  const axis = direction === "horizontal" ? "x" : "y";
  const sorted = [...at].sort(([, p], [, q]) => p[axis] - q[axis]);
  const first = sorted[0][1][axis];
  const step = (sorted[sorted.length - 1][1][axis] - first) / Math.max(1, sorted.length - 1);
  return Object.fromEntries(sorted.map(([id, p], i) => [id, { ...p, [axis]: Math.round(first + i * step) }]));
}
