import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { sideWords, unitOf, withUnit } from "../../static/js/document/claim-words.js";
import { stepInTrace } from "../../static/js/trace/evidence.js";
import { Durations, Level, windowsOf } from "../../static/js/trace/levels.js";
import { Lags, Staleness } from "../../static/js/trace/replicas.js";
import { listRequests } from "../../static/js/trace/request-list.js";
import { Series } from "../../static/js/trace/series.js";
import { requestSpans, spanLines } from "../../static/js/trace/spans.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk } from "./chunks.js";

const message = (id, time, src, dst, kind, cause, op = 0) => [id, time, src, dst, kind, cause, op, 64];
const nodes = ["client", "web", "db"];
const states = [{}, { up: true, busy: 0, queue: 0 }, { up: true }];

/** A client asks a web server, which lets it wait, then asks a database. */
function asked(rest = {}) {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({
    nodes, state: states, invoked: [[0, 100, 0, 0, "read", "k1", null]],
    sent: [message(0, 100, 0, 1, "ask", -1), message(1, 130, 1, 2, "ask", 0), message(2, 150, 2, 1, "done", 1), message(3, 170, 1, 0, "done", 2)],
    settled: [[0, 110, "delivered"], [1, 140, "delivered"], [2, 160, "delivered"], [3, 190, "delivered"]],
    changes: [[110, 1, "queue", 1], [125, 1, "queue", 0], [125, 1, "busy", 1]],
    returned: [[0, 190, "ok", 7, "", 1]], ...rest,
  }));
  return store;
}

test("a request is a tree of spans, and a span's time is on the way, waiting, calling or working", () => {
  const [span, ...others] = requestSpans(asked(), 0);
  assert.equal(others.length, 0);
  assert.deepEqual([span.sent, span.settled, span.left, span.answered, span.returned], [100, 110, 125, 170, 190]);
  assert.deepEqual([span.waiting, span.calling, span.working], [15, 30, 15]);
  assert.deepEqual(span.calls, [[130, 160]]);
  assert.deepEqual(spanLines([span]).map(({ span: { dst }, depth, attempt }) => [dst, depth, attempt]), [[1, 0, 1], [2, 1, 1]]);
});

test("what is lost has no answer, and each retry is an attempt of its own", () => {
  const store = asked({
    sent: [message(0, 100, 0, 1, "ask", -1), message(1, 200, 0, 1, "ask", -1), message(2, 220, 1, 0, "done", 1)],
    settled: [[0, 105, "partition"], [1, 210, "delivered"], [2, 230, "lost"]], changes: [], returned: [],
  });
  const [first, second] = requestSpans(store, 0);
  assert.deepEqual([first.outcome, first.answered, first.until], ["partition", null, null]);
  assert.deepEqual([second.answered, second.returned, second.replyOutcome], [220, null, "lost"]);
  assert.equal(spanLines([first, second])[1].attempt, 2);
});

test("a crash ends what a node was doing", () => {
  const store = asked({ sent: [message(0, 100, 0, 1, "ask", -1)], settled: [[0, 110, "delivered"]], changes: [[150, 1, "up", false]], returned: [] });
  assert.deepEqual(requestSpans(store, 0).map(({ until, answered, working }) => [until, answered, working]), [[150, null, 40]]);
});

const three = [[0, 10, 0, 0, "read", "k1", null], [1, 20, 1, 0, "write", "k2", 3], [2, 30, 0, 1, "read", "k2", null]];

test("requests are listed by how long they took, by failure, and by words", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ invoked: three, returned: [[0, 50, "ok", 1, "", 1], [1, 120, "fail", null, "timed out", 2]] }));
  const list = (view, find) => [...listRequests(store.operations, { view, find, nameOf: (node) => ["Alice", "Bob"][node] })];
  assert.deepEqual(list("slow"), [1, 0]);
  assert.deepEqual(list("failed"), [1]);
  assert.deepEqual(list("all"), [0, 1, 2]);
  assert.deepEqual(list("all", "K2"), [1, 2]);
  assert.deepEqual(list("all", "alice k2"), [2]);
  assert.deepEqual(list("all", "timed"), [1]);
  assert.deepEqual(list("all", "nobody"), []);
});

