/** From one document to another as JSON Patch (RFC 6902): short where they share much, never wrong. */

/** @param {any} a @param {any} b @returns {boolean} */
export function equal(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

/**
 * @param {any} a
 * @param {any} b
 * @param {string} [path]
 * @returns {PatchOperation[]}
 */
export function operationsBetween(a, b, path = "") {
  if (equal(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b)) return inList(a, b, path);
  if (isObject(a) && isObject(b)) return inObject(a, b, path);
  return [{ op: "replace", path, value: b }];
}

/** @param {any} value */
function isObject(value) { return typeof value === "object" && value !== null && !Array.isArray(value); }

/** @param {Record<string, any>} a @param {Record<string, any>} b @param {string} path */
function inObject(a, b, path) {
  /** @type {PatchOperation[]} */
  const operations = [];
  for (const key of Object.keys(a)) if (!Object.hasOwn(b, key) || b[key] === undefined) operations.push({ op: "remove", path: under(path, key) });
  for (const key of Object.keys(b)) {
    if (b[key] === undefined) continue;
    if (!Object.hasOwn(a, key)) operations.push({ op: "add", path: under(path, key), value: b[key] });
    else operations.push(...operationsBetween(a[key], b[key], under(path, key)));
  }
  return operations;
}

/** What lies between the equal beginnings and ends is changed in place, then removed or added. @param {any[]} a @param {any[]} b @param {string} path */
function inList(a, b, path) {
  let head = 0;
  while (head < Math.min(a.length, b.length) && equal(a[head], b[head])) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && equal(a[a.length - 1 - tail], b[b.length - 1 - tail])) tail += 1;
  const [old, next] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const both = Math.min(old.length, next.length);
  /** @type {PatchOperation[]} */
  const operations = [];
  for (let i = 0; i < both; i++) operations.push(...operationsBetween(old[i], next[i], under(path, head + i)));
  for (let i = both; i < next.length; i++) operations.push({ op: "add", path: under(path, head + i), value: next[i] });
  for (let i = old.length - 1; i >= both; i--) operations.push({ op: "remove", path: under(path, head + i) });
  return operations;
}

/** @param {string} path @param {string | number} key */
function under(path, key) {
  return `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
