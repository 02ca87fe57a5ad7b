import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsMesh, meshEnds, numberedFaults } from "../../static/js/document/faults.js";
import { removeItems } from "../../static/js/document/removal.js";
import { faultWords } from "../../static/js/panels/fault-words.js";

const WHEN = { node: "c", event: "sent write" };

function scenario() {
  return {
    format: "netsplit/1", title: "Mesh", seed: 1, duration_ms: 1000,
    nodes: [{ id: "c", type: "client" }, { id: "x", type: "client" }, { id: "r-1", type: "register", label: "One" }, { id: "q", type: "register", count: 2 }],
    links: [{ id: "cr", a: "c", b: "r-1" }, { id: "xr", a: "x", b: "r-1" }],
    clusters: [{ id: "k", protocol: "register", members: ["r-1", "q"], label: "Store" }],
    faults: [
      { kind: "cut", target: "k:r-1-q-2", at_ms: 1 },
      { kind: "cut", target: "cluster:k", at_ms: 1 },
      { kind: "tamper", target: "q", at_ms: 1, probability: 0.5 },
      { kind: "spoof", target: "x", claims: "c", to: "r-1", at_ms: 1 },
      { kind: "byzantine", target: "r-1", behaviour: "old values", when: WHEN },
    ],
  };
}

test("undrawn links of a cluster have ends, and a cut of them shows between the nodes drawn", () => {
  const doc = scenario();
  assert.deepEqual(meshEnds(doc, "k:r-1-q-2"), ["r-1", "q-2"]);
  for (const name of ["k:r-1-q", "j:r-1-q-2", "cr"]) assert.equal(meshEnds(doc, name), null);
  assert.ok(cutsMesh(doc, doc.faults[0], "r-1", "q") && cutsMesh(doc, doc.faults[1], "q", "r-1"));
  assert.ok(!cutsMesh(doc, { kind: "cut", target: "cr", at_ms: 1 }, "r-1", "q"));
});

test("a fault on the wire of a node with copies is one for each of them", () => {
  assert.deepEqual(numberedFaults(scenario()).map(({ fault }) => fault.target), ["k:r-1-q-2", "cluster:k", "q-1", "q-2", "x", "r-1"]);
});

test("every adversary has its words", () => {
  const doc = scenario();
  assert.deepEqual(doc.faults.map((fault) => faultWords(doc, fault)), [
    "Cut One – q-2", "Cut All links of Store", "q: 50% altered", "x poses as c", "One lies: old values, at “sent write” of c",
  ]);
});

test("a fault goes with any node that it names, and stays with the rest", () => {
  const kinds = (/** @type {string[]} */ ...ids) => removeItems(scenario(), ids).faults?.map(({ kind, target }) => `${kind} ${target}`);
  assert.deepEqual(kinds("xr"), ["cut k:r-1-q-2", "cut cluster:k", "tamper q", "spoof x", "byzantine r-1"]);
  assert.deepEqual(kinds("c"), ["cut k:r-1-q-2", "cut cluster:k", "tamper q"]);
  assert.deepEqual(kinds("r-1"), ["cut cluster:k", "tamper q"]);
});
