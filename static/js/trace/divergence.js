/** Where two runs first differ: message by message, by what was sent and what became of it, not by number. Knows no DOM. */

/**
 * @param {TraceStore} a
 * @param {TraceStore} b
 * @returns {{at_ns: number, a: Happening, b: Happening} | null} null: alike as far as both are known
 */
export function divergence(a, b) {
  const known = Math.min(a.loadedTo, b.loadedTo);
  const sameMessage = comparison(a, b);
  const [left, right] = [a.messages, b.messages];
  /** @type {{at_ns: number, a: Happening, b: Happening} | null} */
  let first = null;
  for (let slot = 0; slot < left.length || slot < right.length; slot++) {
    const sentA = slot < left.length ? left.sent.data[slot] : Infinity;
    const sentB = slot < right.length ? right.sent.data[slot] : Infinity;
    const at_ns = Math.min(sentA, sentB);
    if (at_ns > known || (first && at_ns >= first.at_ns)) break;
    if (sentA !== sentB || !sameMessage(slot)) return { at_ns, a: sentA === at_ns ? { what: "sent", slot } : null, b: sentB === at_ns ? { what: "sent", slot } : null };
    const [endA, endB] = [left.settled.data[slot], right.settled.data[slot]];
    const end = Math.min(endA, endB);
    if ((endA !== endB || outcome(left, slot) !== outcome(right, slot)) && end <= known && (!first || end < first.at_ns)) {
      first = { at_ns: end, a: endA === end ? { what: "settled", slot } : null, b: endB === end ? { what: "settled", slot } : null };
    }
  }
  return first;
}

/** @param {Messages} messages @param {number} slot */
function outcome(messages, slot) { return messages.outcomes.texts[messages.outcome.data[slot]]; }

/** Whether the messages of one place, which were sent at one time, are the same: by the names of their ends and of their kind. @param {TraceStore} a @param {TraceStore} b @returns {(slot: number) => boolean} */
function comparison(a, b) {
  const node = b.nodes.map((name) => a.nodes.indexOf(name));
  const [left, right] = [a.messages, b.messages];
  const kind = right.kinds.texts.map((text) => left.kinds.texts.indexOf(text));
  return (slot) => left.src.data[slot] === node[right.src.data[slot]] && left.dst.data[slot] === node[right.dst.data[slot]]
    && left.kind.data[slot] === kind[right.kind.data[slot]] && left.size.data[slot] === right.size.data[slot];
}
