/** A span as a bar: the way there, the wait, the work, the way back, with what it takes to marshal; what was lost ends in a ✕. */

import { h, icon } from "../dom.js";
import { t } from "./words.js";

/**
 * @param {TimeWindow} window
 * @param {OperationRow} o
 * @param {RequestSpan | null} span null: the whole operation
 */
export function bars(window, o, span) {
  const host = h("div", { class: "wf-bars", "aria-hidden": "true" });
  const piece = (/** @type {string} */ kind, /** @type {number | null} */ from, /** @type {number | null} */ to) => {
    if (from === null || to === null || to < from) return;
    const bit = h("i", { class: `wf-bit ${kind}` });
    bit.style.left = `${window.x(from, 100)}%`;
    bit.style.width = `${((to - from) / window.span) * 100}%`;
    host.append(bit);
  };
  if (!span) {
    piece(o.type === "ok" ? "whole" : "whole bad", o.invoked, o.returned === Infinity ? window.time(1, 1) : o.returned);
    return host;
  }
  const pack = (/** @type {number | null} */ from, /** @type {number} */ took) => { if (from !== null && took > 0) piece("pack", from, from + took); };
  pack(span.sent - span.packed, span.packed);
  piece(`way ${span.role}`, span.sent, span.settled);
  if (span.outcome && span.outcome !== "delivered") lost(host, window.x(span.settled ?? span.sent, 100), span.outcome);
  else {
    piece("wait", span.settled, span.left);
    piece(span.answered === null ? "work open" : "work", span.left, span.until);
    for (const [from, to] of span.calls) piece("call", from, to);
    pack(span.left, span.read);
    pack((span.answered ?? 0) - span.written, span.written);
    pack(span.returned, span.unpacked);
    if (span.answered !== null && span.replyOutcome && span.replyOutcome !== "delivered" && span.returned === null) lost(host, window.x(span.answered, 100), span.replyOutcome);
    else piece("way reply", span.answered, span.returned);
  }
  return host;
}

/** @param {HTMLElement} host @param {number} at percent @param {string} reason */
function lost(host, at, reason) {
  const pill = h("span", { class: `wf-lost${at > 60 ? " before" : ""}` }, icon("i-x", "s"), h("span", {}, t(reason)));
  pill.style.left = `${at}%`;
  host.append(pill);
}
