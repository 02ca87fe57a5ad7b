import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { merged } from "../../static/js/panels/scrub-marks.js";
import { chainOf } from "../../static/js/trace/causes.js";
import { EventFilter, sortOf } from "../../static/js/trace/event-filter.js";
import { Flow, smoothed } from "../../static/js/trace/flow.js";
import { ARRIVES, DROPPED, NONE, OPEN, groupsOf, ringed, tokensOf } from "../../static/js/trace/groups.js";
import { ROLES } from "../../static/js/trace/messages.js";
import { marksOf, momentsOf, nextOf } from "../../static/js/trace/moments.js";
import { Playhead } from "../../static/js/trace/playhead.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { kindKey, kindsOf, shownIn } from "../../static/js/trace/visible.js";
import { chunk } from "./chunks.js";

const message = (id, time, { kind = "ask", src = 0, dst = 1, cause = -1, op = -1 } = {}) => [id, time, src, dst, kind, cause, op, 64];
const S = 1e9;

function storeOf(...chunks) {
  const store = new TraceStore(decode, chunks.at(-1).to ?? 1000);
  chunks.forEach((entry, n) => store.add(chunk({ n, ...entry })));
  return store;
}

test("a role hides all its kinds, a kind only itself", () => {
  const { messages } = storeOf({ sent: [message(0, 1), message(1, 2, { kind: "done" }), message(2, 3, { kind: "tick" })] });
  const shown = (...hidden) => [0, 1, 2].filter(shownIn(messages, new Set(hidden)));
  assert.deepEqual(shown(), [0, 1, 2]);
  assert.deepEqual(shown("request"), [1]);
  assert.deepEqual(shown(kindKey("tick")), [0, 1]);
  assert.deepEqual(shown("drop"), [0, 1, 2]);
});

test("kinds are counted, the most frequent first", () => {
  const { messages } = storeOf({ sent: [message(0, 1), message(1, 2, { kind: "done" }), message(2, 3, { kind: "done" })] });
  assert.deepEqual(kindsOf(messages), [{ kind: "done", number: 1, role: "reply", count: 2 }, { kind: "ask", number: 0, role: "request", count: 1 }]);
});

test("messages are coloured by role, request, kind or outcome; the ninth request has the first colour and a ring", () => {
  const { messages } = storeOf({ sent: [message(0, 1, { op: 0 }), message(1, 2, { kind: "done", op: 8 }), message(2, 3), message(3, 4)], settled: [[0, 10, "delivered"], [1, 11, "lost"]] });
  const groups = (colouring) => [0, 1, 2].map(groupsOf(messages, colouring));
  assert.deepEqual(groups("role"), [0, 1, 0]);
  assert.deepEqual(groups("request"), [0, 8, NONE]);
  assert.deepEqual(groups("kind"), [0, 1, 0]);
  assert.deepEqual(groups("outcome"), [ARRIVES, DROPPED, OPEN]);
  const tokens = tokensOf("request", ROLES);
  assert.equal(tokens[0], tokens[8]);
  assert.deepEqual([0, 8, NONE].map((group) => ringed("request", group)), [false, true, false]);
  assert.equal(ringed("role", 8), false);
  assert.deepEqual([ARRIVES, DROPPED, OPEN].map((group) => ringed("outcome", group)), [false, true, false], "what will be lost is told without colour, too");
});

test("the chain of a pinned message is found once for all who ask, and again when more has come", () => {
  const store = storeOf({ to: 100, sent: [message(0, 1), message(1, 5, { cause: 0, src: 1, dst: 0 })], settled: [[0, 4, "delivered"]] });
  const first = chainOf(store, 0);
  assert.deepEqual([...first.chain], [0, 1]);
  assert.equal(chainOf(store, 0), first);
  store.add(chunk({ n: 1, from: 100, to: 200, sent: [message(2, 110, { cause: 1 })] }));
  assert.deepEqual([...chainOf(store, 0).chain], [0, 1, 2]);
  assert.equal(chainOf(store, -1), null);
  assert.equal(chainOf(null, 0), null);
});

