/**
 * What could have led to a message, and what it could have led to.
 * Happened-before is Lamport's (1978): the order of events at each node, and sending before receiving, and what follows from both.
 * The chain is narrower: what was sent while handling what.
 */

import { DELIVERED } from "./messages.js";

const CHAIN_MAX = 5000;

/**
 * @typedef {{slot: number, past: Float64Array, future: Float64Array, before: number[], after: number[], chain: Set<number>}} Causes
 * past: by node, the last moment that is before the message was sent; future: the first moment that is after it arrived.
 * before, after: the chain as slots, in time order, without the message itself; chain: all three.
 */

/**
 * @param {Messages} messages
 * @param {number} slot
 * @param {number} nodes how many there are
 * @returns {Causes}
 */
export function causesOf(messages, slot, nodes) {
  const before = ancestors(messages, slot);
  const after = descendants(messages, slot);
  return { slot, past: pastOf(messages, slot, nodes), future: futureOf(messages, slot, nodes), before, after, chain: new Set([...before, slot, ...after]) };
}

/** What the last question found, by trace; a new chunk may bring more consequences. @type {WeakMap<TraceStore, {slot: number, chunks: number, causes: Causes}>} */
const known = new WeakMap();

/** The causes of the message that is pinned, found once for all who draw them; null for none. @param {TraceStore | null} trace @param {number} slot */
export function chainOf(trace, slot) {
  if (!trace || slot < 0 || slot >= trace.messages.length) return null;
  const before = known.get(trace);
  if (before && before.slot === slot && before.chunks === trace.chunks) return before.causes;
  const causes = causesOf(trace.messages, slot, trace.nodes.length);
  known.set(trace, { slot, chunks: trace.chunks, causes });
  return causes;
}

/** "chain", "past" and "future" for what happened before or after the message, "" for what did neither. @param {Messages} messages @param {Causes} causes @param {number} slot */
export function relation(messages, causes, slot) {
  if (causes.chain.has(slot)) return "chain";
  if (messages.outcome.data[slot] === DELIVERED && messages.settled.data[slot] <= causes.past[messages.dst.data[slot]]) return "past";
  return messages.sent.data[slot] >= causes.future[messages.src.data[slot]] ? "future" : "";
}

/** Going back through the sendings, every node is reached at its latest moment first. @param {Messages} messages @param {number} slot @param {number} nodes */
function pastOf(messages, slot, nodes) {
  const past = new Float64Array(nodes).fill(-Infinity);
  past[messages.src.data[slot]] = messages.sent.data[slot];
  let missing = nodes - 1;
  const { src, dst, sent, settled, outcome } = messages;
  for (let i = slot - 1; i >= 0 && missing > 0; i--) {
    if (past[src.data[i]] !== -Infinity || outcome.data[i] !== DELIVERED || settled.data[i] > past[dst.data[i]]) continue;
    past[src.data[i]] = sent.data[i];
    missing -= 1;
  }
  return past;
}

/** @param {Messages} messages @param {number} slot @param {number} nodes */
function futureOf(messages, slot, nodes) {
  const future = new Float64Array(nodes).fill(Infinity);
  const { src, dst, sent, settled, outcome } = messages;
  if (outcome.data[slot] !== DELIVERED || settled.data[slot] === Infinity) return future;
  future[dst.data[slot]] = settled.data[slot];
  let missing = nodes - 1;
  let last = Infinity;
  for (let i = slot + 1; i < messages.length && sent.data[i] <= last; i++) {
    if (sent.data[i] < future[src.data[i]] || outcome.data[i] !== DELIVERED || settled.data[i] >= future[dst.data[i]]) continue;
    if (future[dst.data[i]] === Infinity) missing -= 1;
    future[dst.data[i]] = settled.data[i];
    if (missing === 0) last = Math.max(...future);
  }
  return future;
}

/** @param {Messages} messages @param {number} slot */
function ancestors(messages, slot) {
  const out = [];
  for (let i = messages.slotOf(messages.cause.data[slot]); i >= 0 && out.length < CHAIN_MAX; i = messages.slotOf(messages.cause.data[i])) out.unshift(i);
  return out;
}

/** @param {Messages} messages @param {number} slot */
function descendants(messages, slot) {
  const ids = new Set([messages.ids.data[slot]]);
  const out = [];
  for (let i = slot + 1; i < messages.length && out.length < CHAIN_MAX; i++) {
    if (!ids.has(messages.cause.data[i])) continue;
    ids.add(messages.ids.data[i]);
    out.push(i);
  }
  return out;
}
