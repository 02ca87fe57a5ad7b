import assert from "node:assert/strict";
import { test } from "node:test";
import { chaosAt, commonLies, faultsAt, healedAt, instant, lasting, partitionAt } from "../../static/js/document/breaking.js";
import { spansOf } from "../../static/js/document/fault-spans.js";
import { aboutFaults, faultWords, waitingWords } from "../../static/js/panels/fault-words.js";

const WHEN = { node: "a", event: "role = leader" };

function scenario(...faults) {
  return {
    format: "netsplit/1", title: "Pair", seed: 1, duration_ms: 10_000, settle_ms: 2_000,
    nodes: [{ id: "c", type: "client", label: "Carol" }, { id: "a", type: "service", label: "Anna" }, { id: "b", type: "service", count: 2 }],
    links: [{ id: "ca", a: "c", b: "a" }], faults,
  };
}

const heal = (doc, at_ms, ids = null, rows = []) => {
  const spans = spansOf(doc, doc, rows);
  return healedAt(doc, spans, lasting(doc, spans, at_ms, ids), at_ms);
};

test("a break starts at the playhead and lasts its time, but not beyond the run", () => {
  const doc = scenario();
  assert.deepEqual(faultsAt(doc, "pause", ["a", "b"], 1_234.567, 5_000), [
    { kind: "pause", target: "a", at_ms: 1_234.567, until_ms: 6_234.567 }, { kind: "pause", target: "b", at_ms: 1_234.567, until_ms: 6_234.567 },
  ]);
  assert.equal(faultsAt(doc, "slow", ["a"], 9_000, 5_000)[0].until_ms, 12_000);
  assert.deepEqual(faultsAt(doc, "crash", ["a"], 12_000, 5_000), [{ kind: "crash", target: "a", at_ms: 12_000 }]);
  assert.deepEqual(faultsAt(doc, "crash", ["a"], 1, null), [{ kind: "crash", target: "a", at_ms: 1 }]);
  assert.deepEqual(faultsAt(doc, "restart", ["a"], 1, 5_000), [{ kind: "restart", down_ms: 500, target: "a", at_ms: 1 }]);
  assert.deepEqual(faultsAt(doc, "no such thing", ["a"], 1, 5_000), []);
  assert.equal(instant(doc, 1_234_567_891), 1_234.567);
  assert.equal(instant(doc, 99e9), 12_000);
});

test("a link is cut one way and says which", () => {
  const doc = scenario();
  const words = (name) => faultWords(doc, faultsAt(doc, name, ["ca"], 0, 1_000)[0]);
  assert.deepEqual(["cut", "cut-a-to-b", "cut-b-to-a"].map(words), ["Cut Carol – Anna", "Cut Carol → Anna", "Cut Anna → Carol"]);
});

test("a partition needs two sides", () => {
  const doc = scenario();
  assert.deepEqual(partitionAt(doc, ["a"], 5, 1_000), [{ kind: "partition", target: [["a"], ["c", "b"]], at_ms: 5, until_ms: 1_005 }]);
  assert.deepEqual(partitionAt(doc, ["a", "b", "c"], 5, 1_000), []);
});

test("chaos strikes what serves, a machine once, and no more than a scenario may hold", () => {
  const serves = (node) => node.type === "service";
  const doc = scenario();
  assert.deepEqual(chaosAt(doc, serves, 0).map(({ target, until_ms }) => [target, until_ms]), [["a", 10_000], ["b", 10_000]]);
  const shared = { ...doc, nodes: doc.nodes.map((node) => (node.type === "service" ? { ...node, host: "m" } : node)) };
  assert.deepEqual(chaosAt(shared, serves, 0).map(({ target }) => target), ["a"]);
  const full = scenario(...Array.from({ length: 499 }, (_, at_ms) => ({ kind: "slow", target: "a", at_ms })));
  assert.deepEqual(chaosAt(full, serves, 0).map(({ target }) => target), ["a"]);
});

test("only a lie that all of them know is offered", () => {
  const known = { service: [{ name: "silent", title: "" }, { name: "wrong answers", title: "" }], client: [{ name: "silent", title: "" }] };
  const lies = (...nodes) => commonLies(scenario(), nodes, (type) => known[type]).map(({ name }) => name);
  assert.deepEqual([lies("a", "b"), lies("a", "c"), lies()], [["silent", "wrong answers"], ["silent"], []]);
});

test("healing ends what lasts, and takes away what has only begun", () => {
  const doc = scenario(
    { kind: "crash", target: "a", at_ms: 1_000 }, { kind: "cut", target: "ca", at_ms: 2_000, until_ms: 3_000 },
    { kind: "pause", target: "b", at_ms: 2_500, until_ms: 9_000 }, { kind: "restart", target: "b", at_ms: 2_400, down_ms: 500 }, { kind: "hang", target: "a", at_ms: 4_000 },
  );
  assert.deepEqual(heal(doc, 2_500).faults, [
    { kind: "crash", target: "a", at_ms: 1_000, until_ms: 2_500 }, { kind: "cut", target: "ca", at_ms: 2_000, until_ms: 2_500 },
    { kind: "restart", target: "b", at_ms: 2_400, down_ms: 100 }, { kind: "hang", target: "a", at_ms: 4_000 },
  ]);
  assert.deepEqual(heal(doc, 2_500, ["ca"]).faults, doc.faults.with(1, { ...doc.faults[1], until_ms: 2_500 }));
  assert.deepEqual(heal(doc, 2_500, ["fault:0"]).faults, doc.faults.with(0, { ...doc.faults[0], until_ms: 2_500 }));
  assert.equal(heal(doc, 500), doc);
  assert.equal(heal(doc, 3_000).faults[1].until_ms, 3_000, "its end is past");
});

test("a fault that waits for an event begins where it began in the run", () => {
  const doc = scenario({ kind: "slow", target: "b", at_ms: 100, factor: 2 }, { kind: "crash", target: "a", when: WHEN }, { kind: "stop", target: "b", when: { ...WHEN, event: "boot" }, lasts_ms: 50 });
  const rows = [{ time: 100e6, fault: 0, phase: "start" }, { time: 100e6, fault: 1, phase: "start" }, { time: 700_000_500, fault: 2, phase: "start" }];
  const spans = spansOf(doc, doc, rows);
  assert.deepEqual(spans, [{ from_ms: 100, until_ms: Infinity }, { from_ms: 700.0005, until_ms: Infinity }, null]);
  assert.deepEqual(heal(doc, 900, ["a"], rows).faults[1], { kind: "crash", target: "a", when: WHEN, lasts_ms: 199.999 });
  const shorter = { ...doc, faults: doc.faults.slice(1) };
  assert.deepEqual(spansOf(shorter, doc, rows), spans.slice(1), "an entry that moved is the same fault");
  assert.equal(waitingWords(doc, doc.faults[1]), "Waits for “role = leader” of Anna: Anna crashes");
});

test("a doubt calls faults by what they do", () => {
  const doc = scenario({ kind: "crash", target: "a", at_ms: 0 });
  assert.equal(aboutFaults(doc, "because faults[0] does the same, not faults[7]"), "because “Anna crashes” does the same, not faults[7]");
});
