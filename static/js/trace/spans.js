/**
 * A client's request as spans: each attempt a tree of what was sent because of it, with what the receiver's time went into.
 * A span is a message that asks for something, from its sending until its answer arrives. The rules are those of the engine's
 * own account of requests, so that the page and the command line say the same.
 */

import { countUpTo } from "./grow.js";
import { DELIVERED, ROLES } from "./messages.js";

const CHAIN_MAX = 256;
const NEARBY_MAX = 4096;
const [REQUEST, REPLY] = [ROLES.indexOf("request"), ROLES.indexOf("reply")];
/** Outcomes of what did not leave its sender. */
const UNSENT = new Set(["buffer full", "expired", "never sent"]);

/** The spans of an operation, one tree an attempt. `timeoutOf` says how long a node waits for answers, ns; 0 where that is not known. @param {TraceStore} trace @param {number} slot of the operation @param {(node: number) => number} [timeoutOf] @returns {RequestSpan[]} */
export function requestSpans(trace, slot, timeoutOf = () => 0) {
  return new Tree(trace, slot, timeoutOf).roots();
}

/** The spans as lines, each attempt's before the next one's, with how deep they lie. @param {RequestSpan[]} spans @param {number} [depth] @returns {{span: RequestSpan, depth: number, attempt: number}[]} */
export function spanLines(spans, depth = 0, attempt = 0) {
  return spans.flatMap((span, i) => {
    const number = depth ? attempt : i + 1;
    return [{ span, depth, attempt: number }, ...spanLines(span.children, depth + 1, number)];
  });
}

class Tree {
  /** @param {TraceStore} trace @param {number} slot @param {(node: number) => number} timeoutOf */
  constructor(trace, slot, timeoutOf) {
    this.trace = trace;
    this.messages = trace.messages;
    this.timeoutOf = timeoutOf;
    /** @type {number[]} the messages that serve the operation */
    this.slots = slotsOf(trace.messages, trace.operations.ids.data[slot], trace.operations.invoked.data[slot]);
    /** @type {Map<number, number>} request → its reply */
    this.answers = new Map();
    /** @type {Map<number, number>} reply → what it answers */
    this.asked = new Map();
    /** @type {Map<number, number>} what was sent again, or copied by a link → the first of it */
    this.copies = new Map();
    this.#relate();
  }