test("a hundred thousand requests are sorted and searched at once", () => {
  const store = new TraceStore(decode, 1e9);
  const invoked = Array.from({ length: 100_000 }, (_, op) => [op, op * 10, 0, 0, "read", `k${op % 100}`, null]);
  store.add(chunk({ to: 1e9, invoked, returned: invoked.map(([op, t]) => [op, t + ((op * 7919) % 100_003), "ok", 1, "", 1]) }));
  const began = performance.now();
  const slots = listRequests(store.operations, { view: "slow", find: "k7", nameOf: () => "client" });
  assert.ok(performance.now() - began < 1000);
  assert.equal(slots.length, 11_000);
});

test("windows have a round width and cover the run", () => {
  assert.deepEqual(windowsOf(20e9), { width: 5e8, count: 40 });
  assert.deepEqual(windowsOf(23e9), { width: 5e8, count: 46 });
  assert.deepEqual(windowsOf(60e6), { width: 1e6, count: 60 });
  assert.deepEqual(windowsOf(1), { width: 1000, count: 1 });
});

test("a level's mean is its time-average, in a window that is not over too", () => {
  const level = new Level(100, 10, 10);
  level.add(5, 2);
  level.add(25, -1);
  assert.deepEqual(level.means(100).slice(0, 4), [1, 2, 1.5, 1]);
  assert.deepEqual(level.means(28).slice(0, 4), [1, 2, 13 / 8, 0]);
});

test("percentiles are by nearest rank, within 0.4 % where there are buckets", () => {
  const durations = new Durations();
  for (let i = 1; i <= 1000; i++) durations.add(i * 1e6);
  assert.equal(durations.highest, 1e9);
  for (const share of [0.5, 0.95, 0.99]) assert.ok(Math.abs(durations.percentile(share) / (share * 1e9) - 1) < 0.004, share);
  assert.equal(new Durations().percentile(0.5), null);
});

test("a read is as stale as the writes that had replaced what it returned", () => {
  const staleness = new Staleness();
  const row = (f, invoked, returned, value) => ({ f, key: "k1", invoked, returned, value, result: value });
  assert.equal(staleness.take(row("write", 0, 10, 1)), null);
  staleness.take(row("write", 20, 30, 2));
  staleness.take(row("write", 40, 50, 3));
  assert.deepEqual(staleness.take(row("read", 60, 70, 1)), { versions: 2, age: 30 });
  assert.deepEqual(staleness.take(row("read", 60, 70, 3)), { versions: 0, age: 0 });
  assert.deepEqual(staleness.take(row("read", 60, 70, null)), { versions: 3, age: 50 });
  assert.deepEqual(staleness.take(row("read", 60, 70, 99)), { versions: 0, age: 0 });
});

test("a change lags until each other copy shows it", () => {
  const store = new TraceStore(decode, 1000);
  const lags = new Lags([0, 1]);
  const found = [];
  const note = (at, lag) => found.push([at, lag]);
  store.add(chunk({ to: 500, state: [{ digest: 0 }, { digest: 0 }], changes: [[100, 0, "value", "k1 = 1"], [140, 1, "value", "k1 = 1"], [150, 1, "value", "k1 = 1"]] }));
  lags.take(store.states, note);
  store.add(chunk({ n: 1, from: 500, to: 1000, state: [{}, {}], changes: [[510, 1, "value", "k1 = 2"], [600, 0, "value", "k1 = 2"]] }));
  lags.take(store.states, note);
  assert.deepEqual(found, [[140, 40], [600, 90]]);
});

