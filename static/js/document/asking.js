/** Who may ask whom: over a link as it was drawn, and through switches and routers; as the simulation lays it. */

/** @typedef {(type: string) => NodeTypeInfo | undefined} Types */

/**
 * Each node with those that it may ask.
 * @param {Scenario} doc
 * @param {Types} types
 * @returns {Map<string, Set<string>>}
 */
export function asking(doc, types) {
  const info = new Map(doc.nodes.map(({ id, type }) => [id, types(type)]));
  /** @type {Map<string, Set<string>>} */
  const asks = new Map(doc.nodes.map(({ id }) => [id, new Set()]));
  const alike = (/** @type {string} */ a, /** @type {string} */ b) => Boolean(info.get(a)?.clusters) && info.get(a) === info.get(b);
  const ask = (/** @type {string} */ a, /** @type {string} */ b) => { if (a !== b && info.get(b)?.serves) asks.get(a)?.add(b); };
  for (const { a, b } of doc.links) {
    if (info.get(a)?.forwards || info.get(b)?.forwards || alike(a, b)) continue;
    ask(a, b);
    if (info.get(b)?.initiates) ask(b, a);
  }
  for (const { ends, from, to } of fabrics(doc, info)) {
    for (const a of ends) {
      const own = from.has(a) ? [...to].filter((b) => b !== a && info.get(b)?.serves && !alike(a, b)) : [];
      for (const b of own.length || !info.get(a)?.initiates ? own : ends) ask(a, b);
    }
  }
  return asks;
}

/** Switches and routers that are joined, with the nodes at their ends. @param {Scenario} doc @param {Map<string, NodeTypeInfo | undefined>} info */
function fabrics(doc, info) {
  /** @type {Map<string, {ends: Set<string>, from: Set<string>, to: Set<string>}>} */
  const of = new Map();
  for (const { id } of doc.nodes) if (info.get(id)?.forwards) of.set(id, { ends: new Set(), from: new Set(), to: new Set() });
  for (const { a, b } of doc.links) {
    const [one, other] = [of.get(a), of.get(b)];
    if (!one || !other || one === other) continue;
    for (const [id, fabric] of of) if (fabric === other) of.set(id, one);
  }
  for (const { a, b } of doc.links) {
    const [one, other] = [of.get(a), of.get(b)];
    if (one && !other) {
      one.ends.add(b);
      one.to.add(b);
    } else if (other && !one) {
      other.ends.add(a);
      other.from.add(a);
    }
  }
  return new Set(of.values());
}

/** All that is asked in the end when those initiate who do; members of a cluster reach each other. @param {Scenario} doc @param {Types} types */
export function reached(doc, types) {
  const asks = asking(doc, types);
  for (const { members } of doc.clusters ?? []) for (const id of members) asks.set(id, new Set([...(asks.get(id) ?? []), ...members]));
  const found = new Set(doc.nodes.filter(({ type }) => types(type)?.initiates).map(({ id }) => id));
  for (const id of found) for (const next of asks.get(id) ?? []) found.add(next);
  return found;
}
