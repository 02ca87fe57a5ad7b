import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { causesOf, relation } from "../../static/js/trace/causes.js";
import { DRAWN_MAX, View, away, clearSpan, places } from "../../static/js/trace/diagram.js";
import { lanePieces } from "../../static/js/trace/lanes.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { SPAN_MIN_NS, TimeWindow, markWords, spanWords } from "../../static/js/trace/time-window.js";
import { chunk } from "./chunks.js";

const sent = (id, time, src, dst, cause = -1) => [id, time, src, dst, "ask", cause, -1, 64];
const half = () => 0.5;

test("a lane says when a node was up, paused and down, and in which role", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({
    state: [{ up: true, role: "follower", queue: 0 }, { up: true }],
    changes: [[100, 0, "role", "leader"], [150, 0, "queue", 4], [200, 0, "condition", "paused"], [300, 0, "condition", null], [400, 0, "up", false], [500, 0, "up", true], [500, 0, "role", "follower"]],
  }));
  const pieces = lanePieces(store.states, 0, 50, 1000);
  assert.deepEqual(pieces.map(({ from, to, life, role }) => [from, to, life, role]), [
    [50, 100, "up", "follower"], [100, 200, "up", "leader"], [200, 300, "paused", "leader"], [300, 400, "up", "leader"], [400, 500, "down", ""], [500, 1000, "up", "follower"],
  ]);
  assert.deepEqual(lanePieces(store.states, 1, 0, 1000).map(({ life }) => life), ["up"]);
  assert.deepEqual(lanePieces(store.states, 0, 420, 480).map(({ from, to, life }) => [from, to, life]), [[420, 480, "down"]]);
});

test("a window zooms about a moment, and never leaves the run", () => {
  const view = new TimeWindow();
  view.whole(1e9);
  view.zoom(0.5, 0.4e9);
  assert.deepEqual([view.from, view.span], [0.2e9, 0.5e9]);
  view.pan(9e9);
  assert.equal(view.to, 1e9);
  view.zoom(1e-12, 1e9);
  assert.equal(view.span, SPAN_MIN_NS);
  view.zoom(1e12, 0);
  assert.deepEqual([view.from, view.to], [0, 1e9]);
  view.show(0, 1e6);
  view.reveal(0.5e9);
  assert.ok(view.has(0.5e9));
  view.follow(view.from + view.span);
  assert.ok(Math.abs(view.x(0.5e9 + 0.5e6, 100) - 75) < 0.01);
  assert.equal(view.time(view.x(0.5e9, 700), 700), 0.5e9);
});

test("marks are round, apart, and named as exactly as they are close", () => {
  const view = new TimeWindow();
  view.whole(20e9);
  assert.deepEqual(view.marks(500, 100), { times: [0, 5e9, 10e9, 15e9, 20e9], step: 5e9 });
  view.show(1e9, 1e6);
  const { times, step } = view.marks(500, 100);
  assert.equal(step, 200_000);
  assert.equal(markWords(times[1], step), "1.0002");
  assert.equal(markWords(5e9, 5e9), "5");
  assert.deepEqual([spanWords(20e9), spanWords(1.5e6), spanWords(2000)], ["20\u2009s", "1.5\u2009ms", "2\u2009µs"]);
});

test("a view holds what is under way at any moment of it", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ sent: [sent(0, 100, 0, 1), sent(1, 200, 0, 1), sent(2, 300, 0, 1), sent(3, 600, 0, 1)], settled: [[0, 150, "delivered"], [1, 400, "delivered"], [2, 310, "lost"]] }));
  const view = new View();
  view.find(store.messages, 250, 500);
  assert.deepEqual([...view.slots.subarray(0, view.n)], [1, 2]);
  assert.deepEqual([view.total, view.stride], [2, 1]);
});

test("100,000 messages are thinned, their drops kept, and found quickly", () => {
  const store = new TraceStore(decode, 1e9);
  const n = 100_000;
  const rows = Array.from({ length: n }, (_, id) => sent(id, id * 1000, 0, 1));
  store.add(chunk({ to: 1e9, sent: rows, settled: rows.map(([id, time]) => [id, time + 900, id === 777 ? "lost" : "delivered"]) }));
  const view = new View();
  const began = performance.now();
  for (let i = 0; i < 100; i++) view.find(store.messages, 0, n * 1000);
  assert.ok((performance.now() - began) / 100 < 10);
  assert.equal(view.total, n);
  assert.ok(view.n <= DRAWN_MAX + 1 && view.n > DRAWN_MAX / 3);
  assert.ok(view.slots.subarray(0, view.n).includes(777));
  view.find(store.messages, 500_000, 600_000);
  assert.equal(view.stride, 1);
});

