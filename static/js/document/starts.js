/** Beginnings of a scenario. */

/** A document without parts. @param {Scenario} doc the one that it takes the place of @param {string} title @returns {Scenario} */
export function emptied({ format, seed }, title) {
  return { format, title, seed, duration_ms: 20_000, nodes: [], links: [] };
}
