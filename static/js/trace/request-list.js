/** Which client requests a list shows, and in which order: the slowest first, those that failed, or all. */

/**
 * Slots of operations. Each word of `find` must be in the operation's sort, client, key, class, outcome or error.
 * @param {TraceStore["operations"]} operations
 * @param {{view: RequestView, find?: string, nameOf: (node: number) => string}} options
 * @returns {Int32Array}
 */
export function listRequests(operations, { view, find = "", nameOf }) {
  const { length, type, returned, invoked } = operations;
  const ok = operations.texts.number("ok");
  const words = find.toLowerCase().split(/\s+/).filter(Boolean).map((word) => finder(operations, word, nameOf));
  const found = new Int32Array(length);
  let n = 0;
  for (let slot = 0; slot < length; slot++) {
    if (view !== "all" && returned.data[slot] === Infinity) continue;
    if (view === "failed" && type.data[slot] === ok) continue;
    if (words.every((has) => has(slot))) found[n++] = slot;
  }
  const slots = found.subarray(0, n);
  if (view === "slow") {
    const took = Float64Array.from(returned.data.subarray(0, length), (end, slot) => end - invoked.data[slot]);
    slots.sort((a, b) => took[b] - took[a] || a - b);
  }
  return slots;
}

/** Whether an operation has a word; the texts that many share are looked at once. @param {TraceStore["operations"]} operations @param {string} word @param {(node: number) => string} nameOf */
function finder(operations, word, nameOf) {
  const texts = operations.texts.texts.map((text) => text.toLowerCase().includes(word));
  /** @type {Map<number, boolean>} */
  const names = new Map();
  const { f, type, error, requestClass, node, keys } = operations;
  return (/** @type {number} */ slot) => {
    if (texts[f.data[slot]] || texts[type.data[slot]] || texts[error.data[slot]] || texts[requestClass.data[slot]]) return true;
    const number = node.data[slot];
    if (!names.has(number)) names.set(number, nameOf(number).toLowerCase().includes(word));
    return names.get(number) || String(keys[slot] ?? "").toLowerCase().includes(word);
  };
}
