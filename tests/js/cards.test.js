import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { sideWords } from "../../static/js/editor/backdrop.js";
import { cardState } from "../../static/js/editor/node-state.js";
import { TraceStore } from "../../static/js/trace/store.js";
import { chunk } from "./chunks.js";

const show = (field, title, unit = "", as = "text", of = "") => ({ field, title, unit, as, of });
const named = (field, title) => ({ ...show(field, title), title_first: true });

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
    const { signs, said } = card([{ up: true, role }], [ROLE]);
    return [signs.join(), said];
  });
  assert.deepEqual(badges, [["i-crown", "leader"], ["i-crown", "primary"], ["i-crown-o", "deposed"], ["i-candidate", "candidate"], ["i-restart", "recovering"], ["", ""]]);
});

test("who has no vote wears a sign of its own, in words and in a shape that the page draws", () => {
  const drawn = readFileSync(new URL("../../templates/_icons.html", import.meta.url), "utf8");
  for (const role of ["learner", "outside"]) {
    const { signs, said } = card([{ up: true, role }], [ROLE]);
    assert.deepEqual([signs, said], [[`i-${role}`], role]);
    assert.equal(drawn.split(`<symbol id="${signs[0]}"`).length, 2);
  }
});

test("a replica of a log shows its term, the length of its log and what is committed", () => {
  assert.equal(card([{ up: true, role: "leader", term: 4, last: 126, commit: 124 }], [ROLE, show("term", "Term")]).line, "T4 126·124");
  assert.equal(card([{ up: true, term: 4 }], [named("term", "Term")]).line, "term 4");
});

test("a queue is a bar, a ratio a percentage, a breaker a sign", () => {
  const busy = card([{ up: true, busy: 3, queue: 7 }], [show("busy", "Busy", "workers", "bar", "workers"), named("queue", "Queue")]);
  assert.deepEqual([busy.line, busy.bar], ["3/4 · queue 7", 0.75]);
  assert.equal(card([{ up: true, hits: 93.4 }], [show("hits", "Hits", "%")]).line, "93\u2009% hits");
  const breaker = (state) => {
    const { line, signs, said } = card([{ up: true, in_flight: 2, breaker: state }], [show("in_flight", "In flight"), show("breaker", "Breaker")]);
    return [line, signs.join(), said];
  };
  assert.deepEqual(breaker("open"), ["breaker open", "i-breaker", "breaker open"]);
  assert.deepEqual(breaker("half-open"), ["breaker half open", "i-breaker", "breaker half open"]);
  assert.deepEqual(breaker("closed"), ["2 in flight", "", ""]);
});

test("what a fault has done stands on the card in words and as a sign, beside what the node is", () => {
  const { line, signs, ill, said } = card([{ up: true, role: "leader", condition: "clock +200 ms" }], [ROLE]);
  assert.deepEqual([line, signs, ill, said], ["clock +200 ms", ["i-crown", "i-clock"], "i-clock", "leader, clock +200 ms"]);
  assert.deepEqual(card([{ up: true, role: "follower", condition: "paused" }], [ROLE]).signs, ["i-pause"]);
  assert.deepEqual(card([{ up: true, role: "paused", condition: "paused" }], [ROLE]).signs, ["i-pause"]);
  assert.deepEqual(card([{ up: false }], [ROLE]), { line: "down", bar: null, signs: [], up: false });
});

test("several copies on one card: their sums, and how many are up", () => {
  const shows = [show("busy", "Busy", "workers", "bar", "workers")];
  assert.deepEqual([card([{ up: true, busy: 3 }, { up: true, busy: 1 }], shows)].map(({ line, bar }) => [line, bar]), [["×2 4/8 busy", 0.5]]);
  assert.deepEqual([card([{ up: true }, { up: false }, { up: true }], shows)].map(({ line, signs, up }) => [line, signs, up]), [["2 of 3 up", ["i-warn"], true]]);
});

/** What is said of the sides a…c and d… of a cluster of seven, in a partition; `ran` are the parameters that it had in the run. */
function sidesOf(quorum, params = {}, ran = null) {
  const members = [..."abcdefg"];
  const doc = { nodes: members.map((id) => ({ id, type: "x" })), clusters: [{ id: "all", protocol: "x", members, params }] };
  const info = { quorum, params: [{ name: "mode", default: "cp" }, { name: "faulty", default: 0 }] };
  const stage = { doc, ran: ran && { ...doc, clusters: [{ ...doc.clusters[0], params: ran }] }, typeInfo: () => info };
  return [members.slice(0, 3), members.slice(3)].map((group, i) => sideWords(stage, "AB"[i], group, 7));
}

test("a quorum is spoken of where the type has one, with parameters under which it has", () => {
  const plain = ["side A · 3 of 7", "side B · 4 of 7"];
  const majority = ["side A · 3 of 7, no quorum", "side B · 4 of 7, quorum"];
  assert.deepEqual(sidesOf(null), plain);
  assert.deepEqual(sidesOf({ when: null, faulty: "" }), majority);
  const cp = { when: { param: "mode", values: ["cp"] }, faulty: "" };
  assert.deepEqual([sidesOf(cp), sidesOf(cp, { mode: "ap" })], [majority, plain]);
  assert.deepEqual(sidesOf(cp, {}, { mode: "ap" }), plain);
});

test("where some may lie, a quorum takes more than a majority", () => {
  const rule = { when: null, faulty: "faulty" };
  assert.deepEqual(sidesOf(rule), ["side A · 3 of 7, no quorum", "side B · 4 of 7, no quorum"]);
  assert.deepEqual(sidesOf(rule, { faulty: 1 }), ["side A · 3 of 7, no quorum", "side B · 4 of 7, no quorum"]);
});
