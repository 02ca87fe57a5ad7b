import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { expandColumn } from "../../static/js/trace/decode.js";
import { Playhead } from "../../static/js/trace/playhead.js";
import { quantile } from "../../static/js/trace/operations.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk, typed } from "./chunks.js";

const message = (id, time, kind = "ask", src = 0, dst = 1) => [id, time, src, dst, kind, -1, -1, 64];

function flying(store, t) {
  const out = new Int32Array(4096);
  return [...out.subarray(0, store.messages.inFlight(t, out))].map((slot) => store.messages.ids.data[slot]).sort((a, b) => a - b);
}

test("a typed column is its offset plus its elements, wherever its bytes lie", () => {
  for (const [kind, values] of [["u8", [0, 255]], ["u16", [1, 65535]], ["u32", [1, 4294967295]], ["i32", [-5, 5]]]) {
    const { b, ...rest } = typed(kind, 7, values);
    const shifted = new Uint8Array(b.length + 1);
    shifted.set(b, 1);
    assert.deepEqual([...expandColumn({ ...rest, b: shifted.subarray(1) })], values.map((value) => value + 7));
  }
  assert.deepEqual([...expandColumn(typed("f64", 0, [0.5, -1e300]))], [0.5, -1e300]);
  assert.deepEqual([...expandColumn(typed("u8", 60_000_000_000, [1]))], [60_000_000_001]);
  assert.deepEqual(expandColumn(["x", null]), ["x", null]);
  assert.throws(() => expandColumn({ t: "u64", o: 0, b: new Uint8Array() }), /u64/);
});

test("a message is in flight from its sending until before it settles", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ sent: [message(0, 100), message(1, 200)], settled: [[0, 150, "delivered"], [1, 300, "lost"]] }));
  assert.deepEqual(flying(store, 99), []);
  assert.deepEqual(flying(store, 100), [0]);
  assert.deepEqual(flying(store, 149), [0]);
  assert.deepEqual(flying(store, 150), []);
  assert.deepEqual(flying(store, 299), [1]);
  assert.equal(store.messages.row(1).outcome, "lost");
});

test("the index agrees with looking at every message, over many buckets and chunks", () => {
  const store = new TraceStore(decode, 100_000);
  const all = Array.from({ length: 3000 }, (_, id) => ({ id, sent: id * 10, settled: id * 10 + 5 + ((id * 7919) % 4000) }));
  for (let n = 0; n < 5; n++) {
    const [from, to] = [n * 10_000, (n + 1) * 10_000];
    const settled = all.filter((m) => m.settled >= from && m.settled < to).sort((a, b) => a.settled - b.settled);
    const flight = all.filter((m) => m.sent < from && m.settled >= from);
    store.add(chunk({
      n, from, to, flight: flight.map((m) => message(m.id, m.sent)), sent: all.filter((m) => m.sent >= from && m.sent < to).map((m) => message(m.id, m.sent)),
      settled: settled.map((m) => [m.id, m.settled, "delivered"]),
    }));
  }
  for (const t of [0, 5, 2559, 2560, 9_999, 10_000, 17_777, 29_990, 31_000, 33_989, 40_000]) {
    assert.deepEqual(flying(store, t), all.filter((m) => m.sent <= t && t < m.settled).map((m) => m.id), `at ${t}`);
  }
});

test("a chunk that comes twice changes nothing, and a gap is refused", () => {
  const store = new TraceStore(decode, 1000);
  const first = chunk({ sent: [message(0, 10)] });
  assert.equal(store.add(first), 0);
  assert.equal(store.add(first), 0);
  assert.equal(store.messages.length, 1);
  assert.throws(() => store.add(chunk({ n: 2, from: 2000, to: 3000 })), /Expected chunk 1/);
});

test("node state is what was last written before the playhead", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ state: [{ up: true, queue: 0 }, { up: true }], changes: [[200, 0, "queue", 3], [400, 0, "up", false], [600, 0, "up", true]] }));
  assert.deepEqual(store.states.at(0, 100), { up: true, queue: 0 });
  assert.deepEqual(store.states.at(0, 400), { up: false, queue: 3 });
  assert.equal(store.states.value(0, "up", 700), true);
  assert.equal(store.states.value(1, "queue", 700), undefined);
});

test("faults hold from their start until their end", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ faults: [[100, 0, "start"], [200, 1, "start"], [300, 0, "end"]] }));
  assert.deepEqual([...store.activeFaults(250)], [[0, 100], [1, 200]]);
  assert.deepEqual([...store.activeFaults(300)], [[1, 200]]);
  assert.deepEqual([...store.activeFaults(50)], []);
});

test("drops are found by the time they ended", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ sent: [message(0, 10), message(1, 20), message(2, 30)], settled: [[0, 100, "partition"], [1, 200, "delivered"], [2, 300, "queue full"]] }));
  const out = new Int32Array(8);
  assert.equal(store.messages.droppedWithin(100, 50, out), 1);
  assert.equal(store.messages.row(out[0]).outcome, "partition");
  assert.equal(store.messages.droppedWithin(299, 150, out), 0);
  assert.equal(store.messages.droppedWithin(300, 250, out), 2);
});

