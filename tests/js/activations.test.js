import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, lastAt, lookFrom } from "../../static/js/trace/activations.js";
import { Messages } from "../../static/js/trace/messages.js";

const at = (/** @type {number} */ time_ns) => ({ time_ns, handler: "on_read", goes_on: false, message: null, op: -1, first_line: 1, then: [], raised: false, waits: null, sent: [], state: [] });
const look = (/** @type {number[]} */ times, /** @type {"enough" | "end" | "time"} */ ended = "enough") => ({ node: "a", type: "service", from_ns: 10, to_ns: 50, earlier: null, ended, activations: times.map(at) });

test("a look tells of its own stretch of time, and of all that follows when the run is over", () => {
  assert.equal(covers(look([20]), 9), false);
  assert.equal(covers(look([20]), 10), true);
  assert.equal(covers(look([20]), 50), false);
  assert.equal(covers(look([20], "end"), 5000), true);
});

test("the last activation at a moment", () => {
  const seen = look([20, 30, 30, 40]);
  assert.equal(lastAt(seen, 19), -1);
  assert.equal(lastAt(seen, 20), 0);
  assert.equal(lastAt(seen, 35), 2);
  assert.equal(lastAt(seen, 99), 3);
});

test("of several at one moment the one chosen stays, as long as it is the moment's", () => {
  const seen = look([20, 30, 30, 40]);
  assert.equal(lastAt(seen, 30, 1), 1);
  assert.equal(lastAt(seen, 30, 0), 2);
  assert.equal(lastAt(seen, 45, 1), 3);
});

test("a look goes back so many of the node's messages, or to the start", () => {
  const messages = new Messages();
  for (let i = 0; i < 100; i++) {
    messages.ids.push(i);
    messages.sent.push(i * 10);
    messages.settled.push(i * 10 + 5);
    messages.src.push(i % 2);
    messages.dst.push(2);
  }
  assert.equal(lookFrom(messages, 1, 1000), (99 - 23 * 2) * 10);
  assert.equal(lookFrom(messages, 2, 1000), (99 - 23) * 10);
  assert.equal(lookFrom(messages, 7, 1000), 0);
});
