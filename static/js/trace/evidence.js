/** Steps of a verdict's evidence in the trace: which operation, at which moment it is best seen, and who answered. */

import { DELIVERED, ROLES } from "./messages.js";
import { slotsOf } from "./spans.js";

const REPLY = ROLES.indexOf("reply");

/**
 * The moment is halfway of the answer's way back, so that it is seen arriving; its end, or its beginning, where there is no such answer.
 * @param {TraceStore} trace
 * @param {EvidenceStep} step
 * @returns {FoundStep}
 */
export function stepInTrace(trace, step) {
  const operation = trace.operations.slots.get(step.op) ?? -1;
  const t = (step.end_ms ?? step.start_ms) * 1e6;
  if (operation < 0) return { operation, t, message: -1, client: -1, answerer: -1 };
  const { messages, operations } = trace;
  const client = operations.node.data[operation];
  const slots = slotsOf(messages, step.op, operations.invoked.data[operation]);
  const known = step.end_ms !== null;
  const reply = known ? slots.findLast((slot) => messages.role.data[slot] === REPLY && messages.dst.data[slot] === client && messages.outcome.data[slot] === DELIVERED && messages.settled.data[slot] <= t) ?? -1 : -1;
  const message = slots[0] ?? -1;
  if (reply < 0) return { operation, t, message, client, answerer: -1 };
  return { operation, t: (messages.sent.data[reply] + messages.settled.data[reply]) / 2, message, client, answerer: messages.src.data[reply] };
}