test("there are moments of each kind; a node that comes back with the end of its fault counts once", () => {
  const store = storeOf({
    to: 100 * S, state: [{ up: true, role: "follower" }, { up: true, role: "leader" }],
    changes: [[10 * S, 1, "up", false], [20 * S, 1, "up", true], [30 * S, 0, "role", "leader"], [40 * S, 0, "up", false], [50 * S, 0, "up", true]],
    faults: [[10 * S, 0, "start"], [20 * S, 0, "end"]], sent: [message(0, S), message(1, 2 * S)], settled: [[0, 60 * S, "lost"], [1, 60 * S + 10, "lost"]],
    invoked: [[0, S, 0, 0, "read", "x", null], [1, S, 0, 0, "read", "x", null]], returned: [[0, 65 * S, "ok", 1, "", 1], [1, 66 * S, "fail", null, "timed out", 1]],
  });
  const verdict = { checks: [{ name: "c", verdict: "fail", at_ms: 70_000 }, { name: "d", verdict: "pass", at_ms: 71_000 }] };
  assert.deepEqual(marksOf(store, verdict).map(({ time, kind }) => [time / S, kind]), [[10, "fault"], [20, "heal"], [30, "leader"], [50, "recovery"], [70, "violation"]]);
  const at = (jump) => momentsOf(store, verdict, jump).map((time) => time / S);
  assert.deepEqual(at("fault"), [10, 20]);
  assert.deepEqual(at("leader"), [30]);
  assert.deepEqual(at("violation"), [70]);
  assert.deepEqual(at("drop"), [60, 60.00000001]);
  assert.deepEqual(at("failed"), [66]);
  assert.deepEqual(at("any"), [10, 20, 30, 50, 60, 66, 70], "of drops in a row the first");
  assert.deepEqual(marksOf(store, null).length, 4);
});

test("the next moment is after the playhead, the previous one before it", () => {
  assert.equal(nextOf([10, 20, 30], 20, 1), 30);
  assert.equal(nextOf([10, 20, 20, 30], 20, -1), 10);
  assert.equal(nextOf([10], 10, 1), undefined);
  assert.equal(nextOf([10], 10, -1), undefined);
});

test("marks closer than 10 px are one with a count; another kind stands beside, violations below", () => {
  const marks = merged([{ time: 0, kind: "fault" }, { time: 4, kind: "fault" }, { time: 5, kind: "leader" }, { time: 6, kind: "violation" }, { time: 40, kind: "heal" }, { time: 45, kind: "recovery" }], (ns) => ns);
  assert.deepEqual(marks.map(({ kind, n }) => [kind, n]), [["fault", 2], ["leader", 1], ["violation", 1], ["heal", 2]]);
  assert.ok(marks[1].x - marks[0].x >= 11);
  assert.equal(marks[2].x, 6);
  const crowd = merged([0, 5, 14, 19].map((time) => ({ time, kind: "recovery" })), (ns) => ns);
  assert.deepEqual(crowd.map(({ at, n }) => [at, n]), [[0, 3], [19, 1]]);
});

test("the playhead goes round in a loop, from wherever it is, and waits in it for what is not loaded", () => {
  const store = storeOf({ to: 10 * S });
  store.complete = true;
  const playhead = new Playhead();
  Object.assign(playhead, { speed: 1, playing: true, loop: { from: 2 * S, to: 2.15 * S }, t: 7 * S });
  playhead.advance(0.1, store);
  assert.equal(playhead.t, 2.1 * S);
  playhead.advance(0.1, store);
  assert.equal(playhead.t, 2 * S);
  playhead.loop = { from: 9.95 * S, to: 10 * S };
  playhead.advance(0.1, store);
  assert.deepEqual([playhead.t, playhead.playing], [9.95 * S, true], "also at the end of the run");
  store.complete = false;
  playhead.loop = { from: 9 * S, to: 12 * S };
  playhead.t = 9.95 * S;
  for (let i = 0; i < 15; i++) playhead.advance(0.1, store);
  assert.deepEqual([playhead.t, playhead.waiting, playhead.stuck], [10 * S, true, true]);
});

test("messages pass at the chosen speed, in smart mode at one that does not hurry through silence; at rest at none", () => {
  const playhead = new Playhead();
  assert.equal(playhead.pace, 0);
  Object.assign(playhead, { playing: true, speed: 20 });
  assert.equal(playhead.pace, 20);
  const store = storeOf({ to: 100 * S, sent: [message(0, S), message(1, 90 * S)], settled: [[0, 1.1 * S, "delivered"], [1, 90.1 * S, "delivered"]] });
  Object.assign(playhead, { speed: "smart", t: 2 * S });
  for (let i = 0; i < 50; i++) playhead.advance(0.01, store);
  assert.ok(playhead.smart > 10 * playhead.pace);
  assert.ok(Math.abs(playhead.pace - 0.1 / 0.7) < 1e-6);
});

