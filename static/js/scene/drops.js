/** Dropped messages: where their ✕ stands, and equal reasons close together as one pill. */

const MERGE_PX = 40;
/** How far along its way a message comes before it is gone: refused ones reach the door, cut ones stop before the cut. @type {Record<string, number>} */
const REACH = { partition: 0.44, "link cut": 0.44, lost: 0.52, "queue full": 0.14, "too large": 0.14, refused: 0.86, "node down": 0.86 };

/** @param {string} reason */
export function reach(reason) {
  return REACH[reason] ?? 0.5;
}

export class DropMarks {
  constructor() {
    /** @type {{x: number, y: number, reason: string, count: number}[]} */
    this.pills = [];
    this.count = 0;
    this.xy = new Float32Array(512);
  }

  clear() {
    this.pills.length = 0;
    this.count = 0;
  }

  /** @param {number} x @param {number} y @param {string} reason */
  add(x, y, reason) {
    if (this.count * 2 < this.xy.length) {
      this.xy[this.count * 2] = x;
      this.xy[this.count * 2 + 1] = y;
      this.count += 1;
    }
    for (const pill of this.pills) {
      if (pill.reason === reason && Math.abs(pill.x - x) < MERGE_PX && Math.abs(pill.y - y) < MERGE_PX) {
        pill.count += 1;
        return;
      }
    }
    if (this.pills.length < 24) this.pills.push({ x, y, reason, count: 1 });
  }

  /** Pills of different places must not cover each other: the later one moves down. */
  settle() {
    this.pills.sort((a, b) => a.y - b.y || a.x - b.x);
    for (let i = 0; i < this.pills.length; i++) {
      for (let j = 0; j < i; j++) {
        if (Math.abs(this.pills[i].x - this.pills[j].x) < 84 && Math.abs(this.pills[i].y - this.pills[j].y) < 19) this.pills[i].y = this.pills[j].y + 19;
      }
    }
  }
}
