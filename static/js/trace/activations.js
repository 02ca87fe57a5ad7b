/**
 * What a node did about a moment, as a look into it told: which activation was the last one at t, and the ones beside it.
 * A look knows of every activation in a stretch of time, and of nothing outside it.
 */

/** How many of the node's messages before t a look goes back, and how many messages are searched for them. */
const BACK_MESSAGES = 24;
const SEARCH_MAX = 60_000;

/** Whether a look knows what the node was doing at t. @param {Look} look @param {number} t */
export function covers(look, t) {
  if (t < look.from_ns) return false;
  return look.ended === "end" || t < look.to_ns;
}

/**
 * The number of the last activation at or before t, −1 for none. Of several at one moment the one chosen before is kept.
 * @param {Look} look
 * @param {number} t
 * @param {number} [chosen]
 */
export function lastAt(look, t, chosen = -1) {
  const { activations } = look;
  let low = 0;
  let high = activations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (activations[middle].time_ns <= t) low = middle + 1;
    else high = middle;
  }
  const last = low - 1;
  return chosen >= 0 && chosen <= last && activations[chosen].time_ns === activations[last].time_ns ? chosen : last;
}

/** When a look must begin in order to tell of what came before t: so many of the node's messages ago. @param {Messages} messages @param {number} node @param {number} t */
export function lookFrom(messages, node, t) {
  const { src, dst, sent, settled } = messages;
  const last = messages.sentUpTo(t);
  const first = Math.max(0, last - SEARCH_MAX);
  let found = 0;
  for (let slot = last - 1; slot >= first; slot--) {
    if (src.data[slot] !== node && !(dst.data[slot] === node && settled.data[slot] <= t)) continue;
    found += 1;
    if (found >= BACK_MESSAGES) return sent.data[slot];
  }
  return first > 0 ? sent.data[first] : 0;
}