test("what is too fast to see flows: a rate smoothed over 0.3 s, the same however one came there", () => {
  const sent = [];
  const settled = [];
  for (let i = 0; i < 2000; i++) {
    sent.push(message(i, i * 1e7));
    settled.push([i, i * 1e7 + 1e6, "delivered"]);
  }
  const store = storeOf({ to: 20 * S, sent, settled });
  const flow = new Flow();
  flow.take(store.messages, false);
  flow.judge(0);
  assert.equal(flow.flows(0, 1, 0, 0), false, "while time stands still every message is itself");
  flow.judge(0.001);
  assert.equal(flow.flows(0, 1, 0, 0), false, "a message of 1 ms is seen for a second");
  flow.judge(1);
  assert.equal(flow.flows(0, 1, 0, 0), true);
  assert.equal(flow.flows(1, 0, 0, 0), false);
  const [stream] = flow.byKey.values();
  assert.ok(Math.abs(smoothed(stream, 10 * S, 1) / 100 - 1) < 0.05, "100 messages a second");
  assert.ok(Math.abs(smoothed(stream, 18 * S, 3) / 300 - 1) < 0.05, "three times as many at three times the speed");
  assert.equal(smoothed(stream, 40 * S, 1), 0);
  const fading = [0.1, 0.2, 0.4, 0.8].map((after) => smoothed(stream, (19.99 + after) * S, 1));
  assert.deepEqual(fading, [...fading].sort((a, b) => b - a), "it fades, it does not flicker");
  assert.ok(fading[2] > 10);
});

test("a flow takes each link of a forwarded message, and what settles later when it has settled", () => {
  const store = storeOf({ to: 1000, nodes: ["a", "b", "v"], state: [{}, {}, {}], sent: [message(0, 100), message(1, 900)], settled: [[0, 400, "delivered"]], hops: [[0, 100, 0, 2], [0, 250, 2, 1]] });
  const flow = new Flow();
  flow.take(store.messages, false);
  assert.deepEqual([...flow.byKey.values()].map(({ src, dst, times }) => [src, dst, times.data[0]]), [[2, 1, 250], [0, 2, 100]]);
  store.add(chunk({ n: 1, from: 1000, to: 2000, nodes: ["a", "b", "v"], state: [{}, {}, {}], flight: [message(1, 900)], settled: [[1, 1100, "delivered"]] }));
  flow.take(store.messages, true);
  assert.deepEqual(flow.waiting, []);
  assert.equal(flow.links.size, 3);
});

test("events are found by kind, node and words, piece by piece", () => {
  const store = storeOf({
    sent: [message(0, 10), message(1, 20, { kind: "done", src: 1, dst: 0 })], settled: [[0, 15, "lost"]], faults: [[5, 0, "start"]],
    invoked: [[0, 1, 0, 0, "read", "x", null]], returned: [[0, 30, "fail", null, "timed out", 1]],
  });
  const sorts = Array.from({ length: store.events.length }, (_, i) => sortOf(store, store.events.at(i)));
  assert.deepEqual(sorts, ["operation", "fault", "request", "drop", "reply", "failed"]);
  const found = (wanted) => {
    const filter = new EventFilter();
    filter.want(wanted);
    filter.scan(store, (i) => `Event ${sorts[i]}`, (_, node) => node === 1, () => false);
    return [...filter.found.data.subarray(0, filter.found.length)];
  };
  assert.deepEqual(found({ kind: "drop" }), [3]);
  assert.deepEqual(found({ kind: "operation" }), [0, 5]);
  assert.deepEqual(found({ node: 1 }), [1, 2, 3, 4]);
  assert.deepEqual(found({ text: " REQ " }), [2]);
  assert.deepEqual(found({ kind: "request", text: "nothing" }), []);
  const filter = new EventFilter();
  assert.equal(filter.active, false);
  filter.want({ kind: "drop" });
  assert.equal(filter.scan(store, String, () => false, () => true), true);
  assert.equal(filter.upTo(2), 0);
  assert.equal(filter.upTo(5), 1);
});
