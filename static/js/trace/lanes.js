/** What a node was over a stretch of time: up, paused or down, in which role, under which conditions. */

import { countUpTo } from "./grow.js";

const FIELDS = ["up", "condition", "role"];
const LEADS = /^(leader|primary|active|coordinator)$/i;
const HALTED = /\b(paused|hangs)\b/;
/** More pieces than this in one lane are thinner than a pixel; the rest of a stretch is then not looked at. */
const PIECES_MAX = 2000;

/**
 * @typedef {{from: number, to: number, life: "up" | "paused" | "stopped" | "down", role: string, condition: string}} Piece
 */

/**
 * The states of a node one after the other, over the whole of [from, to].
 * @param {TraceStore["states"]} states
 * @param {number} node
 * @param {number} from
 * @param {number} to
 * @returns {Piece[]}
 */
export function lanePieces(states, node, from, to) {
  const times = new Set([from]);
  for (const field of FIELDS) {
    const line = states.nodes[node]?.get(field);
    if (!line) continue;
    let i = countUpTo(line.times, line.times.length, from);
    for (let n = 0; i < line.times.length && line.times[i] < to && n < PIECES_MAX; i++, n++) times.add(line.times[i]);
  }
  /** @type {Piece[]} */
  const pieces = [];
  for (const time of [...times].sort((a, b) => a - b)) {
    const piece = { from: time, to, ...laneState(states, node, time) };
    const last = pieces[pieces.length - 1];
    if (last && last.life === piece.life && last.role === piece.role && last.condition === piece.condition) continue;
    if (last) last.to = time;
    pieces.push(piece);
  }
  return pieces;
}

/** Whether a role is that of the one who leads. @param {string} role */
export function leads(role) { return LEADS.test(role); }

/** @param {TraceStore["states"]} states @param {number} node @param {number} t @returns {{life: "up" | "paused" | "stopped" | "down", role: string, condition: string}} */
export function laneState(states, node, t) {
  const text = (/** @type {string} */ field) => String(states.value(node, field, t) ?? "");
  const condition = text("condition");
  if (states.value(node, "up", t) === false) return { life: condition.includes("stopped") ? "stopped" : "down", role: "", condition: "" };
  return { life: HALTED.test(condition) ? "paused" : "up", role: text("role"), condition };
}
