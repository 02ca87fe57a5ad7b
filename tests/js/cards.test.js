import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { cardState } from "../../static/js/editor/node-state.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk } from "./chunks.js";

const show = (field, title, unit = "", as = "text", of = "") => ({ field, title, unit, as, of });

/** What the card of a node shows whose copies are in these states. */
function card(states, shows, { params = {}, count = states.length } = {}) {
  const nodes = states.length > 1 ? states.map((_, i) => `n-${i + 1}`) : ["n"];
  const trace = new TraceStore(decode, 1000);
  trace.add(chunk({ nodes, state: states }));
  const node = { id: "n", type: "x", count, params };
  const info = { type: "x", shows, params: [{ name: "workers", default: 4 }] };
  const stage = { trace, doc: { nodes: [node], clusters: [] }, typeInfo: () => info, traceNodes: () => nodes.map((_, i) => i) };
  return cardState(stage, node, info, 10);
}

const ROLE = show("role", "Role", "", "badge");

test("a leader wears a crown, a deposed one a hollow one, a candidate a triangle, and each is said in words", () => {
  const badges = ["leader", "primary", "deposed", "candidate", "recovering", "follower"].map((role) => {
    const { badge, said } = card([{ up: true, role }], [ROLE]);
    return [badge, said];
  });
  assert.deepEqual(badges, [["i-crown", "leader"], ["i-crown", "primary"], ["i-crown-o", "deposed"], ["i-candidate", "candidate"], ["i-restart", "recovering"], ["", ""]]);
});

test("a replica of a log shows its term, the length of its log and what is committed", () => {
  assert.equal(card([{ up: true, role: "leader", term: 4, log: 126, commit: 124 }], [ROLE, show("term", "Term")]).line, "T4 126·124");
  assert.equal(card([{ up: true, term: 4 }], [show("term", "Term")]).line, "4 term");
});

test("a queue is a bar, a ratio a percentage, a breaker a sign", () => {
  const busy = card([{ up: true, busy: 3, queue: 7 }], [show("busy", "Busy", "workers", "bar", "workers"), show("queue", "Queue")]);
  assert.deepEqual([busy.line, busy.bar], ["3/4 · 7 queue", 0.75]);
  assert.equal(card([{ up: true, hits: 93.4 }], [show("hits", "Hits", "%")]).line, "93\u2009% hits");
  const breaker = (state) => {
    const { line, badge, said } = card([{ up: true, in_flight: 2, breaker: state }], [show("in_flight", "In flight"), show("breaker", "Breaker")]);
    return [line, badge, said];
  };
  assert.deepEqual(breaker("open"), ["breaker open", "i-breaker", "breaker open"]);
  assert.deepEqual(breaker("half-open"), ["breaker half open", "i-breaker", "breaker half open"]);
  assert.deepEqual(breaker("closed"), ["2 in flight", "", ""]);
});

test("what a fault has done stands on the card in words and as a sign", () => {
  const { line, badge, ill, said } = card([{ up: true, role: "leader", condition: "clock +200 ms" }], [ROLE]);
  assert.deepEqual([line, badge, ill, said], ["clock +200 ms", "i-clock", "i-clock", "leader, clock +200 ms"]);
  assert.deepEqual(card([{ up: false }], [ROLE]), { line: "down", bar: null, badge: "", up: false });
});

test("several copies on one card: their sums, and how many are up", () => {
  const shows = [show("busy", "Busy", "workers", "bar", "workers")];
  assert.deepEqual([card([{ up: true, busy: 3 }, { up: true, busy: 1 }], shows)].map(({ line, bar }) => [line, bar]), [["×2 4/8 busy", 0.5]]);
  assert.deepEqual([card([{ up: true }, { up: false }, { up: true }], shows)].map(({ line, badge, up }) => [line, badge, up]), [["2 of 3 up", "i-warn", true]]);
});
