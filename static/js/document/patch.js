/** JSON Patch (RFC 6902) as far as variants use it, on a copy. */

/**
 * @param {Scenario} doc
 * @param {PatchOperation[]} operations
 * @returns {Scenario}
 */
export function patched(doc, operations) {
  const root = structuredClone(doc);
  for (const operation of operations) apply(root, operation);
  return root;
}

/** @param {string} path */
function steps(path) {
  return path.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** @param {any} root @param {string[]} way */
function parentOf(root, way) {
  let at = root;
  for (const step of way.slice(0, -1)) at = at?.[step];
  return at;
}

/** @param {any} root @param {PatchOperation} operation */
function apply(root, operation) {
  const way = steps(operation.path);
  const parent = parentOf(root, way);
  const last = way[way.length - 1];
  if (parent === undefined || parent === null) return;
  if (operation.op === "remove") remove(parent, last);
  else if (operation.op === "add") insert(parent, last, operation.value);
  else if (operation.op === "replace") parent[last] = operation.value;
  else if (operation.op === "copy" || operation.op === "move") {
    const from = steps(operation.from ?? "");
    const source = parentOf(root, from);
    const value = structuredClone(source?.[from[from.length - 1]]);
    if (operation.op === "move") remove(source, from[from.length - 1]);
    insert(parent, last, value);
  }
}

/** @param {any} parent @param {string} key */
function remove(parent, key) {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

/** @param {any} parent @param {string} key @param {unknown} value */
function insert(parent, key, value) {
  if (Array.isArray(parent)) parent.splice(key === "-" ? parent.length : Number(key), 0, value);
  else parent[key] = value;
}
