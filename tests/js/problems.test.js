import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { asking, reached } from "../../static/js/document/asking.js";
import { formOf, placeOf, problemsOf } from "../../static/js/document/problems.js";

const GALLERY = new URL("../../simulations/scenarios/", import.meta.url);
const NODES = new URL("../../simulations/nodes/", import.meta.url);
const ENGINE = new URL("../../simulations/engine/", import.meta.url);

/** A file with those of the engine that its classes derive from. @param {URL} file @returns {string} */
function withBases(file) {
  const source = readFileSync(file, "utf8");
  const bases = [...source.matchAll(/^class \w+\((\w+)\):/gm)].map(([, base]) => new RegExp(`^from simulations\\.engine\\.(\\w+) import .*\\b${base}\\b`, "m").exec(source)?.[1]);
  const others = [...new Set(bases)].filter((name) => name && !["declare", "messages", "node", "process"].includes(name));
  return [source, ...others.map((name) => withBases(new URL(`${name}.py`, ENGINE)))].join("\n");
}

/** What each node file says of its type. */
const TYPES = Object.fromEntries(readdirSync(NODES).filter((name) => /^[a-z]\w*\.py$/.test(name)).map((name) => {
  const source = withBases(new URL(name, NODES));
  const says = (/** @type {string} */ what) => new RegExp(`^    ${what}.* = True`, "m").test(source);
  const serves = !/^ {4}SERVES.* = False/m.test(source);
  return [/^ {4}TYPE.* = "(.+)"/m.exec(source)?.[1] ?? name, { initiates: says("INITIATES"), acts: says("ACTS"), serves, clusters: says("CLUSTERS"), forwards: says("FORWARDS") }];
}));
const types = (type) => TYPES[type];

/** A document of `a:client b:service a>b`. @param {string} text */
function doc(text, more = {}) {
  const nodes = [...text.matchAll(/(\w+):([\w-]+)/g)].map(([, id, type]) => ({ id, type }));
  const links = [...text.matchAll(/(\w+)>(\w+)/g)].map(([id, a, b]) => ({ id, a, b }));
  return { format: "netsplit/1", title: "t", seed: 1, duration_ms: 1000, settle_ms: 500, nodes, links, ...more };
}

const rules = (document) => problemsOf(document, types).map(({ rule, place }) => `${rule} ${place}`);

/** The document with the one-press remedy of a rule. */
function mended(document, rule) {
  const { fix } = problemsOf(document, types).find((problem) => problem.rule === rule);
  return fix.made(document);
}

test("no document of the gallery has a problem", () => {
  for (const name of readdirSync(GALLERY)) assert.deepEqual(rules(JSON.parse(readFileSync(new URL(name, GALLERY), "utf8"))), [], name);
  assert.deepEqual(rules(doc("")), []);
});

test("who asks whom is as the simulation has it", () => {
  const direct = asking(doc("c:client s:service d:database c>s s>d"), types);
  assert.deepEqual([...direct.get("c")], ["s"]);
  assert.deepEqual([...direct.get("d")], []);
  assert.deepEqual([...asking(doc("c:client s:service s>c"), types).get("c")], ["s"]);
  const switched = asking(doc("c:client x:switch y:router s:service c>x x>y y>s"), types);
  assert.deepEqual([...switched.get("c")], ["s"]);
  assert.deepEqual([...switched.get("s")], []);
  assert.deepEqual([...asking(doc("r:register q:register r>q"), types).get("r")], []);
  assert.deepEqual([...asking(doc("c:client x:switch s:service c>x s>x"), types).get("c")], ["s"]);
});

test("a member of a cluster is reached through another", () => {
  const store = doc("c:client r:register q:register c>r", { clusters: [{ id: "k", protocol: "register", members: ["r", "q"] }] });
  assert.deepEqual([...reached(store, types)].sort(), ["c", "q", "r"]);
});

test("somebody must ask, and have somebody to ask", () => {
  const silent = doc("s:service");
  assert.deepEqual(rules(silent), ["nobody-asks null"]);
  assert.deepEqual(rules(mended(silent, "nobody-asks")), []);
  const apart = doc("c:client s:service");
  assert.deepEqual(rules(apart), ["no-target c", "unreachable s"]);
  assert.deepEqual(rules(mended(apart, "no-target")), []);
  assert.deepEqual(rules(mended(apart, "unreachable")), []);
  const left = doc("c:client s:service d:database c>s");
  assert.deepEqual(rules(left), ["unreachable d"]);
  assert.deepEqual(rules(mended(left, "unreachable")), []);
});

test("links and switches that carry nothing are told", () => {
  const two = doc("c:client b:client s:service c>s b>s c>b x:switch s>x");
  assert.deepEqual(rules(two), ["mute-link c>b", "joins-nobody x"]);
  assert.deepEqual(mended(two, "mute-link").links.map(({ id }) => id), ["c>s", "b>s", "s>x"]);
});

test("a zone without nodes is taken away with its latencies, unless something counts on it", () => {
  const zoned = doc("c:client s:service c>s", { zones: [{ id: "eu" }], latencies: [{ a: "eu", b: "eu", latency: 1 }] });
  assert.deepEqual(rules(zoned), ["empty-zone zone:eu"]);
  const without = mended(zoned, "empty-zone");
  assert.equal("zones" in without || "latencies" in without, false);
  assert.equal(problemsOf({ ...zoned, variants: { v: [{ op: "remove", path: "/zones/0" }] } }, types)[0].fix, undefined);
});

test("names are told apart, and late faults found", () => {
  const same = doc("c:client s:service c>s", { nodes: [{ id: "c", type: "client", label: "A" }, { id: "s", type: "service", label: "A" }] });
  assert.deepEqual(rules(same), ["same-name s"]);
  assert.equal(mended(same, "same-name").nodes[1].label, "A 2");
  const late = doc("c:client s:service c>s", { faults: [{ kind: "crash", target: "s", at_ms: 1200 }, { kind: "crash", target: "s", at_ms: 900 }, { kind: "crash", target: "s", at_ms: 9000 }] });
  assert.deepEqual(rules(late), ["late-fault fault:0"]);
  assert.equal(mended(late, "late-fault").faults.length, 2);
});

test("a path leads to a part and a field of its form", () => {
  const one = doc("c:client s:service c>s", { faults: [{}], clusters: [{ id: "k" }], zones: [{ id: "z" }] });
  assert.deepEqual(placeOf(one, "nodes[1].params.rate.mean_ms"), { place: "s", field: "params-rate" });
  assert.deepEqual(placeOf(one, "nodes[0].label"), { place: "c", field: "entry-label" });
  assert.deepEqual(placeOf(one, "faults[0].when.event"), { place: "fault:0", field: "entry-when_event" });
  assert.deepEqual(placeOf(one, "faults[0].at_ms"), { place: "fault:0", field: "entry-at_ms" });
  assert.deepEqual(placeOf(one, "clusters[0].members[1]"), { place: "cluster:k", field: "entry-members" });
  assert.deepEqual(placeOf(one, "zones[0]"), { place: "zone:z", field: "" });
  assert.deepEqual(placeOf(one, "seed"), { place: null, field: "" });
  assert.deepEqual(placeOf(one, "nodes[7]"), { place: null, field: "" });
});

test("the form that a problem leads to goes by the bare id of a cluster", () => {
  assert.deepEqual(["cluster:k", "s", "fault:0"].map(formOf), ["k", "s", "fault:0"]);
});
