/** Ids: small letters, digits, - and _, at most 40, and none that another part has or its copies would have. */

const ID = /^[a-z][a-z0-9_-]{0,39}$/;
const STEM_MAX = 34;

/** @param {unknown} id @returns {id is string} */
export function isId(id) { return typeof id === "string" && ID.test(id); }

/** Every name in use, those of copies ("api-3" of "api") included. @param {Scenario} doc */
export function namesTaken(doc) {
  /** @type {Set<string>} */
  const taken = new Set();
  for (const entry of [...doc.nodes, ...doc.links, ...(doc.clusters ?? []), ...(doc.zones ?? []), ...(doc.hosts ?? [])]) taken.add(entry.id);
  const count = new Map(doc.nodes.map((node) => [node.id, node.count ?? 1]));
  for (const node of doc.nodes) if (node.host) taken.add(node.host);
  for (const [id, n] of count) if (n > 1) for (let i = 1; i <= n; i++) taken.add(`${id}-${i}`);
  for (const { id, a, b } of doc.links) {
    const n = (count.get(a) ?? 1) * (count.get(b) ?? 1);
    if (n > 1) for (let i = 1; i <= n; i++) taken.add(`${id}-${i}`);
  }
  return taken;
}

/**
 * A free name, which is taken from then on together with those of its copies.
 * @param {Set<string>} taken
 * @param {string} stem
 * @param {number} [copies]
 * @param {boolean} [bare] whether the stem itself would do
 */
export function freeName(taken, stem, copies = 1, bare = false) {
  const base = stem.slice(0, STEM_MAX);
  for (let n = bare ? 0 : 1; ; n++) {
    const id = n ? `${base}-${n}` : base;
    const names = [id, ...(copies > 1 ? Array.from({ length: copies }, (_, i) => `${id}-${i + 1}`) : [])];
    if (names.some((name) => taken.has(name))) continue;
    for (const name of names) taken.add(name);
    return id;
  }
}

/** "client-3" → "client" @param {string} id */
export function stemOf(id) { return id.replace(/-\d+$/, ""); }
