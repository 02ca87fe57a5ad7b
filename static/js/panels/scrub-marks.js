/** The signs above and below the scrub bar: faults, leaders and recoveries, violations. Equal ones that are close are one, with a count. */

import { glyph, s } from "../dom.js";
import { marksOf } from "../trace/moments.js";

const MERGE_PX = 10;
const DIGIT_PX = 8;
const BESIDE_PX = 11;
const SIZE = 11;
/** @type {Record<string, {sign: string, icon: string, below: boolean, className: string}>} */
const KINDS = {
  fault: { sign: "fault", icon: "i-bolt", below: false, className: "mark-bad" },
  leader: { sign: "leader", icon: "i-crown", below: false, className: "mark-leader" },
  heal: { sign: "recovery", icon: "i-restart", below: false, className: "mark-ok" },
  recovery: { sign: "recovery", icon: "i-restart", below: false, className: "mark-ok" },
  violation: { sign: "violation", icon: "i-x", below: true, className: "mark-bad" },
};

/** What a sign takes, its count beside it. @param {number} n */
function roomPx(n) {
  return n > 1 ? MERGE_PX + DIGIT_PX * String(n).length : MERGE_PX;
}

/** Where the signs stand. @param {{time: number, kind: string}[]} moments in time order @param {(ns: number) => number} place @returns {{x: number, kind: string, n: number}[]} */
export function merged(moments, place) {
  /** @type {{x: number, at: number, kind: string, n: number}[]} */
  const out = [];
  for (const { time, kind } of moments) {
    const { sign, below } = KINDS[kind];
    const at = place(time);
    const near = out.findLast((mark) => KINDS[mark.kind].sign === sign);
    if (near && Math.abs(near.at - at) < roomPx(near.n)) {
      near.n += 1;
      continue;
    }
    // One kind beside another stands next to it, not on it.
    const beside = out.findLast((mark) => KINDS[mark.kind].below === below);
    out.push({ x: beside && at - beside.x < BESIDE_PX ? beside.x + BESIDE_PX + (beside.n > 1 ? SIZE / 2 : 0) : at, at, kind, n: 1 });
  }
  return out;
}

/** @param {TraceStore} trace @param {Verdict | null} verdict @param {(ns: number) => number} place @param {number} low the top of those below */
export function scrubMarks(trace, verdict, place, low) {
  return merged(marksOf(trace, verdict), place).flatMap(({ x, kind, n }) => {
    const { icon, below, className, sign } = KINDS[kind];
    const y = below ? low : 1;
    const mark = glyph(icon, x - SIZE / 2, y, SIZE, className);
    mark.dataset.sign = sign;
    return n > 1 ? [mark, s("text", { x: x + 7, y: y + 9 }, String(n))] : [mark];
  });
}
