/** The links that a pinned message's causal chain takes: solid up to it, dashed for what followed, each with its direction. */

import { stroke } from "./dots.js";

const WAYS_MAX = 600;
const DASH = [6, 4];
const ARROW = 4.5;

/** @typedef {{src: number, dst: number, to: number, part: "before" | "self" | "after"}} Stretch to: how far it came, 0…1 */

export class Chain {
  constructor() {
    /** @type {Causes | null} */
    this.causes = null;
    /** @type {Stretch[]} */
    this.stretches = [];
  }

  /** @param {Messages} messages @param {Causes | null} causes @param {(slot: number, leg: Leg) => number} reach */
  use(messages, causes, reach) {
    if (causes === this.causes) return;
    this.causes = causes;
    this.stretches = causes ? stretchesOf(messages, causes, reach) : [];
  }

  forget() { this.causes = null; }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Geometry} geometry
   * @param {{scale: number, x: number, y: number}} view
   * @param {string} colour
   */
  draw(context, geometry, { scale, x, y }, colour) {
    context.lineCap = "round";
    for (const { src, dst, to, part } of this.stretches) {
      const way = geometry.way(src, dst);
      if (!way) continue;
      const [x1, y1, x2, y2] = [way[0] * scale + x, way[1] * scale + y, way[2] * scale + x, way[3] * scale + y];
      const [ex, ey] = [x1 + (x2 - x1) * to, y1 + (y2 - y1) * to];
      context.globalAlpha = part === "self" ? 1 : 0.75;
      context.setLineDash(part === "after" ? DASH : []);
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(ex, ey);
      stroke(context, colour, part === "self" ? 3.5 : 2);
      context.setLineDash([]);
      context.beginPath();
      arrow(context, x1 + (ex - x1) * 0.62, y1 + (ey - y1) * 0.62, Math.atan2(ey - y1, ex - x1));
      stroke(context, colour, part === "self" ? 3 : 2);
    }
    context.globalAlpha = 1;
  }
}

/** Every link that the chain takes, once for each direction: as the message itself, else as a cause, else as a consequence. @param {Messages} messages @param {Causes} causes @param {(slot: number, leg: Leg) => number} reach @returns {Stretch[]} */
function stretchesOf(messages, causes, reach) {
  /** @type {Map<string, Stretch>} */
  const found = new Map();
  const add = (/** @type {number} */ slot, /** @type {Stretch["part"]} */ part) => {
    for (const { src, dst, to } of stretchesOfMessage(messages, slot, reach)) {
      const key = `${src},${dst}`;
      const had = found.get(key);
      if (!had) found.set(key, { src, dst, to, part });
      else if (had.part === part) had.to = Math.max(had.to, to);
    }
  };
  add(causes.slot, "self");
  for (const slot of causes.before.slice(-WAYS_MAX)) add(slot, "before");
  for (const slot of causes.after.slice(0, WAYS_MAX)) add(slot, "after");
  return [...found.values()].reverse();
}

/** The links one message takes, from the last to the first. @param {Messages} messages @param {number} slot @param {(slot: number, leg: Leg) => number} reach */
function stretchesOfMessage(messages, slot, reach) {
  const out = [];
  const begins = messages.sent.data[slot];
  let at = Infinity;
  for (let i = 0; i < WAYS_MAX; i++) {
    const { src, dst, from, to, last, forwarded } = messages.leg(slot, at);
    out.push({ src, dst, to: last ? reach(slot, { src, dst, from, to, last, forwarded }) : 1 });
    if (!forwarded || from <= begins) break;
    at = from - 1;
  }
  return out;
}

/** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} angle @param {number} [k] */
export function arrow(c, x, y, angle, k = 1) {
  const [cos, sin] = [Math.cos(angle) * k, Math.sin(angle) * k];
  const place = (/** @type {number} */ a, /** @type {number} */ b) => /** @type {const} */ ([x + a * cos - b * sin, y + a * sin + b * cos]);
  c.moveTo(...place(-ARROW, -ARROW));
  c.lineTo(...place(0, 0));
  c.lineTo(...place(-ARROW, ARROW));
}
