import assert from "node:assert/strict";
import { test } from "node:test";
import { BRANCHES_MAX, MAIN, arranged, branchOf, carried, changed, compared, edited, forked, removed, restored, rowsOf, runningLike, sprout } from "../../static/js/document/branches.js";
import { DocumentStore } from "../../static/js/document/store.js";
import { packed, packedWithin, unpacked } from "../../static/js/document/branch-file.js";
import { operationsBetween } from "../../static/js/document/diff.js";
import { patched } from "../../static/js/document/patch.js";
import { departure, sameRun } from "../../static/js/document/same-run.js";

const crash = (target, at_ms, until_ms) => ({ kind: "crash", target, at_ms, ...(until_ms === undefined ? {} : { until_ms }) });

function scenario(...faults) {
  return {
    format: "netsplit/1", title: "Pair", seed: 1, duration_ms: 10_000, nodes: [{ id: "a", type: "client", x: 1, y: 2 }, { id: "b", type: "service", params: { concurrency: 2 } }],
    links: [{ id: "ab", a: "a", b: "b" }], faults,
  };
}

const with_ = (doc, changes) => ({ ...doc, ...changes });

function grown(...made) {
  return made.reduce((tree, [id, parent, at_ms, document]) => forked(tree, { id, parent, at_ms, name: id, document: document ?? scenario(crash("b", at_ms)) }).tree, sprout(scenario(), "Main"));
}

test("documents run alike until the first fault that only one has", () => {
  const base = scenario(crash("a", 3000));
  assert.equal(departure(base, base), Infinity);
  assert.equal(departure(base, scenario(crash("a", 3000), crash("b", 2000))), 2000);
  assert.equal(departure(base, scenario(crash("a", 3000, 5000))), 5000);
  assert.equal(departure(scenario(crash("a", 3000, 7000)), scenario(crash("a", 3000, 5000))), 5000);
  assert.equal(departure(base, with_(base, { seed: 2 })), 0);
  assert.equal(departure(base, with_(base, { title: "Other", expect: [] })), Infinity);
});

test("a fault that goes renumbers those after it, so their starts count too", () => {
  assert.equal(departure(scenario(crash("a", 8000), crash("b", 1000)), scenario(crash("b", 1000))), 1000);
  assert.equal(departure(scenario(crash("a", 1000), crash("b", 8000)), scenario(crash("a", 1000))), 8000);
});

test("places and names leave a run alone, latencies between zones do not", () => {
  const doc = scenario();
  assert.equal(sameRun(doc, with_(doc, { title: "Other", nodes: [{ ...doc.nodes[0], x: 99, label: "A" }, doc.nodes[1]] })), true);
  assert.equal(sameRun(doc, with_(doc, { latencies: [{ a: "x", b: "y", latency: { kind: "constant", value_ms: 1 } }] })), false);
});

test("a patch leads from any document to any other", () => {
  const doc = scenario(crash("a", 1), crash("b", 2), crash("a", 3));
  const others = [
    scenario(), scenario(crash("b", 2)), scenario(crash("a", 1), crash("b", 9), crash("a", 3)), scenario(crash("a", 0), crash("a", 1), crash("b", 2), crash("a", 3)),
    with_(doc, { seed: 7, settle_ms: 3, nodes: [doc.nodes[1]], links: [], "a/b~c": { d: null } }), with_(doc, { nodes: [...doc.nodes, { id: "z/~", type: "service" }] }),
  ];
  for (const other of others) for (const [from, to] of [[doc, other], [other, doc]]) assert.deepEqual(patched(from, operationsBetween(from, to)), to);
  assert.deepEqual(operationsBetween(doc, scenario(crash("a", 1), crash("b", 2), crash("a", 3), crash("b", 4))), [{ op: "add", path: "/faults/3", value: crash("b", 4) }]);
});

test("a fork departs where it was made, until an edit moves it", () => {
  const tree = grown(["x", MAIN, 2000]);
  assert.equal(branchOf(tree, "x").at_ms, 2000);
  assert.equal(branchOf(edited(tree, "x", scenario(crash("b", 1500))), "x").at_ms, 1500);
  assert.equal(branchOf(edited(tree, MAIN, with_(scenario(), { seed: 3 })), "x").at_ms, 0);
  assert.equal(branchOf(edited(tree, MAIN, with_(scenario(), { title: "Other" })), "x").at_ms, 2000);
});

test("a document that the tree has already is found in it", () => {
  const tree = grown(["x", MAIN, 2000]);
  assert.equal(runningLike(tree, scenario(crash("b", 2000)))?.id, "x");
  assert.equal(runningLike(tree, scenario(crash("b", 2001))), undefined);
});

test("the children of a branch that goes leave from its parent, and it can come back", () => {
  const tree = grown(["x", MAIN, 2000], ["y", "x", 5000], ["z", "x", 1000]);
  const without = removed(tree, "x");
  assert.deepEqual(without.list.map(({ id, parent, at_ms }) => [id, parent, at_ms]), [[MAIN, null, 0], ["y", MAIN, 2000], ["z", MAIN, 1000]]);
  assert.equal(branchOf(restored(without, branchOf(tree, "x")), "x").parent, MAIN);
  assert.equal(branchOf(restored(removed(without, "y"), { ...branchOf(tree, "y") }), "y").parent, MAIN);
  assert.equal(removed(tree, MAIN), tree);
});

