/** Dropped messages: where their ✕ stands, and equal reasons close together as one pill that covers nothing. */

const MERGE_PX = 40;
const PILLS_MAX = 24;
const HEIGHT = 17;
const GAP = 8;

export class DropMarks {
  constructor() {
    /** @type {Pill[]} */
    this.pills = [];
    this.count = 0;
    this.xy = new Float32Array(512);
  }

  clear() {
    this.pills.length = 0;
    this.count = 0;
  }

  /** @param {number} x @param {number} y @param {string} reason @param {number} dx how far to the right its way goes */
  add(x, y, reason, dx) {
    if (this.count * 2 < this.xy.length) {
      this.xy[this.count * 2] = x;
      this.xy[this.count * 2 + 1] = y;
      this.count += 1;
    }
    const side = dx > 1 ? -1 : 1;
    for (const pill of this.pills) {
      if (pill.reason === reason && pill.side === side && Math.abs(pill.x - x) < MERGE_PX && Math.abs(pill.y - y) < MERGE_PX) {
        pill.count += 1;
        return;
      }
    }
    if (this.pills.length < PILLS_MAX) this.pills.push({ x, y, side, reason, count: 1, box: { x, y, width: 0, height: HEIGHT } });
  }

  /**
   * Gives every pill a place beside its ✕, first on the side its message came from: on no card, on no ✕, on no other pill, inside the canvas.
   * @param {Rect[]} cards what must stay readable
   * @param {{width: number, height: number}} canvas
   * @param {(pill: Pill) => number} widthOf
   */
  settle(cards, canvas, widthOf) {
    const taken = [...cards];
    for (let i = 0; i < this.count; i++) taken.push({ x: this.xy[i * 2] - 5, y: this.xy[i * 2 + 1] - 5, width: 10, height: 10 });
    for (const pill of this.pills) {
      pill.box = best(places(pill, widthOf(pill)), taken, canvas);
      taken.push(pill.box);
    }
  }
}

/** Places for a pill, the dearest first. @param {Pill} pill @param {number} width @returns {Rect[]} */
function places({ x, y, side }, width) {
  const left = x - GAP - width;
  const right = x + GAP;
  const [near, far] = side < 0 ? [left, right] : [right, left];
  const rows = [y - 20, y + 3, y - 8.5, y - 29, y + 12, y - 40, y + 23];
  return [...rows.map((top) => [near, top]), ...rows.map((top) => [far, top]), [x - width / 2, y - 28], [x - width / 2, y + 11]]
    .map(([px, py]) => ({ x: px, y: py, width, height: HEIGHT }));
}

/** The first place that covers nothing, else the one that covers least. @param {Rect[]} boxes @param {Rect[]} taken @param {{width: number, height: number}} canvas */
function best(boxes, taken, canvas) {
  let found = boxes[0];
  let least = Infinity;
  for (const box of boxes) {
    if (box.x < 2 || box.y < 2 || box.x + box.width > canvas.width - 2 || box.y + box.height > canvas.height - 2) continue;
    let covered = 0;
    for (const other of taken) covered += overlap(box, other);
    if (covered === 0) return box;
    if (covered < least) [found, least] = [box, covered];
  }
  return found;
}

/** @param {Rect} a @param {Rect} b */
function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
