import assert from "node:assert/strict";
import { test } from "node:test";
import { MAIN } from "../../static/js/document/branches.js";
import { packedHistory, restoreHistory } from "../../static/js/document/history-file.js";
import { DocumentStore } from "../../static/js/document/store.js";

const BRANCHES = new Set([MAIN, "x"]);

function scenario(nodes = 2) {
  return { format: "netsplit/1", title: "Start", seed: 1, duration_ms: 1000, nodes: Array.from({ length: nodes }, (_, i) => ({ id: `n${i}`, type: "client" })), links: [] };
}

/** Five changes, one of which leads to another branch, and two of them undone. */
function worked() {
  const store = new DocumentStore(scenario());
  store.change("Name", { ...store.doc, title: "Named" });
  store.change("Add", { ...store.doc, nodes: [...store.doc.nodes, { id: "new", type: "service" }] });
  store.change("Break", { ...store.doc, faults: [{ kind: "crash", target: "new", at_ms: 5 }] }, "", "x");
  store.change("Seed", { ...store.doc, seed: 7 });
  store.change("Remove", { ...store.doc, nodes: store.doc.nodes.slice(1) });
  store.undo();
  store.undo();
  return store;
}

/** The same document after a reload, with what was kept. */
function reloaded(store, { file = JSON.parse(JSON.stringify(packedHistory(store))), branches = BRANCHES } = {}) {
  const next = new DocumentStore(structuredClone(store.doc));
  next.branch = store.branch;
  restoreHistory(next, file, branches);
  return next;
}

/** All that is seen on the way to one end and to the other. */
function walked(store) {
  const seen = [];
  for (const way of ["undo", "redo"]) for (let label = store[way](); label !== null; label = store[way]()) seen.push([way, label, store.branch, structuredClone(store.doc)]);
  return seen;
}

test("after a reload every change is undone and made again, on the branch where it was made", () => {
  const again = walked(reloaded(worked()));
  assert.equal(again.length, 8);
  assert.deepEqual(again, walked(worked()));
  assert.deepEqual(walked(reloaded(reloaded(worked()))), again);
});

test("the past ends where it leads to a branch that is gone, and where it cannot be understood", () => {
  const store = worked();
  assert.deepEqual(walked(reloaded(store, { branches: new Set(["x"]) })).map(([way, label]) => `${way} ${label}`), ["redo Seed", "redo Remove"]);
  const file = packedHistory(store);
  for (const wrong of [null, {}, { ...file, done: 3 }, { ...file, done: [{ ...file.done[0], patch: [{ op: "remove", path: "/nodes" }] }] }]) {
    const { undoLabel, redoLabel, doc } = reloaded(store, { file: wrong });
    assert.deepEqual([undoLabel, redoLabel, doc], [null, null, store.doc]);
  }
});

test("what is kept has a limit, of large documents a lower one; the latest steps are kept", () => {
  const kept = (nodes, text, times) => {
    const store = new DocumentStore(scenario(nodes));
    for (let i = 0; i < times; i++) store.change(`Step ${i}`, { ...store.doc, title: `${text}${i}` });
    const { done } = packedHistory(store);
    assert.equal(done[0]?.label ?? `Step ${times - 1}`, `Step ${times - 1}`);
    return done.length;
  };
  assert.deepEqual([kept(2, "", 3), kept(2, "", 300), kept(2000, "", 300), kept(30_000, "", 300), kept(2, "x".repeat(30_000), 9)], [3, 100, 10, 0, 3]);
});
