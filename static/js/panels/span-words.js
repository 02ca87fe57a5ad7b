/** Spans in words: their names, their times, and what became of them. */

import { spanWords } from "../trace/time-window.js";
import { operationWords } from "./describe.js";
import { t, seconds } from "./words.js";

/** @param {Stage} stage @param {{span: RequestSpan, depth: number, attempt: number}} line @param {boolean} many attempts */
export function nameWords(stage, { span, depth, attempt }, many) {
  const words = `${span.kind} → ${stage.nameOf(span.dst)}`;
  return many && !depth ? `${attempt}: ${words}` : words;
}

/** @param {OperationRow} o @param {RequestSpan | null} span */
export function tookWords(o, span) {
  if (!span) return o.returned === Infinity ? "–" : spanWords(o.returned - o.invoked);
  if (span.returned !== null) return spanWords(span.returned - span.sent);
  return "–";
}

/** What somebody hears of a line. @param {Stage} stage @param {OperationRow} o @param {{span: RequestSpan | null, name: string}} line */
export function spanLabel(stage, o, { span, name }) {
  return `${name}. ${spanStory(stage, o, span)}`;
}

/** @param {Stage} stage @param {OperationRow} o @param {RequestSpan | null} span */
export function spanStory(stage, o, span) {
  if (!span) return wholeStory(stage, o);
  const at = t("Sent by {node} at {time}\u2009s:", { node: stage.nameOf(span.src), time: seconds(span.sent) });
  if (span.settled === null) return `${at} ${t("still under way.")}`;
  const way = spanWords(span.settled - span.sent);
  if (span.outcome !== "delivered") return `${at} ${t("dropped after {way}: {reason}.", { way, reason: t(span.outcome) })}`;
  const parts = [t("{time} on the way", { time: way })];
  if (span.waiting > 0) parts.push(t("{time} waiting for a worker", { time: spanWords(span.waiting) }));
  if (span.calling > 0) parts.push(t("{time} calling others", { time: spanWords(span.calling) }));
  if (span.read + span.written > 0) parts.push(t("{time} marshalling", { time: spanWords(span.read + span.written) }));
  if (span.working > 0) parts.push(t("{time} at work", { time: spanWords(span.working) }));
  if (span.answered === null) return `${at} ${parts.join(", ")}${span.role === "request" ? `; ${t("never answered.")}` : "."}`;
  if (span.returned === null) return `${at} ${parts.join(", ")}; ${t("the reply was lost: {reason}.", { reason: t(span.replyOutcome || "still under way") })}`;
  return `${at} ${parts.join(", ")}, ${t("{time} back.", { time: spanWords(span.returned - span.answered) })}`;
}

/** @param {Stage} stage @param {OperationRow} o */
function wholeStory(stage, o) {
  const asked = t("{client} asked at {time}\u2009s: {what};", { client: stage.nameOf(o.node), time: seconds(o.invoked), what: operationWords(o) });
  if (o.returned === Infinity) return `${asked} ${t("not answered yet.")}`;
  const took = spanWords(o.returned - o.invoked);
  if (o.type === "ok") return `${asked} ${t("answered after {took}.", { took })}`;
  if (o.type === "info") return `${asked} ${t("after {took} nobody knows whether it took effect: {error}.", { took, error: t(o.error || "unknown") })}`;
  return `${asked} ${t("failed after {took}: {error}.", { took, error: t(o.error || "failed") })}`;
}
