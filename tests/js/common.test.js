import assert from "node:assert/strict";
import { test } from "node:test";
import { changeAll, inCommon } from "../../static/js/document/common.js";
import { changedFault, faultChoices } from "../../static/js/document/fault-fields.js";

const PARAMS = [
  { name: "rate", kind: "number", default: 10 },
  { name: "work", kind: "distribution", default: 5 },
];

test("what is said and what is meant by saying nothing are the same", () => {
  const entries = [{ id: "a", params: { rate: 10, work: { kind: "constant", value_ms: 5 } } }, { id: "b", count: 1 }];
  const { item, mixed } = inCommon(entries, PARAMS, () => ({}));
  assert.deepEqual(mixed, []);
  assert.equal(item.params.rate, 10);
  assert.deepEqual(item.params.work, { kind: "constant", value_ms: 5 });
  assert.equal(item.count, 1);
});

test("where entries differ no value is given", () => {
  const entries = [{ id: "a", zone: "eu", params: { rate: 1 } }, { id: "b", count: 3 }];
  const { item, mixed } = inCommon(entries, PARAMS, () => ({}));
  assert.deepEqual(mixed, ["entry.zone", "entry.count", "params.rate"]);
  assert.equal("rate" in item.params, false);
});

test("parameters of a cluster count for its members", () => {
  const { item, mixed } = inCommon([{ id: "a" }, { id: "b", params: { rate: 7 } }], PARAMS, () => ({ rate: 7 }));
  assert.deepEqual(mixed, []);
  assert.equal(item.params.rate, 7);
});

test("one change is made to all, and none is left over when it goes back to the default", () => {
  const doc = { nodes: [{ id: "a" }, { id: "b", params: { rate: 3 } }, { id: "c" }], links: [] };
  const set = changeAll(doc, "nodes", ["a", "b"], "params", "rate", 9);
  assert.deepEqual(set.nodes.map((node) => node.params?.rate), [9, 9, undefined]);
  assert.deepEqual(changeAll(set, "nodes", ["a", "b"], "params", "rate", undefined).nodes, [{ id: "a" }, { id: "b" }, { id: "c" }]);
  assert.equal(changeAll(doc, "nodes", ["a"], "entry", "zone", "eu").nodes[0].zone, "eu");
});

const DOC = { nodes: [{ id: "a", label: "Alice" }, { id: "s", count: 2 }], links: [{ id: "as", a: "a", b: "s" }] };

test("a fault that is to wait for an event keeps its moment, there and back", () => {
  const timed = { kind: "crash", target: "s", at_ms: 4000, until_ms: 6000 };
  const waiting = changedFault(DOC, timed, "start", "when");
  assert.deepEqual(waiting, { kind: "crash", target: "s", when: { node: "s-1", event: "boot", after_ms: 4000 }, lasts_ms: 2000 });
  assert.deepEqual(changedFault(DOC, waiting, "start", "at"), timed);
  assert.deepEqual(changedFault(DOC, timed, "start", "at"), timed);
});

test("what a fault waits for is changed in its place", () => {
  const fault = { kind: "crash", target: "s", when: { node: "a", event: "boot", nth: 2 } };
  assert.deepEqual(changedFault(DOC, fault, "when_event", "crash").when, { node: "a", event: "crash", nth: 2 });
  assert.deepEqual(changedFault(DOC, fault, "when_nth", undefined).when, { node: "a", event: "boot" });
  assert.equal(changedFault(DOC, { ...fault, lasts_ms: 5 }, "lasts_ms", undefined).lasts_ms, undefined);
});

test("a fault is aimed at what its kind can strike", () => {
  assert.deepEqual(faultChoices(DOC, { kind: "crash" }).target, [["a", "Alice"], ["s", "s"], ["s-1", "s-1"], ["s-2", "s-2"]]);
  assert.deepEqual(faultChoices(DOC, { kind: "cut" }).target, [["as", "Alice → s"]]);
  assert.equal(faultChoices(DOC, { kind: "partition" }).target, undefined);
  const meshed = { ...DOC, clusters: [{ id: "c", protocol: "register", members: ["s"] }] };
  assert.deepEqual(faultChoices(meshed, { kind: "loss" }).target.at(-1), ["cluster:c", "c"]);
});
