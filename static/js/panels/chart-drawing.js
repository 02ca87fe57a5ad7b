/** What a chart shows beside its lines: when something was broken, and the lines' names where they end. */

const LABEL_PX = 11;
const CLOSE_PX = 4;
const LEAST_PX = 6;
const ROOM_PX = 64;

/** @typedef {(name: string) => string} Colour */

/** @param {UPlot} plot @param {Span[]} spans @param {Colour} colour */
export function drawFaults(plot, spans, colour) {
  const { ctx, bbox } = plot;
  const x = (/** @type {number} */ ms) => Math.max(bbox.left, Math.min(bbox.left + bbox.width, plot.valToPos(ms / 1e3, "x", true)));
  ctx.save();
  for (const { from_ms, until_ms } of spans) {
    const [left, right] = [x(from_ms), until_ms === Infinity ? bbox.left + bbox.width : x(until_ms)];
    ctx.fillStyle = colour("--bad-soft");
    ctx.fillRect(left, bbox.top, Math.max(devicePixelRatio, right - left), bbox.height);
    ctx.fillStyle = colour("--bad");
    ctx.fillRect(left, bbox.top, Math.max(devicePixelRatio, right - left), 2 * devicePixelRatio);
  }
  ctx.restore();
}

/** How much room the names of several lines need at the right, px. @param {{name: string}[]} lines @param {Colour} colour */
export function labelRoom(lines, colour) {
  const context = document.createElement("canvas").getContext("2d");
  if (!context || lines.length < 2) return LEAST_PX;
  context.font = `500 10px ${colour("--font-ui")}`;
  return Math.min(ROOM_PX, Math.max(...lines.map(({ name }) => context.measureText(name).width)) + 2 * CLOSE_PX);
}

/** The names stand beside the ends of their lines, one below the other where those are close. @param {UPlot} plot @param {{name: string, stroke: string}[]} lines @param {Colour} colour */
export function drawLabels(plot, lines, colour) {
  if (lines.length < 2) return;
  const { ctx, bbox } = plot;
  const labels = lines.map(({ name, stroke }, i) => {
    const value = Array.from(plot.data[i + 1]).findLast((one) => typeof one === "number") ?? 0;
    return { name, stroke, y: plot.valToPos(value, "y", true) };
  }).sort((a, b) => b.y - a.y);
  const step = LABEL_PX * devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  let above = bottom + step / 2;
  for (const label of labels) label.y = above = Math.min(label.y, above - step);
  const over = bbox.top - above;
  ctx.save();
  ctx.font = `500 ${10 * devicePixelRatio}px ${colour("--font-ui")}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const label of labels) {
    ctx.fillStyle = label.stroke;
    ctx.fillText(label.name, bbox.left + bbox.width + CLOSE_PX * devicePixelRatio, label.y + Math.max(0, over), (ROOM_PX - CLOSE_PX) * devicePixelRatio);
  }
  ctx.restore();
}