test("a series is the same whether it is taken chunk by chunk or at the end", () => {
  const store = new TraceStore(decode, 1e9);
  const byChunk = new Series(1e9);
  const ops = Array.from({ length: 900 }, (_, op) => ({ op, from: op * 1e6, to: op * 1e6 + ((op * 7919) % 90) * 1e6 + 1 }));
  for (let n = 0; n < 10; n++) {
    const inside = (t) => t >= n * 1e8 && t < (n + 1) * 1e8;
    store.add(chunk({
      n, from: n * 1e8, to: (n + 1) * 1e8, state: [{ queue: 0 }, {}], changes: [[n * 1e8 + 5, 0, "queue", n]],
      invoked: ops.filter((one) => inside(one.from)).map((one) => [one.op, one.from, 0, 0, "work", null, null]),
      returned: ops.filter((one) => inside(one.to)).sort((a, b) => a.to - b.to).map((one) => [one.op, one.to, one.op % 9 ? "ok" : "fail", null, one.op % 9 ? "" : "refused", 1]),
    }));
    byChunk.take(store);
  }
  const atOnce = new Series(1e9);
  atOnce.take(store);
  const charts = byChunk.charts((node) => `n${node}`);
  assert.deepEqual(charts, atOnce.charts((node) => `n${node}`));
  assert.deepEqual(charts.map(({ id }) => id), ["throughput", "latency", "errors", "in-flight", "queues"]);
  const [good, ended] = charts[0].lines.map(({ values }) => values.reduce((a, b) => a + b, 0) * (byChunk.width / 1e9));
  assert.ok(Math.abs(good - 800) < 1e-6 && Math.abs(ended - 900) < 1e-6);
});

test("a window that the run has not reached has no figures", () => {
  const store = new TraceStore(decode, 1e9);
  store.add(chunk({ to: 3e8, invoked: three, returned: [[0, 50, "ok", 1, "", 1]] }));
  const series = new Series(1e9);
  series.take(store);
  const [throughput] = series.charts(String);
  assert.equal(throughput.lines[0].values.filter((value) => value !== null).length, Math.ceil(3e8 / series.width));
});

test("a step of the evidence is seen while its answer is on the way back", () => {
  const store = asked();
  const step = { op: 0, client: "client", text: "read k1 → 7", start_ms: 0.0001, end_ms: 0.00019 };
  assert.deepEqual(stepInTrace(store, step), { operation: 0, t: 180, message: 0, client: 0, answerer: 1 });
  assert.equal(stepInTrace(store, { ...step, end_ms: null }).t, 100);
  assert.equal(stepInTrace(store, { ...step, op: 9 }).operation, -1);
});

test("the sides of a claim are told in words, with units", () => {
  assert.equal(sideWords({ metric: "reads.stale", variant: "ap", window_ms: [6000, 14_000], where: { zone: "dublin" } }), "reads.stale (ap, 6–14\u2009s, zone dublin)");
  assert.equal(sideWords({ "*": [{ "+": [1, { metric: "ops.ok" }] }, 2] }), "(1 + ops.ok) × 2");
  assert.equal(sideWords({ "-": [{ metric: "ops.ok" }, { metric: "ops.ok", variant: "ap" }] }, "as drawn"), "ops.ok (as drawn) − ops.ok (ap)");
  assert.equal(sideWords({ max: [1, 2] }), "max(1, 2)");
  assert.equal(sideWords({ "/": [{ max: [1, 2] }, 2] }), "max(1, 2) ÷ 2");
  assert.equal(sideWords({ "+": [1, 2, 3, 4, 5, 6] }), "1 + 2 + … + 6");
  assert.equal(withUnit(240.516, unitOf({ metric: "replicas.converged_ms" })), "240.52\u2009ms");
  assert.equal(withUnit(3, unitOf({ metric: "ops.goodput_per_s" })), "3/s");
  assert.equal(withUnit(3, unitOf(3)), "3");
});
