/** The ruler above the lanes: round moments, and the faults by name. */

import { markWords } from "../trace/time-window.js";
import { RULER, haloed, laneY } from "./timeline-lanes.js";

const MARK_APART = 64;
const CHARACTER = 6.2;
const TEXT_Y = 14.5;
const BOLT = [[0.9, -5.5], [-4, 1], [-0.6, 1], [-1.3, 5.5], [4, -1.2], [0.6, -1.2]];

/** Moments as far apart as their words are wide. @param {TimelineSheet} sheet */
function marksOf({ window, width }) {
  const rough = window.marks(width, MARK_APART);
  const wide = markWords(window.to, rough.step).length * CHARACTER + 24;
  return wide > MARK_APART ? window.marks(width, wide) : rough;
}

/** Thin upright lines at round moments, behind everything. @param {TimelineSheet} sheet */
export function drawGrid(sheet) {
  const { context, width, height, lane, colours, window, store } = sheet;
  const bottom = Math.min(height, laneY(sheet, store.nodes.length - 1) + lane / 2);
  context.beginPath();
  for (const time of marksOf(sheet).times) {
    const x = Math.round(window.x(time, width)) + 0.5;
    context.moveTo(x, RULER);
    context.lineTo(x, bottom);
  }
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.stroke();
}

/** @param {TimelineSheet} sheet @param {{x: number, words: string, starts: boolean, n: number}[]} faults */
export function drawRuler(sheet, faults) {
  const { context, width, colours, window } = sheet;
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, width, RULER);
  context.fillStyle = colours.line;
  context.fillRect(0, RULER - 1, width, 1);
  const named = nameFaults(sheet, faults);
  const { times, step } = marksOf(sheet);
  context.font = colours.mono;
  context.textAlign = "center";
  context.fillStyle = colours.text3;
  let unit = "\u2009s";
  for (const time of times) {
    const words = markWords(time, step) + unit;
    const x = window.x(time, width);
    const half = (words.length * CHARACTER) / 2;
    if (x - half < 2 || x + half > width - 2 || named.some(([from, to]) => x + half > from - 4 && x - half < to + 4)) continue;
    context.fillText(words, x, TEXT_Y);
    unit = "";
  }
  context.textAlign = "left";
}

/** Bolts with words where there is room; answers the stretches taken. @param {TimelineSheet} sheet @param {{x: number, words: string, starts: boolean, n: number}[]} faults */
function nameFaults({ context, width, colours }, faults) {
  /** @type {[number, number][]} */
  const taken = [];
  context.font = colours.font;
  context.textAlign = "left";
  faults.forEach(({ x, words, starts, n }, i) => {
    const colour = starts ? colours.bad : colours.recovering;
    bolt(context, x, RULER / 2, colour, starts);
    const text = n > 1 ? `×${n}` : words;
    const wide = context.measureText(text).width;
    const fits = text && starts && x + 8 + wide < Math.min(width - 2, (faults[i + 1]?.x ?? Infinity) - 8);
    if (fits) haloed(context, colours, text, x + 8, TEXT_Y, colour);
    taken.push([x - 6, fits ? x + 8 + wide : x + 6]);
  });
  return taken;
}

/** Full where a fault starts, hollow where it ends. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {string} colour @param {boolean} full */
function bolt(context, x, y, colour, full) {
  context.beginPath();
  for (const [dx, dy] of BOLT) context.lineTo(x + dx, y + dy);
  context.closePath();
  context.lineWidth = 1.2;
  context.strokeStyle = context.fillStyle = colour;
  if (full) context.fill();
  context.stroke();
}
