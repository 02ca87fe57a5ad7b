/** The timeline in words: a message, what it belongs to, a lane, and the list for those who do not see the picture. */

import { h } from "../dom.js";
import { DELIVERED } from "../trace/messages.js";
import { laneState, leads } from "../trace/lanes.js";
import { markWords, spanWords } from "../trace/time-window.js";
import { roleWord } from "./describe.js";
import { t, tn } from "./words.js";

const LISTED_MAX = 40;

/** @param {Stage} stage @param {number} slot */
export function messageWords(stage, slot) {
  const { messages } = /** @type {TraceStore} */ (stage.trace);
  const m = messages.row(slot);
  const values = { role: roleWord(m.role), kind: m.kind, src: stage.nameOf(m.src), dst: stage.nameOf(m.dst), time: markWords(m.sent, 1000), took: spanWords(m.settled - m.sent), reason: t(m.outcome) };
  if (m.settled === Infinity) return t("{role} “{kind}”, {src} → {dst}, sent at {time}\u2009s, still under way.", values);
  if (messages.outcome.data[slot] !== DELIVERED) return t("{role} “{kind}”, {src} → {dst}, sent at {time}\u2009s, dropped: {reason}.", values);
  return t("{role} “{kind}”, {src} → {dst}, sent at {time}\u2009s, arrived after {took}.", values);
}

/** How many messages belong to what a pinned one is part of. @param {{before: number[], after: number[]}} causes */
export function chainWords({ before, after }) {
  const led = before.length ? tn("{n} message led to it,", "{n} messages led to it,", before.length) : t("No message led to it,");
  return `${led} ${after.length ? t("{n} followed from it.", { n: after.length }) : t("none followed from it.")}`;
}

/** What a node is at a moment, in a word or two; "" for up and nothing else. @param {Stage} stage @param {number} node @param {number} at */
export function laneWords(stage, node, at) {
  if (!stage.trace) return { icon: "", words: "" };
  const { life, role, condition } = laneState(stage.trace.states, node, at);
  if (life === "down" || life === "stopped") return { icon: "i-crash", words: lifeWord(life) };
  if (life === "paused") return { icon: "i-pause", words: condition };
  if (condition) return { icon: "i-slow", words: condition };
  return { icon: leads(role) ? "i-crown" : role === "deposed" ? "i-crown-o" : "", words: t(role) };
}

/** @param {string} life */
export function lifeWord(life) {
  return { down: t("down"), stopped: t("stopped"), paused: t("paused") }[life] ?? "";
}

/**
 * The messages in view as list items, or, when one is pinned, what it belongs to.
 * @param {Stage} stage
 * @param {Iterable<number>} slots in the order in which they are told
 * @param {number} total
 */
export function listItems(stage, slots, total) {
  const items = [];
  for (const slot of slots) {
    if (items.length >= LISTED_MAX) break;
    items.push(h("li", {}, messageWords(stage, slot)));
  }
  if (total > items.length) items.push(h("li", {}, t("And {n} more.", { n: total - items.length })));
  return items;
}
