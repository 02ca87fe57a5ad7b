import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { differences, metricDifferences } from "../../static/js/document/differences.js";
import { differenceWords } from "../../static/js/panels/compare-words.js";
import { divergence } from "../../static/js/trace/divergence.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk } from "./chunks.js";

function trace(...chunks) {
  const store = new TraceStore(decode, 3000);
  for (const [n, one] of chunks.entries()) store.add(chunk({ n, from: n * 1000, to: (n + 1) * 1000, ...one }));
  return store;
}

const ask = (id, time, kind = "Get", src = 0, dst = 1, size = 10) => [id, time, src, dst, kind, -1, -1, size];

test("equal runs differ nowhere, whatever their numbers", () => {
  const a = trace({ sent: [ask(0, 10), ask(1, 20)], settled: [[0, 30, "delivered"], [1, 40, "lost"]] });
  const b = trace({ nodes: ["b", "a"], sent: [ask(5, 10, "Get", 1, 0), ask(9, 20, "Get", 1, 0)], settled: [[5, 30, "delivered"], [9, 40, "lost"]] });
  assert.equal(divergence(a, b), null);
});

test("a message that only one sends is where they differ", () => {
  const a = trace({ sent: [ask(0, 10), ask(1, 20)], settled: [] });
  assert.deepEqual(divergence(a, trace({ sent: [ask(0, 10)] })), { at_ns: 20, a: { what: "sent", slot: 1 }, b: null });
  assert.deepEqual(divergence(a, trace({ sent: [ask(0, 10), ask(1, 25)] })), { at_ns: 20, a: { what: "sent", slot: 1 }, b: null });
  assert.deepEqual(divergence(a, trace({ sent: [ask(0, 10), ask(1, 20, "Put")] })), { at_ns: 20, a: { what: "sent", slot: 1 }, b: { what: "sent", slot: 1 } });
  assert.deepEqual(divergence(trace({ sent: [ask(0, 10)] }), a), { at_ns: 20, a: null, b: { what: "sent", slot: 1 } });
});

test("what became of a message counts when it happened, though later ones differ, too", () => {
  const a = trace({ sent: [ask(0, 10), ask(1, 20)], settled: [[0, 500, "delivered"], [1, 100, "delivered"]] });
  const b = trace({ sent: [ask(0, 10), ask(1, 20)], settled: [[0, 400, "lost"], [1, 90, "delivered"]] });
  assert.deepEqual(divergence(a, b), { at_ns: 90, a: null, b: { what: "settled", slot: 1 } });
  const lost = trace({ sent: [ask(0, 10), ask(1, 20)], settled: [[0, 500, "lost"], [1, 100, "delivered"]] });
  assert.deepEqual(divergence(a, lost), { at_ns: 500, a: { what: "settled", slot: 0 }, b: { what: "settled", slot: 0 } });
});

test("nothing is said of what only one has loaded", () => {
  const a = trace({ sent: [ask(0, 10)] }, { sent: [ask(1, 1500)] });
  const b = trace({ sent: [ask(0, 10)] });
  assert.equal(divergence(a, b), null);
  b.add(chunk({ n: 1, from: 1000, to: 2000, sent: [ask(1, 1600)] }));
  assert.equal(divergence(a, b).at_ns, 1500);
});

const doc = {
  seed: 1, duration_ms: 1000, nodes: [{ id: "a", type: "client", x: 3, params: { rate: 1, same: 2 } }, { id: "b", type: "service" }], links: [{ id: "ab", a: "a", b: "b", params: { loss: 0 } }],
  faults: [{ kind: "crash", target: "b", at_ms: 5 }, { kind: "cut", target: "ab", at_ms: 1, until_ms: 2 }],
};

test("differences are told by id and by field, places are none", () => {
  const other = {
    ...doc, seed: 2, nodes: [{ id: "a", type: "client", x: 9, label: "A", params: { rate: 5, same: 2 } }, { id: "c", type: "service" }], links: [{ id: "ab", a: "a", b: "b", params: { loss: 0.1 } }],
    faults: [{ kind: "cut", target: "ab", at_ms: 1, until_ms: 9 }, { kind: "pause", target: "a", at_ms: 7 }],
  };
  assert.deepEqual(differences(doc, other).map(({ list, id, field, a, b }) => [list, id, field, a, b]), [
    ["run", "seed", "seed", 1, 2], ["faults", "", null, doc.faults[0], undefined], ["faults", "", "fault", doc.faults[1], other.faults[0]], ["faults", "", null, undefined, other.faults[1]],
    ["nodes", "a", "params.rate", 1, 5], ["nodes", "b", null, doc.nodes[1], undefined], ["nodes", "c", null, undefined, other.nodes[1]], ["links", "ab", "params.loss", 0, 0.1],
  ]);
  assert.deepEqual(differences(doc, structuredClone(doc)), []);
});

test("metrics are ordered by how much they changed", () => {
  assert.deepEqual(metricDifferences({ a: 100, b: 1, c: 5, d: 0, e: 3 }, { a: 90, b: 2, c: 5, d: 4 }).map(({ name, share }) => [name, share]), [["d", 1], ["b", 0.5], ["a", 0.1]]);
  assert.deepEqual(metricDifferences({ "links.a.x": 1, "ops.x": 1, "nodes.b.x": 1 }, { "links.a.x": 0, "ops.x": 0, "nodes.b.x": 0 }).map(({ name }) => name), ["ops.x", "links.a.x", "nodes.b.x"]);
});

test("a fault that differs in something else than its times says in what, and one without an end, or at an event, says that", () => {
  const doc = (...faults) => ({ nodes: [{ id: "a", label: "A" }], links: [], faults });
  const words = (before, after) => {
    const [one, other] = [doc(...before), doc(...after)];
    const { a, b } = differenceWords(null, one, other, differences(one, other)[0]);
    return [a, b];
  };
  const lies = (behaviour) => ({ kind: "byzantine", target: "a", at_ms: 2000, behaviour });
  assert.deepEqual(words([lies("silence")], [lies("collusion")]), ["behaviour silence", "behaviour collusion"]);
  const crash = { kind: "crash", target: "a", at_ms: 1000 };
  assert.deepEqual(words([{ ...crash, until_ms: null }], [{ ...crash, until_ms: 2000 }]), ["from 1.000\u2009s", "1.000\u2009s to 2.000\u2009s"]);
  assert.deepEqual(words([], [{ kind: "crash", target: "a", when: { node: "a", event: "ready" } }]), ["no", "at its event"]);
});
