import assert from "node:assert/strict";
import { test } from "node:test";
import { addFault, addLink, addNode, moveNodes, setMachine, setParam } from "../../static/js/document/edits.js";
import { numberedFaults } from "../../static/js/document/faults.js";
import { patched } from "../../static/js/document/patch.js";
import { bounds, ownerOf, places } from "../../static/js/document/places.js";
import { removeFault, removeItems } from "../../static/js/document/removal.js";
import { DocumentStore } from "../../static/js/document/store.js";

function scenario() {
  return {
    format: "netsplit/1", title: "Three", seed: 1, duration_ms: 1000,
    nodes: [{ id: "a", type: "client", x: 0, y: 0 }, { id: "b", type: "service", count: 3 }, { id: "c", type: "service" }],
    links: [{ id: "ab", a: "a", b: "b" }, { id: "ac", a: "a", b: "c" }],
    faults: [{ kind: "crash", target: "b", at_ms: 5 }, { kind: "partition", target: [["a"], ["b", "c"]], at_ms: 7 }],
    variants: { slow: [{ op: "add", path: "/nodes/2/params", value: {} }], only: [{ op: "remove", path: "/nodes/1" }] },
    expect: [{ claim: "c works", left: { metric: "nodes.c.utilisation" }, op: ">", right: 0 }, { claim: "slower", left: { metric: "ops.ok", variant: "slow" }, op: "<", right: 3 }],
  };
}

test("undo and redo walk through every change, and a new change forgets what was undone", () => {
  const first = scenario();
  const store = new DocumentStore(first);
  const { doc } = addNode(store.doc, "client", { x: 13, y: 20 });
  store.change("Add", doc);
  store.change("Move", moveNodes(store.doc, { a: { x: 8, y: 8 } }));
  assert.equal(store.undo(), "Move");
  assert.equal(store.undoLabel, "Add");
  assert.equal(store.redo(), "Move");
  store.undo();
  store.undo();
  assert.equal(store.doc, first);
  assert.equal(store.undo(), null);
  store.change("Other", { ...first, title: "Other" });
  assert.equal(store.redoLabel, null);
});

test("changes of one field in quick succession are one step", () => {
  const store = new DocumentStore(scenario());
  for (const rate of [1, 12, 120]) store.change("Rate", setParam(store.doc, "nodes", "a", "rate", rate), "a.rate");
  store.undo();
  assert.equal(store.doc.nodes[0].params, undefined);
  store.mayChange = () => false;
  store.change("No", { ...store.doc, title: "No" });
  assert.equal(store.doc.title, "Three");
});

test("a new node gets a free id on the grid, and two nodes are linked once", () => {
  const { doc, id } = addNode(scenario(), "client", { x: 13, y: 21 });
  assert.equal(id, "client-1");
  assert.deepEqual([doc.nodes[3].x, doc.nodes[3].y], [16, 24]);
  assert.equal(addLink(doc, "b", "a"), null);
  assert.equal(addLink(doc, "a", "a"), null);
  assert.equal(addLink(doc, "b", "c").id, "b-c");
});

test("removing a node takes its links, faults and claims, and keeps variants pointing at the right entries", () => {
  const doc = removeItems(scenario(), ["b"]);
  assert.deepEqual(doc.links.map((link) => link.id), ["ac"]);
  assert.deepEqual(doc.faults, [{ kind: "partition", target: [["a"], ["c"]], at_ms: 7 }]);
  assert.deepEqual(doc.variants, { slow: [{ op: "add", path: "/nodes/1/params", value: {} }] });
  assert.equal(doc.expect.length, 2);
  const less = removeItems(scenario(), ["c"]);
  assert.deepEqual(Object.keys(less.variants), ["only"]);
  assert.deepEqual(less.expect, []);
  assert.equal(removeFault(scenario(), 0).faults.length, 1);
  assert.deepEqual(removeFault({ ...scenario(), variants: { plain: [] } }, 0).variants, { plain: [] });
});

test("a fault of a node with copies is numbered once for each of them", () => {
  const numbered = numberedFaults(scenario());
  assert.deepEqual(numbered.map(({ fault }) => fault.target), ["b-1", "b-2", "b-3", [["a"], ["b-1", "b-2", "b-3", "c"]]]);
  assert.deepEqual(numbered.map(({ entry }) => entry), [0, 0, 0, 1]);
  assert.equal(addFault(scenario(), { kind: "cut", target: "ab", at_ms: 1 }).faults.length, 3);
});

test("a fault of a machine is numbered once for all copies on it, and goes with the last node on it", () => {
  const doc = scenario();
  doc.nodes[1].host = "box";
  doc.faults = [{ kind: "slow", target: "b", at_ms: 1 }, { kind: "stop", target: "b", at_ms: 2 }, { kind: "crash", target: "box", at_ms: 3 }, { kind: "chaos", target: "b", at_ms: 4 }];
  assert.deepEqual(numberedFaults(doc).map(({ fault }) => fault.target), ["b-1", "b-1", "b-2", "b-3", "box", "b-1"]);
  assert.deepEqual(removeItems(doc, ["c"]).faults?.map(({ target }) => target), ["b", "b", "box", "b"]);
  assert.equal(removeItems(doc, ["b"]).faults?.length ?? 0, 0);
});

test("the machine of a node is described once, for all that run on it", () => {
  const doc = setMachine(setMachine(scenario(), "box", { cores: 4 }), "box", { cost_per_hour: 2 });
  assert.deepEqual(doc.hosts, [{ id: "box", cores: 4, cost_per_hour: 2 }]);
  assert.deepEqual(setMachine(doc, "box", { cost_per_hour: undefined }).hosts, [{ id: "box", cores: 4 }]);
});

test("a variant is a patch on a copy", () => {
  const doc = scenario();
  const slow = patched(doc, [{ op: "add", path: "/nodes/0/params", value: { rate: 2 } }, { op: "replace", path: "/seed", value: 9 }, { op: "remove", path: "/links/0" }, { op: "add", path: "/links/-", value: { id: "x" } }]);
  assert.deepEqual(slow.nodes[0].params, { rate: 2 });
  assert.equal(slow.seed, 9);
  assert.deepEqual(slow.links.map((link) => link.id), ["ac", "x"]);
  assert.equal(doc.nodes[0].params, undefined);
});

test("nodes without a place get one, and copies belong to their node", () => {
  const doc = scenario();
  const at = places(doc);
  assert.equal(at.size, 3);
  assert.notDeepEqual(at.get("b"), at.get("c"));
  assert.ok(bounds(doc, at).width > 100);
  assert.equal(ownerOf(doc, "b-2"), "b");
  assert.equal(ownerOf(doc, "c-2"), null);
});
