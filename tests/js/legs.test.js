import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { describeEvent } from "../../static/js/panels/describe.js";
import { Stops } from "../../static/js/scene/stops.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk } from "./chunks.js";

const NODES = ["a", "b", "v", "w"];
const message = (id, time) => [id, time, 0, 1, "ask", -1, -1, 64];
const leg = (store, slot, t) => {
  const { src, dst, from, to, last } = store.messages.leg(slot, t);
  return [NODES[src], NODES[dst], from, to, last];
};

test("a message is on one link after the other, at any moment, forwards and back", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({
    nodes: NODES, sent: [message(0, 100), message(1, 110)], settled: [[0, 400, "delivered"], [1, 330, "unreachable"]],
    hops: [[0, 100, 0, 2], [1, 110, 0, 2], [0, 200, 2, 3], [1, 220, 2, 3], [0, 300, 3, 1]],
  }));
  assert.deepEqual(leg(store, 0, 100), ["a", "v", 100, 200, false]);
  assert.deepEqual(leg(store, 0, 199), ["a", "v", 100, 200, false]);
  assert.deepEqual(leg(store, 0, 200), ["v", "w", 200, 300, false]);
  assert.deepEqual(leg(store, 0, 350), ["w", "b", 300, 400, true]);
  assert.deepEqual(leg(store, 0, 150), ["a", "v", 100, 200, false]);
  assert.deepEqual(leg(store, 1, 400), ["v", "w", 220, 330, true]);
});

test("a message that nothing forwards goes straight, also beside others that are forwarded", () => {
  const store = new TraceStore(decode, 1000);
  store.add(chunk({ nodes: NODES, sent: [message(0, 100)], settled: [[0, 400, "delivered"]], hops: [] }));
  assert.deepEqual(leg(store, 0, 250), ["a", "b", 100, 400, true]);
  assert.equal(store.messages.leg(0, 250).forwarded, false);
  const plain = new TraceStore(decode, 1000);
  plain.add(chunk({ sent: [message(0, 100)] }));
  assert.deepEqual(leg(plain, 0, 250), ["a", "b", 100, Infinity, true]);
});

test("a message under way over a chunk's end is on its last link, and goes on in the next chunk", () => {
  const store = new TraceStore(decode, 2000);
  store.add(chunk({ nodes: NODES, sent: [message(0, 800)], hops: [[0, 800, 0, 2], [0, 900, 2, 3]] }));
  assert.deepEqual(leg(store, 0, 950), ["v", "w", 900, Infinity, true]);
  store.add(chunk({ n: 1, from: 1000, to: 2000, nodes: NODES, flight: [message(0, 800)], keyHops: [[0, 900, 2, 3]], hops: [[0, 1100, 3, 1]], settled: [[0, 1200, "delivered"]] }));
  assert.deepEqual(leg(store, 0, 950), ["v", "w", 900, 1100, false]);
  assert.deepEqual(leg(store, 0, 1150), ["w", "b", 1100, 1200, true]);
});

test("a keyframe alone says where a message is", () => {
  const store = new TraceStore(decode, 2000);
  store.add(chunk({ nodes: NODES, from: 1000, to: 2000, flight: [message(0, 800)], keyHops: [[0, 900, 2, 3]], hops: [] }));
  assert.deepEqual(leg(store, 0, 1000), ["v", "w", 900, Infinity, true]);
});

test("what finds no way stops at the door of who has none, or never leaves", () => {
  const editor = /** @type {any} */ ({ at: new Map(), stage: { doc: { nodes: [], links: [] }, ran: null } });
  const geometry = /** @type {any} */ ({ way: () => Float64Array.of(0, 0, 300, 0), owners: [] });
  const stops = new Stops(editor, geometry);
  assert.ok(stops.at(2, 3, "unreachable", 0) > 0.8);
  assert.ok(stops.at(2, 3, "expired", 0) > 0.8);
  assert.ok(stops.at(0, 1, "unreachable", 0, false) < 0.2);
});

test("the event list says where a message came to its end, if it was forwarded", () => {
  const store = new TraceStore(decode, 1000);
  const ends = ["unreachable", "link cut", "link cut"];
  store.add(chunk({
    nodes: NODES, sent: ends.map((_, id) => message(id, 100 + id)), settled: ends.map((reason, id) => [id, 300 + id, reason]),
    hops: [[0, 100, 0, 2], [1, 101, 0, 2], [0, 200, 2, 3], [1, 201, 2, 3]],
  }));
  const told = Array.from({ length: store.events.length }, (_, i) => describeEvent(store, i, String, (node) => NODES[node])).filter(({ bad }) => bad).map(({ text }) => text);
  assert.deepEqual(told, ["a → b ask: unreachable, at w", "a → b ask: link cut, between v and w", "a → b ask: link cut"]);
});
