/** How far along its way a lost message comes: up to the cut, up to the door, and never onto a card. */

import { groupsOf, startOf } from "../document/faults.js";
import { CARD } from "../document/places.js";
import { bandsOf } from "../editor/sides.js";

/** Refused ones reach the door; where nothing is drawn to stop at, it is somewhere on the way. @type {Record<string, number>} */
const REACH = { partition: 0.44, "link cut": 0.44, lost: 0.52, "queue full": 0.14, "too large": 0.14, refused: 0.86, "node down": 0.86, corrupted: 0.86, replayed: 0.86, "not authenticated": 0.86, withheld: 0.14, unreachable: 0.86, expired: 0.86,
  "buffer full": 0.14, "never sent": 0.14, "connection reset": 0.14, duplicate: 0.86, "stale incarnation": 0.86, "window closed": 0.86, "no connection": 0.86 };
/** A host that has no way keeps what it would send. */
const NEVER_LEFT = 0.14;
/** Half a ✕ and some air, in graph units. */
const CLEAR = 10;
const STEP = 4;

/** Where nothing is known but the reason: how far a lost message comes, 0…1. @param {string} reason @param {boolean} forwarded */
export function reachOf(reason, forwarded) {
  return (reason === "unreachable" || reason === "expired") && !forwarded ? NEVER_LEFT : REACH[reason] ?? 0.5;
}

/** Where a way enters the first of some bands, less room for the ✕; null when it crosses none. @param {Float64Array} way @param {(Rect & {horizontal: boolean})[]} bands */
export function beforeBand(way, bands) {
  const [x1, y1, x2, y2] = way;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  let first = Infinity;
  for (const { x, y, width, height, horizontal } of bands) {
    const [from, to, low, high] = horizontal ? [y1, y2, y, y + height] : [x1, x2, x, x + width];
    if ((from - (low + high) / 2) * (to - (low + high) / 2) >= 0) continue;
    const slope = Math.abs(to - from) / length;
    first = Math.min(first, ((from < to ? low - from : from - high) - CLEAR * slope) / Math.abs(to - from));
  }
  return first === Infinity ? null : Math.max(CLEAR / length, first);
}

/** The nearest place on a way, looking back first, that is on no card. @param {Float64Array} way @param {number} wanted 0…1 @param {Iterable<Point>} cards */
export function offCards(way, wanted, cards) {
  const [x1, y1, x2, y2] = way;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const near = [...cards].filter((p) => p.x > Math.min(x1, x2) - CARD.width && p.x < Math.max(x1, x2) + CARD.width && p.y > Math.min(y1, y2) - CARD.height && p.y < Math.max(y1, y2) + CARD.height);
  const free = (/** @type {number} */ f) => near.every((p) => Math.abs(x1 + (x2 - x1) * f - p.x) > CARD.width / 2 + CLEAR || Math.abs(y1 + (y2 - y1) * f - p.y) > CARD.height / 2 + CLEAR);
  const step = STEP / length;
  for (let f = wanted; f > 0; f -= step) if (free(f)) return f;
  for (let f = wanted; f < 1; f += step) if (free(f)) return f;
  return Math.min(wanted, 0.5);
}

export class Stops {
  /** @param {Editor} editor @param {Geometry} geometry */
  constructor(editor, geometry) {
    this.editor = editor;
    this.geometry = geometry;
    /** @type {Map<string, number>} */
    this.known = new Map();
  }

  forget() { this.known.clear(); }

  /** 0…1. @param {number} src @param {number} dst @param {string} reason @param {number} at_ns when it would have arrived @param {boolean} [forwarded] */
  at(src, dst, reason, at_ns, forwarded = true) {
    if ((reason === "unreachable" || reason === "expired") && !forwarded) return NEVER_LEFT;
    const fault = reason === "partition" ? this.#partition(src, dst, at_ns / 1e6) : -1;
    const key = `${src},${dst},${fault},${reason}`;
    let stop = this.known.get(key);
    if (stop === undefined) {
      stop = this.#measure(src, dst, reason, fault);
      this.known.set(key, stop);
    }
    return stop;
  }

  /** @param {number} src @param {number} dst @param {string} reason @param {number} fault */
  #measure(src, dst, reason, fault) {
    const way = this.geometry.way(src, dst);
    if (!way) return 0.5;
    const { at, stage } = this.editor;
    const doc = stage.doc;
    const entry = (stage.ran ?? doc).faults?.[fault];
    const cut = entry ? beforeBand(way, bandsOf(groupsOf(doc, entry), at, doc)) : null;
    return offCards(way, cut ?? REACH[reason] ?? 0.5, at.values());
  }

  /** The partition between two nodes at a time, or any between them. @param {number} src @param {number} dst @param {number} at_ms */
  #partition(src, dst, at_ms) {
    const { stage } = this.editor;
    const [a, b] = [this.geometry.owners[src], this.geometry.owners[dst]];
    let any = -1;
    const faults = (stage.ran ?? stage.doc).faults ?? [];
    for (let i = 0; i < faults.length; i++) {
      const from = startOf(faults[i]);
      const to = faults[i].until_ms ?? Infinity;
      if (faults[i].kind !== "partition") continue;
      const groups = groupsOf(stage.doc, faults[i]);
      const [p, q] = [groups.findIndex((group) => group.includes(a ?? "")), groups.findIndex((group) => group.includes(b ?? ""))];
      if (p < 0 || q < 0 || p === q) continue;
      if (from <= at_ms && at_ms <= to) return i;
      any = i;
    }
    return any;
  }
}