test("a message runs from sender to receiver, a lost one as far as it came, a forwarded one link by link", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({
    nodes: ["a", "b", "v", "w"], state: [{}, {}, {}, {}], sent: [sent(0, 100, 0, 1), sent(1, 200, 0, 1), sent(2, 300, 0, 1), sent(3, 800, 0, 2)],
    settled: [[0, 150, "delivered"], [1, 300, "lost"], [2, 600, "delivered"]], hops: [[2, 300, 0, 2], [2, 400, 2, 3], [2, 500, 3, 1]],
  }));
  const out = new Float64Array(16);
  const of = (slot) => [...out.subarray(0, places(store.messages, slot, 1000, half, out) * 2)];
  assert.deepEqual(of(0), [100, 0, 150, 1]);
  assert.deepEqual(of(1), [200, 0, 250, 0.5]);
  assert.deepEqual(of(2), [300, 0, 400, 2, 500, 3, 600, 1]);
  assert.deepEqual(of(3), [800, 0, 1000, 1]);
  assert.equal(away(5, 3, 0, 0, 10, 0), 9);
  assert.equal(away(-3, 4, 0, 0, 10, 0), 25);
});

test("a chain follows causes both ways; happened-before goes by the order at each node, too", () => {
  const store = new TraceStore(decode, 1000);
  // a asks b, b asks c, c answers b, b answers a; before it d told b something; d and e talk of nothing to do with it.
  const rows = [sent(0, 10, 3, 1), sent(1, 100, 0, 1), sent(2, 120, 4, 3), sent(3, 200, 1, 2, 1), sent(4, 300, 2, 1, 3), sent(5, 400, 1, 0, 4), sent(6, 500, 0, 4), sent(7, 520, 3, 4)];
  store.add(chunk({ nodes: ["a", "b", "c", "d", "e"], state: [{}, {}, {}, {}, {}], sent: rows, settled: rows.map(([id, time]) => [id, time + 50, "delivered"]) }));
  const causes = causesOf(store.messages, 3, 5);
  assert.deepEqual([causes.before, causes.after], [[1], [4, 5]]);
  const related = rows.map((_, slot) => relation(store.messages, causes, slot));
  assert.deepEqual(related, ["past", "chain", "", "chain", "chain", "chain", "future", ""]);
});

test("happened-before agrees with following every path", () => {
  const store = new TraceStore(decode, 1e6);
  let seed = 7;
  const chance = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const rows = Array.from({ length: 120 }, (_, id) => sent(id, id * 10, chance(6), chance(6)));
  const ends = rows.map(([id, time]) => [id, time + 1 + chance(200), chance(5) ? "delivered" : "lost"]);
  store.add(chunk({ nodes: [..."abcdef"], state: Array(6).fill({}), to: 1e6, sent: rows, settled: [...ends].sort((a, b) => a[1] - b[1]) }));
  const leads = (i, j) => ends[i][2] === "delivered" && rows[i][3] === rows[j][2] && ends[i][1] <= rows[j][1];
  const later = (i, j) => rows[i][2] === rows[j][2] && rows[i][1] < rows[j][1];
  const reach = rows.map((_, i) => rows.map((__, j) => leads(i, j)));
  const sends = (i) => rows.flatMap((_, j) => (reach[i][j] || later(i, j) ? [j] : []));
  for (const slot of [10, 60, 100]) {
    const causes = causesOf(store.messages, slot, 6);
    const future = new Set(rows.flatMap((_, j) => (reach[slot][j] ? [j] : [])));
    for (const i of future) for (const j of sends(i)) future.add(j);
    future.delete(slot);
    const told = rows.flatMap((_, i) => (relation(store.messages, causes, i) === "future" ? [i] : []));
    assert.deepEqual(told, [...future].sort((a, b) => a - b), `after ${slot}`);
    const past = rows.flatMap((_, i) => {
      const seen = new Set(rows.flatMap((__, j) => (reach[i][j] ? [j] : [])));
      for (const k of seen) for (const j of sends(k)) seen.add(j);
      return seen.has(slot) ? [i] : [];
    });
    assert.deepEqual(rows.flatMap((_, i) => (relation(store.messages, causes, i) === "past" ? [i] : [])), past, `before ${slot}`);
  }
});

test("a first stretch shows some messages, neither one nor a crowd", () => {
  const store = new TraceStore(decode, 1e9);
  const rows = Array.from({ length: 1000 }, (_, id) => sent(id, id * 1000, 0, 1));
  store.add(chunk({ to: 1e9, sent: rows, settled: rows.map(([id, time]) => [id, time + 900, "delivered"]) }));
  assert.equal(clearSpan(store.messages, 500_000), 36_000);
  const busy = new TraceStore(decode, 1e9);
  busy.add(chunk({ to: 1e9, sent: rows, settled: rows.map(([id, time]) => [id, time + 10_000, "delivered"]) }));
  assert.equal(clearSpan(busy.messages, 500_000), 100_000);
  assert.equal(clearSpan(new TraceStore(decode, 1e9).messages, 0), Infinity);
});