test("the oldest that nobody keeps makes room; when all are kept there is none", () => {
  let tree = sprout(scenario(), "Main");
  for (let i = 1; i < BRANCHES_MAX; i++) tree = forked(tree, { id: `b${i}`, parent: MAIN, at_ms: i, name: "", document: scenario() }).tree;
  tree = changed(tree, "b1", { kept: true });
  const next = forked(tree, { id: "new", parent: "b2", at_ms: 1, name: "", document: scenario() });
  assert.equal(next.pruned.id, "b3");
  assert.equal(next.tree.list.length, BRANCHES_MAX);
  for (const { id } of tree.list) tree = changed(tree, id, { kept: true });
  assert.equal(forked(tree, { id: "new", parent: MAIN, at_ms: 1, name: "", document: scenario() }), null);
});

test("a link carries the main line, the current branch and the kept ones", () => {
  const tree = changed(grown(["x", MAIN, 2000], ["y", "x", 5000], ["z", "y", 7000]), "z", { kept: true });
  assert.deepEqual(carried(tree, MAIN).list.map(({ id, parent, at_ms }) => [id, parent, at_ms]), [[MAIN, null, 0], ["z", MAIN, 2000]]);
  assert.deepEqual(carried(tree, "x").list.map(({ id }) => id), [MAIN, "x", "z"]);
});

test("later forks lie nearer to their parent, and one before the parent's leaves from the line that is there", () => {
  const tree = grown(["early", MAIN, 1000], ["late", MAIN, 6000], ["later", "late", 8000], ["before", "late", 3000]);
  assert.deepEqual(rowsOf(tree).map(({ branch, row, from }) => [branch.id, row, from]), [[MAIN, 0, 0], ["late", 1, 0], ["later", 2, 1], ["before", 3, 0], ["early", 4, 0]]);
});

test("places come along from the branch one leaves", () => {
  const doc = scenario(crash("b", 1));
  const moved = with_(scenario(), { title: "New", nodes: [{ ...doc.nodes[0], x: 50 }, doc.nodes[1]] });
  const next = arranged(doc, moved);
  assert.deepEqual([next.title, next.nodes[0].x, next.faults], ["New", 50, doc.faults]);
  assert.equal(arranged(doc, scenario()), doc);
});

test("branches are kept as patches and come back whole", () => {
  const tree = changed(grown(["x", MAIN, 2000], ["y", "x", 5000, scenario(crash("b", 2000), crash("a", 5000))]), "x", { viewing: "v", ran: scenario(crash("b", 1)), kept: true, verdict: "fail" });
  const file = JSON.parse(JSON.stringify(packed(tree, "y")));
  assert.deepEqual(unpacked(file, branchOf(tree, "y").document), { tree, current: "y" });
  assert.equal(file.entries[2].patch.length, 0);
});

test("what is too big is left out, what makes no sense is not taken", () => {
  const tree = grown(["x", MAIN, 2000], ["y", "x", 5000]);
  const whole = JSON.stringify(packed(tree, MAIN)).length;
  assert.deepEqual(packedWithin(tree, MAIN, whole - 1).entries.map(({ id }) => id), [MAIN, "y"]);
  const file = packed(tree, MAIN);
  for (const wrong of [null, {}, { ...file, current: "gone" }, { ...file, entries: file.entries.slice(1) }, { ...file, entries: [file.entries[0], { ...file.entries[1], patch: 3 }] },
    { ...file, entries: [file.entries[0], { ...file.entries[1], parent: "y" }, { ...file.entries[2], parent: "x" }] }, { ...file, entries: [file.entries[0], file.entries[0]] }]) assert.equal(unpacked(wrong, scenario()), null);
});

test("a command leads from one branch to another, and undo goes back along it", () => {
  const store = new DocumentStore(scenario());
  const seen = [];
  store.subscribe(() => seen.push(store.branch));
  store.change("Edit", with_(store.doc, { seed: 2 }));
  store.change("Break", with_(store.doc, { faults: [crash("b", 1)] }), "", "x");
  store.change("Edit", with_(store.doc, { seed: 3 }));
  for (const way of ["undo", "undo", "undo", "redo", "redo"]) store[way]();
  assert.deepEqual(seen, [MAIN, "x", "x", "x", MAIN, MAIN, MAIN, "x"]);
});

test("a branch is not compared with itself when the first run comes to it, but with the one that was left", () => {
  const tree = grown(["x", MAIN, 2000], ["y", MAIN, 3000]);
  const [main, , y] = tree.list;
  const withMain = { branch: MAIN, variant: null, seed: null };
  assert.deepEqual(compared(tree, withMain, "x", main), { branch: "x", variant: null, seed: null });
  assert.equal(compared(tree, withMain, "x", y), withMain);
  assert.equal(compared(tree, withMain, MAIN, main), withMain);
  const withSeed = { ...withMain, seed: 7 };
  const withVariant = { ...withMain, variant: "ap" };
  assert.equal(compared(tree, withSeed, "x", main), withSeed);
  assert.equal(compared(tree, withVariant, "x", main), withVariant);
  assert.equal(compared(tree, withVariant, "x", { ...main, variant: "ap" }).branch, "x");
  assert.equal(compared(removed(tree, "x"), { ...withMain, branch: "x" }, MAIN, main), null);
  assert.equal(compared(removed(tree, "x"), withMain, "x", main), null);
});