test("events come in time order and can be stepped through", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({
    sent: [message(0, 100)], settled: [[0, 300, "lost"]], faults: [[200, 0, "start"]],
    invoked: [[0, 90, 0, 0, "read", "k1", null]], returned: [[0, 400, "info", null, "timed out", 1]],
  }));
  const { events } = store;
  assert.deepEqual(Array.from({ length: events.length }, (_, i) => events.at(i).type), ["invoked", "sent", "fault", "dropped", "returned"]);
  assert.equal(events.at(events.after(100)).time, 200);
  assert.equal(events.at(events.before(200)).time, 100);
  assert.equal(events.before(90), -1);
});

test("operations give throughput and latency, the failed ones apart", () => {
  const store = new TraceStore(decode, 2e9);
  const invoked = [0, 1, 2].map((op) => [op, op * 1e8, 0, op, "write", "k1", op + 1]);
  store.add(chunk({ to: 2e9, invoked, returned: [[0, 0.5e9, "ok", null, "", 1], [1, 0.6e9, "ok", null, "", 1], [2, 1.5e9, "fail", null, "refused", 2]] }));
  const statistics = store.operations.statistics(2e9, 2);
  assert.deepEqual(statistics.ok, [2, 0]);
  assert.deepEqual(statistics.failed, [0, 1]);
  assert.deepEqual(statistics.p50, [500, null]);
  assert.equal(store.operations.row(2).error, "refused");
  assert.equal(store.operations.row(0).key, "k1");
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2);
  assert.equal(quantile([], 0.5), null);
});

test("an operation has a class where the trace has that column, and none where it has not", () => {
  const store = new TraceStore(decode, 2e9);
  store.add(chunk({ to: 1e9, invoked: [[0, 1e8, 0, 0, "read", "k1", null]] }));
  store.add(chunk({ n: 1, from: 1e9, to: 2e9, invoked: [[1, 1.1e9, 0, 1, "read", "k1", null, "gold"], [2, 1.2e9, 0, 2, "read", "k1", null, ""]] }));
  assert.deepEqual([0, 1, 2].map((slot) => store.operations.row(slot).requestClass), ["", "gold", ""]);
});

test("the playhead waits at the end of what is loaded, and stops at the end of the run", () => {
  const store = new TraceStore(decode, 2e9);
  store.add(chunk({ to: 1e9 }));
  const playhead = new Playhead();
  playhead.playing = true;
  playhead.speed = 10;
  for (let i = 0; i < 20; i++) playhead.advance(0.1, store);
  assert.equal(playhead.t, 1e9);
  assert.ok(playhead.waiting && playhead.playing);
  store.add(chunk({ n: 1, from: 1e9, to: 2e9 }));
  store.complete = true;
  for (let i = 0; i < 20; i++) playhead.advance(0.1, store);
  assert.equal(playhead.t, 2e9);
  assert.ok(!playhead.playing);
});

test("smart speed looks closely at the beginning and at a fault, and hurries between", () => {
  const store = new TraceStore(decode, 60e9);
  const sent = Array.from({ length: 6000 }, (_, id) => message(id, id * 10e6));
  store.add(chunk({ to: 60e9, sent, settled: sent.map(([id, time]) => [id, time + 7e6, "delivered"]), faults: [[30e9, 0, "start"]] }));
  store.complete = true;
  const playhead = new Playhead();
  playhead.playing = true;
  let frames = 0;
  let fastest = 0;
  for (; playhead.playing && frames < 60 * 300; frames++) {
    playhead.advance(1 / 60, store);
    if (frames > 60 && frames < 5 * 60) assert.ok(playhead.pace < 0.011, `${playhead.pace} after ${frames / 60} s`);
    if (Math.abs(playhead.t - 30e9) < 5e6) assert.ok(playhead.rate < 0.02, `${playhead.rate} at ${playhead.t / 1e9} s`);
    fastest = Math.max(fastest, playhead.pace);
  }
  assert.ok(fastest > 0.9, `fastest ${fastest}`);
  assert.ok(frames > 60 * 60 && frames < 60 * 200, `${frames / 60} s`);
});

test("smart speed lets a message of median length be seen for about 0.7 s", () => {
  const store = new TraceStore(decode, 1e9);
  const sent = Array.from({ length: 60 }, (_, id) => message(id, id * 1e6));
  store.add(chunk({ to: 1e9, sent, settled: sent.map(([id, time]) => [id, time + 7e6, "delivered"]) }));
  const playhead = new Playhead();
  playhead.playing = true;
  for (let i = 0; i < 60; i++) playhead.advance(1 / 60, store);
  assert.ok(Math.abs(playhead.rate - 0.01) < 0.002, `rate ${playhead.rate}`);
});
