/** The bands of the lanes on the timeline's canvas: up, paused and down, roles, and the faults across them. */

import { lanePieces, leads } from "../trace/lanes.js";
import { NODE_FAULTS, numberedFaults } from "../document/faults.js";
import { faultWords } from "./fault-words.js";
import { lifeWord } from "./timeline-words.js";
import { t } from "./words.js";

export const RULER = 22;
const LANE_MIN = 22;
const LANE_MAX = 40;
const BAND = 5;
const LABEL_GAP = 10;
const FAULT_APART = 14;

/** @typedef {{x: number, words: string, starts: boolean, n: number}} FaultMark */

/** Lanes share the room there is; many of them scroll. @param {number} height of the diagram @param {number} count */
export function laneHeight(height, count) {
  return Math.max(LANE_MIN, Math.min(LANE_MAX, Math.floor((height - RULER) / Math.max(1, count))));
}

/** Where a lane's line is; between two lanes for a fraction. @param {{scroll: number, lane: number}} sheet @param {number} node */
export function laneY({ scroll, lane }, node) { return RULER + (node + 0.5) * lane - scroll; }

/** The lanes in view, from and to. @param {{scroll: number, lane: number, height: number}} sheet @param {number} count @returns {[number, number]} */
export function lanesInView({ scroll, lane, height }, count) {
  return [Math.max(0, Math.floor(scroll / lane)), Math.min(count, Math.ceil((scroll + height - RULER) / lane))];
}

/** @param {TimelineSheet} sheet */
export function drawLanes(sheet) {
  const { context, width, height, colours, window, store } = sheet;
  const known = Math.min(width, window.x(store.loadedTo, width));
  if (known < width) {
    context.fillStyle = colours.sunken;
    context.fillRect(Math.max(0, known), 0, width, height);
  }
  const [first, last] = lanesInView(sheet, store.nodes.length);
  for (let node = first; node < last; node++) {
    const y = laneY(sheet, node);
    for (const piece of lanePieces(store.states, node, window.from, Math.min(window.to, store.loadedTo))) {
      const [x1, x2] = [window.x(piece.from, width), window.x(piece.to, width)];
      drawBand(context, colours, piece, x1, Math.max(x2, x1 + 1), y);
    }
  }
}

/** What the lanes say, over the messages. @param {TimelineSheet} sheet */
export function labelLanes(sheet) {
  const { context, width, colours, window, store } = sheet;
  const [first, last] = lanesInView(sheet, store.nodes.length);
  context.font = colours.font;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  for (let node = first; node < last; node++) {
    for (const piece of lanePieces(store.states, node, window.from, Math.min(window.to, store.loadedTo))) {
      const words = lifeWord(piece.life) || piece.condition || (leads(piece.role) || piece.from > window.from ? t(piece.role) : "");
      const x = Math.max(0, window.x(piece.from, width)) + 4;
      if (!words || window.x(piece.to, width) - x < context.measureText(words).width + LABEL_GAP) continue;
      haloed(context, colours, words, x, laneY(sheet, node) - 4, piece.life === "down" || piece.life === "stopped" ? colours.down : colours.text2);
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {Record<string, string>} colours @param {{life: string, role: string}} piece @param {number} x1 @param {number} x2 @param {number} y */
function drawBand(context, colours, { life, role }, x1, x2, y) {
  const top = y - BAND / 2;
  if (life === "down" || life === "stopped" || life === "paused") {
    context.strokeStyle = life === "paused" ? colours.paused : colours.down;
    context.lineWidth = 1;
    context.setLineDash(life === "paused" ? [6, 3] : [2, 3]);
    context.strokeRect(Math.max(-9, x1), top, Math.min(x2, 1e5) - Math.max(-9, x1), BAND);
    context.setLineDash([]);
    return;
  }
  context.fillStyle = leads(role) ? colours.leader : role === "candidate" ? colours.candidate : colours.lane;
  context.fillRect(x1, top, x2 - x1, BAND);
  if (role === "deposed") hatch(context, colours.leader, Math.max(0, x1), Math.min(x2, 1e5), top);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} x1 @param {number} x2 @param {number} top */
function hatch(context, colour, x1, x2, top) {
  context.beginPath();
  for (let x = x1; x + 3 < x2; x += 5) {
    context.moveTo(x, top + BAND);
    context.lineTo(x + 3, top);
  }
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

/** A text that lines do not cut. @param {CanvasRenderingContext2D} context @param {Record<string, string>} colours @param {string} words @param {number} x @param {number} y @param {string} colour */
export function haloed(context, colours, words, x, y, colour) {
  context.lineJoin = "round";
  context.strokeStyle = colours.surface;
  context.lineWidth = 4;
  context.strokeText(words, x, y);
  context.fillStyle = colour;
  context.fillText(words, x, y);
}

/**
 * A line where a fault starts, a fainter one where it ends: across all lanes, or, for a fault of a node, on its own lane.
 * Answers what the ruler says of them.
 * @param {TimelineSheet} sheet
 * @param {Stage} stage
 * @returns {FaultMark[]}
 */
export function drawFaults(sheet, stage) {
  const { context, width, height, colours, window, store } = sheet;
  const doc = stage.ran ?? stage.doc;
  const numbered = numberedFaults(doc);
  /** @type {FaultMark[]} */
  const marks = [];
  context.lineWidth = 1.25;
  for (const { time, fault, phase } of store.faults) {
    if (time < window.from || time > window.to) continue;
    const entry = numbered[fault]?.fault;
    const starts = phase === "start";
    const x = Math.round(window.x(time, width)) + 0.5;
    const node = entry && NODE_FAULTS.includes(entry.kind) ? store.nodes.indexOf(String(entry.target)) : -1;
    context.strokeStyle = starts ? colours.bad : colours.recovering;
    context.setLineDash(starts ? [] : [3, 3]);
    context.beginPath();
    context.moveTo(x, node < 0 ? RULER : laneY(sheet, node) - sheet.lane / 2);
    context.lineTo(x, node < 0 ? height : laneY(sheet, node) + sheet.lane / 2);
    context.stroke();
    const near = marks.find((mark) => Math.abs(mark.x - x) < FAULT_APART && mark.starts === starts);
    if (near) near.n += 1;
    else marks.push({ x, words: entry ? faultWords(doc, entry) : "", starts, n: 1 });
  }
  context.setLineDash([]);
  return marks;
}
