/** Which messages are drawn: roles may be hidden by their name, kinds by `kind:` and theirs. */

import { ROLES } from "./messages.js";

/** The name under which a kind is hidden. @param {string} kind */
export function kindKey(kind) { return `kind:${kind}`; }

/** Answers for each slot whether it is drawn; good until something else is hidden or the trace grows. @param {Messages} messages @param {ReadonlySet<string>} hidden @returns {(slot: number) => boolean} */
export function shownIn(messages, hidden) {
  if (!hidden.size) return () => true;
  const roles = ROLES.map((role) => hidden.has(role));
  const kinds = messages.kinds.texts.map((kind) => hidden.has(kindKey(kind)));
  return (slot) => !roles[messages.role.data[slot]] && !kinds[messages.kind.data[slot]];
}

/** The kinds that occur, with their roles and how often, the most frequent first. @param {Messages} messages @returns {{kind: string, number: number, role: string, count: number}[]} */
export function kindsOf(messages) {
  const counts = new Float64Array(messages.kinds.texts.length);
  const roles = new Uint8Array(counts.length);
  for (let slot = 0; slot < messages.length; slot++) {
    const kind = messages.kind.data[slot];
    counts[kind] += 1;
    roles[kind] = messages.role.data[slot];
  }
  return messages.kinds.texts.map((kind, i) => ({ kind, number: i, role: ROLES[roles[i]], count: counts[i] })).filter(({ count }) => count).sort((a, b) => b.count - a.count);
}