  #relate() {
    const { messages } = this;
    const { src, dst, role } = messages;
    for (const slot of this.slots) {
      const cause = this.#cause(slot);
      if (cause >= 0 && src.data[cause] === src.data[slot] && dst.data[cause] === dst.data[slot]) this.copies.set(slot, this.copies.get(cause) ?? cause);
      else if (role.data[slot] === REPLY) this.#answer(slot, cause);
    }
  }

  /** A reply answers the nearest of its causes that came the other way. @param {number} reply @param {number} cause */
  #answer(reply, cause) {
    const { src, dst } = this.messages;
    for (let n = 0; n < CHAIN_MAX && cause >= 0; n++, cause = this.#cause(cause)) {
      if (src.data[cause] !== dst.data[reply] || dst.data[cause] !== src.data[reply] || this.answers.has(cause)) continue;
      this.answers.set(cause, reply);
      this.asked.set(reply, cause);
      return;
    }
  }

  /** @param {number} slot */
  #cause(slot) { return this.messages.slotOf(this.messages.cause.data[slot]); }

  /** What a node was handling when it sent a message: the nearest cause that is no answer to a question of its own. @param {number} slot */
  #parent(slot) {
    let cause = this.#cause(slot);
    for (let asked = this.asked.get(this.copies.get(cause) ?? cause); asked !== undefined; asked = this.asked.get(this.copies.get(cause) ?? cause)) {
      cause = this.#cause(this.copies.get(asked) ?? asked);
    }
    return cause;
  }

  roots() {
    /** @type {Map<number, RequestSpan>} */
    const spans = new Map();
    /** @type {RequestSpan[]} */
    const roots = [];
    for (const slot of this.slots) {
      if (this.messages.role.data[slot] === REPLY) continue;
      const span = this.#span(slot);
      spans.set(slot, span);
      (spans.get(this.#parent(slot))?.children ?? roots).push(span);
    }
    for (const span of [...spans.values()].reverse()) this.#time(span);
    return roots;
  }

  /** @param {number} slot @returns {RequestSpan} */
  #span(slot) {
    const { sent, settled } = this.messages;
    const reply = this.answers.get(slot) ?? -1;
    const row = this.messages.row(slot);
    return {
      slot, kind: row.kind, role: row.role, src: row.src, dst: row.dst, sent: sent.data[slot], settled: finite(settled.data[slot]), outcome: settled.data[slot] === Infinity ? "" : row.outcome,
      reply, answered: reply < 0 ? null : sent.data[reply], returned: reply < 0 ? null : finite(this.#arrival(reply)), replyOutcome: reply < 0 || settled.data[reply] === Infinity ? "" : this.messages.row(reply).outcome,
      left: null, until: null, waiting: 0, calling: 0, working: 0, read: 0, written: 0, calls: [], children: [],
      packed: this.trace.marshalling.until(row.src, sent.data[slot]), unpacked: reply < 0 ? 0 : this.trace.marshalling.since(row.src, this.#arrival(reply)),
    };
  }

  /** Divides the receiver's time among waiting, calling, marshalling and working; the children stand already. @param {RequestSpan} span */
  #time(span) {
    const { settled, dst } = span;
    if (settled === null || span.outcome !== "delivered") return;
    if (span.answered === null && span.role !== "request") return; // nobody waits for it
    const end = span.answered ?? crashAfter(this.trace, dst, settled);
    span.until = end;
    span.left = Math.min(end, leftQueue(this.trace, dst, span.slot));
    span.waiting = span.left - settled;
    const timeout = this.timeoutOf(dst);
    let until = span.left;
    for (const child of span.children) {
      if (child.role !== "request" && child.answered === null) continue;
      const ends = Math.min(end, this.#callEnd(child.slot, timeout));
      const begins = Math.max(until, child.sent);
      if (ends > begins) {
        span.calling += ends - begins;
        span.calls.push([begins, ends]);
      }
      until = Math.max(until, ends);
    }
    const { marshalling } = this.trace;
    span.read = span.left < end ? marshalling.since(dst, span.left) : 0;
    span.written = span.answered === null ? 0 : marshalling.until(dst, end);
    span.working = end - settled - span.waiting - span.calling - span.read - span.written;
  }

  /** Until when a sender waits for an answer: its arrival, the timeout, or a crash. @param {number} slot @param {number} timeout ns, 0 for none */
  #callEnd(slot, timeout) {
    const { messages } = this;
    const sent = messages.sent.data[slot];
    if (messages.settled.data[slot] < Infinity && UNSENT.has(messages.row(slot).outcome)) return sent;
    const copy = [...this.copies].find(([other, first]) => first === slot && this.answers.has(other))?.[0] ?? -1;
    const answer = this.answers.get(slot) ?? this.answers.get(copy) ?? -1;
    const end = Math.min(crashAfter(this.trace, messages.src.data[slot], sent), answer < 0 ? Infinity : this.#arrival(answer));
    return timeout ? Math.min(end, sent + timeout) : end;
  }

  /** When a message, or a copy of it, arrived; Infinity: never. @param {number} slot */
  #arrival(slot) {
    const { settled, outcome } = this.messages;
    const came = (/** @type {number} */ one) => (outcome.data[one] === DELIVERED ? settled.data[one] : Infinity);
    if (came(slot) < Infinity) return came(slot);
    return Math.min(Infinity, ...[...this.copies].filter(([, first]) => first === slot).map(([copy]) => came(copy)));
  }
}

/** @param {number} ns */
function finite(ns) { return ns === Infinity ? null : ns; }

/** The messages of an operation, in the order of their sending. @param {Messages} messages @param {number} op @param {number} from when it began */
export function slotsOf(messages, op, from) {
  const slots = [];
  const { data } = messages.op;
  for (let slot = countUpTo(messages.sent.data, messages.length, from - 1); slot < messages.length; slot++) if (data[slot] === op) slots.push(slot);
  return slots;
}

/** When a node crashes next; where the trace ends if it does not. @param {TraceStore} trace @param {number} node @param {number} t */
function crashAfter(trace, node, t) {
  const line = trace.states.nodes[node]?.get("up");
  if (!line) return trace.loadedTo;
  for (let i = countUpTo(line.times, line.times.length, t - 1); i < line.times.length; i++) if (!line.values[i]) return line.times[i];
  return trace.loadedTo;
}

/** When a request left its node's queue; at once where it did not wait. Of those that came at one nanosecond the first found the free workers. @param {TraceStore} trace @param {number} node @param {number} slot */
function leftQueue(trace, node, slot) {
  const { messages } = trace;
  const came = messages.settled.data[slot];
  const lefts = leftTimes(trace, node, came);
  if (!lefts.length) return came;
  const nearby = new Int32Array(NEARBY_MAX);
  const flying = nearby.subarray(0, messages.inFlight(came - 1, nearby));
  const before = flying.filter((other) => other < slot && messages.settled.data[other] === came && messages.dst.data[other] === node && messages.role.data[other] === REQUEST && messages.outcome.data[other] === DELIVERED);
  return lefts[before.length] ?? came;
}

/** When those that came to a node's workers at one moment had one, as if first come, first served. @param {TraceStore} trace @param {number} node @param {number} came */
function leftTimes(trace, node, came) {
  /** @type {number[]} */
  const lefts = [];
  const busy = trace.states.nodes[node]?.get("busy");
  let i = busy ? countUpTo(busy.times, busy.times.length, came - 1) : 0;
  for (; busy && i < busy.times.length && busy.times[i] === came; i++) {
    const step = Number(busy.values[i] ?? 0) - Number(busy.values[i - 1] ?? 0);
    for (let n = 0; n < step; n++) lefts.push(came);
  }
  const queue = trace.states.nodes[node]?.get("queue");
  if (queue) lefts.push(...waited(queue, came, trace.loadedTo));
  return lefts.sort((a, b) => a - b);
}

/** When those that joined a queue at one moment left it. @param {{times: number[], values: unknown[]}} queue @param {number} came @param {number} end */
function waited({ times, values }, came, end) {
  const level = (/** @type {number} */ i) => Number(values[i] ?? 0);
  let i = countUpTo(times, times.length, came - 1) - 1;
  while (i >= 0 && level(i) > 0) i--; // from when nobody waited
  /** @type {number[]} */
  const joined = [];
  const lefts = [];
  let head = 0;
  for (i++; i < times.length && !(times[i] > came && (head === joined.length || joined[head] > came)); i++) {
    const step = level(i) - (i > 0 ? level(i - 1) : 0);
    for (let n = 0; n < step; n++) joined.push(times[i]);
    for (let n = 0; n < -step && head < joined.length; n++) if (joined[head++] === came) lefts.push(times[i]);
  }
  for (; head < joined.length; head++) if (joined[head] === came) lefts.push(end);
  return lefts;
}
