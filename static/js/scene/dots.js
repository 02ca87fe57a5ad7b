/** Every message drawn in one frame: collected in any order, drawn in one path for each role and colour, and found again under the pointer. */

import { ROLES } from "../trace/messages.js";
import { GROUPS_MAX, ringed } from "../trace/groups.js";
import { SHAPES, HOLLOW, STROKED } from "./glyphs.js";

const BUCKETS = ROLES.length * GROUPS_MAX;
const TRAIL_ALPHA = 0.22;
const DIM = 0.22;
const LIT = 1.25;

export class Dots {
  /** @param {number} most */
  constructor(most) {
    this.n = 0;
    this.xy = new Float32Array(most * 4);
    this.slots = new Int32Array(most);
    this.buckets = new Uint8Array(most);
    this.order = new Int32Array(most);
    /** Where each bucket begins in the order; those of the lit chain come last, over the others. */
    this.starts = new Int32Array(BUCKETS * 2 + 1);
  }

  clear() { this.n = 0; }

  /** @param {number} slot @param {number} role @param {number} group @param {boolean} lit @param {number} x @param {number} y @param {number} backX @param {number} backY where its trail begins */
  add(slot, role, group, lit, x, y, backX, backY) {
    if (this.n >= this.slots.length) return;
    const o = this.n * 4;
    this.xy[o] = x;
    this.xy[o + 1] = y;
    this.xy[o + 2] = backX;
    this.xy[o + 3] = backY;
    this.slots[this.n] = slot;
    this.buckets[this.n] = role * GROUPS_MAX + group + (lit ? BUCKETS : 0);
    this.n += 1;
  }

  #sort() {
    const { starts, buckets, order, n } = this;
    starts.fill(0);
    for (let i = 0; i < n; i++) starts[buckets[i] + 1] += 1;
    for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1];
    const next = starts.slice(0, -1);
    for (let i = 0; i < n; i++) order[next[buckets[i]]++] = i;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Looks} looks
   * @param {{size: number, rich: boolean, trails: boolean, dim: boolean}} how rich: with a halo that keeps dots apart from lines; dim: all but the lit ones
   */
  draw(context, looks, { size, rich, trails, dim }) {
    this.#sort();
    for (let bucket = 0; bucket < BUCKETS * 2; bucket++) {
      if (this.starts[bucket] === this.starts[bucket + 1]) continue;
      const lit = bucket >= BUCKETS;
      const alpha = dim && !lit ? DIM : 1;
      if (trails) this.#trails(context, looks, bucket, alpha);
      context.globalAlpha = alpha;
      this.#shapes(context, looks, bucket, lit ? size * LIT : size, rich);
    }
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {Looks} looks @param {number} bucket @param {number} alpha */
  #trails(context, looks, bucket, alpha) {
    context.globalAlpha = TRAIL_ALPHA * alpha;
    context.lineWidth = 2.5;
    context.lineCap = "round";
    context.strokeStyle = looks.groups[bucket % GROUPS_MAX];
    context.beginPath();
    for (let k = this.starts[bucket]; k < this.starts[bucket + 1]; k++) {
      const o = this.order[k] * 4;
      context.moveTo(this.xy[o + 2], this.xy[o + 3]);
      context.lineTo(this.xy[o], this.xy[o + 1]);
    }
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {Looks} looks @param {number} bucket @param {number} size @param {boolean} rich */
  #shapes(context, looks, bucket, size, rich) {
    const role = ROLES[Math.floor(bucket / GROUPS_MAX) % ROLES.length];
    const group = bucket % GROUPS_MAX;
    context.beginPath();
    this.#path(context, SHAPES[role], bucket, size);
    paint(context, role, looks.groups[group], looks.ground, rich);
    if (!ringed(looks.colouring, group)) return;
    context.beginPath();
    this.#path(context, ring, bucket, size);
    stroke(context, looks.groups[group], 1.2);
  }

  /** @param {CanvasRenderingContext2D} context @param {(c: CanvasRenderingContext2D, x: number, y: number, k: number) => void} shape @param {number} bucket @param {number} size */
  #path(context, shape, bucket, size) {
    for (let k = this.starts[bucket]; k < this.starts[bucket + 1]; k++) {
      const o = this.order[k] * 4;
      shape(context, this.xy[o], this.xy[o + 1], size);
    }
  }

  /** The slot of the message nearest to a place, −1 when none is near. @param {number} x @param {number} y @param {number} near px */
  at(x, y, near) {
    let found = -1;
    let least = near * near;
    for (let i = 0; i < this.n; i++) {
      const d = (this.xy[i * 4] - x) ** 2 + (this.xy[i * 4 + 1] - y) ** 2;
      if (d <= least) [found, least] = [this.slots[i], d];
    }
    return found;
  }

  /** Where a message is, if it is drawn. @param {number} slot @returns {Point | null} */
  place(slot) {
    for (let i = 0; i < this.n; i++) if (this.slots[i] === slot) return { x: this.xy[i * 4], y: this.xy[i * 4 + 1] };
    return null;
  }
}

/** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} k */
export function ring(c, x, y, k) {
  c.moveTo(x + 8.4 * k, y);
  c.arc(x, y, 8.4 * k, 0, 6.2832);
}

/** The path of one role's shapes in its way. @param {CanvasRenderingContext2D} context @param {string} role @param {string} colour @param {string} ground @param {boolean} rich */
export function paint(context, role, colour, ground, rich) {
  context.lineCap = "round";
  if (STROKED.has(role)) {
    if (rich) stroke(context, ground, 5);
    stroke(context, colour, 2.2);
  } else if (HOLLOW.has(role)) {
    if (rich) stroke(context, ground, 4.6);
    context.fillStyle = ground;
    context.fill();
    stroke(context, colour, 2.2);
  } else {
    if (rich) stroke(context, ground, 2.4);
    context.fillStyle = colour;
    context.fill();
  }
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} width */
export function stroke(context, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}
