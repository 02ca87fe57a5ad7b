/** Beginnings of a scenario. */

/** A document without parts. @param {Scenario} doc the one that it takes the place of @param {string} title @returns {Scenario} */
export function emptied({ format, seed }, title) {
  return { format, title, seed, duration_ms: 20_000, nodes: [], links: [] };
}

/** What somebody wrote, with what may be left out of a document and the page counts on. @param {Scenario} doc @param {string} title @returns {Scenario} */
export function completed(doc, title) {
  return { ...doc, title: doc.title || title, links: doc.links ?? [], seed: doc.seed ?? 1, duration_ms: doc.duration_ms ?? 10_000 };
}
