/** The straight way between two nodes' cards, from edge to edge, in graph coordinates. */

import { CARD } from "../document/places.js";
import { ownerOf } from "../document/places.js";

export class Geometry {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Map<number, Float64Array | null>} */
    this.ways = new Map();
    /** @type {(string | null)[]} */
    this.owners = [];
    /** @type {string[]} */
    this.names = [];
  }

  forget() { this.ways.clear(); }

  /** @param {string[]} names the run's nodes */
  use(names) {
    if (names === this.names) return;
    this.names = names;
    this.owners = names.map((name) => ownerOf(this.editor.stage.doc, name));
    this.forget();
  }

  /** [x1, y1, x2, y2], or null when an end is not on the canvas. @param {number} src @param {number} dst */
  way(src, dst) {
    const key = src * 65536 + dst;
    let way = this.ways.get(key);
    if (way === undefined) {
      way = this.#measure(this.owners[src], this.owners[dst]);
      this.ways.set(key, way);
    }
    return way;
  }

  /** @param {string | null} a @param {string | null} b */
  #measure(a, b) {
    const p = a === null ? undefined : this.editor.at.get(a);
    const q = b === null ? undefined : this.editor.at.get(b);
    if (!p || !q || a === b) return null;
    const [x1, y1] = edgePoint(p, q);
    const [x2, y2] = edgePoint(q, p);
    return Float64Array.of(x1, y1, x2, y2);
  }
}

/** Where the line from a card's centre towards another point leaves the card. @param {Point} from @param {Point} to */
export function edgePoint(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const k = Math.min(CARD.width / 2 / Math.max(Math.abs(dx), 1e-9), CARD.height / 2 / Math.max(Math.abs(dy), 1e-9), 1);
  return [from.x + dx * k, from.y + dy * k];
}
