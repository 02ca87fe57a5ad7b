/** The scheduled faults on the same time axis as the scrub bar. */

import { $, s, glyph } from "../dom.js";
import { faultWords, waitingWords } from "./fault-words.js";
import { brokenAt, heal as healAt, spansOfStage } from "./break.js";
import { t } from "./words.js";

const PAD = 14;
const CHARACTER_PX = 5.8;
const TWO_ROWS_PX = 40;

/** @param {Stage} stage */
export function faultLane(stage) {
  const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ ($("#fault-lane")));
  const heal = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#heal")));
  const head = s("line", { class: "fl-head", y1: 0 });
  const x = (/** @type {number} */ ns) => PAD + (Math.min(ns, end()) / Math.max(1, end())) * (svg.clientWidth - 2 * PAD);
  const end = () => stage.trace?.end ?? stage.end_ns;
  heal.hidden = stage.mode !== "edit";
  heal.onclick = () => healAt(stage);

  const follow = () => {
    const at = String(x(stage.playhead.t));
    head.setAttribute("x1", at);
    head.setAttribute("x2", at);
  };
  const draw = () => {
    const faults = stage.doc.faults ?? [];
    $("#fault-count").textContent = String(faults.length);
    const height = svg.clientHeight;
    const most = height < TWO_ROWS_PX ? 1 : 2;
    /** @type {number[]} */
    const rows = [];
    const spans = spansOfStage(stage);
    const placed = faults.map((fault, index) => ({ fault, index, span: spans[index], row: 0, from: Math.min(x((spans[index]?.from_ms ?? 0) * 1e6), svg.clientWidth - PAD - 18), to: 0 })).sort((a, b) => a.from - b.from);
    for (const place of placed) {
      const { from, span } = place;
      place.to = Math.max(from + 18, span ? x(span.until_ms * 1e6) : 0);
      let row = rows.findIndex((taken) => taken < from);
      if (row < 0) row = rows.length < most ? rows.length : rows.indexOf(Math.min(...rows));
      rows[row] = place.to + 2;
      place.row = row;
    }
    const top = rows.length > 1 ? 3 : (height - 20) / 2;
    const items = placed.map((place) => {
      const next = placed.find((other) => other.row === place.row && other.from > place.from);
      return item(stage, place, top + place.row * 19, next?.from ?? svg.clientWidth - PAD);
    });
    head.setAttribute("y2", String(height));
    follow();
    svg.replaceChildren(s("line", { class: "fl-axis", x1: PAD, x2: svg.clientWidth - PAD, y1: height - 3.5, y2: height - 3.5 }), ...items, head);
    if (!faults.length) svg.append(s("text", { x: PAD, y: height / 2 + 3 }, stage.mode === "edit" ? t("Nothing breaks yet. Move the playhead, select a node or a link, and break it.") : t("Nothing breaks in this scenario.")));
  };
  stage.on("document trace chunk select", draw);
  new ResizeObserver(draw).observe(svg);
  return () => {
    follow();
    heal.disabled = !stage.editable || !stage.trace || !brokenAt(stage).length;
  };
}

/**
 * One fault: a bar from its start to its end, its words inside or, where they do not fit, to the right. One that waits
 * for an event is a mark at the left.
 * @param {Stage} stage
 * @param {{fault: FaultEntry, index: number, span: Span | null, from: number, to: number}} place
 * @param {number} y
 * @param {number} room where the next one begins
 */
function item(stage, { fault, index, span, from, to }, y, room) {
  const words = span ? faultWords(stage.doc, fault) : waitingWords(stage.doc, fault);
  const id = `fault:${index}`;
  const inside = Math.floor((Math.min(to, room) - from - 24) / CHARACTER_PX);
  const outside = Math.floor((room - to - 8) / CHARACTER_PX);
  const fits = Math.max(inside, outside);
  const group = s("g", { class: `fl${stage.selection.has(id) ? " sel" : ""}${span ? "" : " waits"}`, tabindex: 0, role: "button", "aria-label": span ? `${words}, ${span.from_ms / 1000} s` : words },
    s("title", {}, words), s("rect", { x: from, y, width: to - from, height: 16, rx: 3 }), glyph(span ? "i-bolt" : "i-clock", from + 4, y + 2.5, 11, span ? "mark-bad" : "mark-waits"));
  const beside = inside < words.length && outside > inside;
  const text = words.length > fits ? `${words.slice(0, Math.max(0, fits - 1))}…` : words;
  if (fits > 2) group.append(s("text", { class: beside ? "beside" : "", x: beside ? to + 6 : from + 19, y: y + 11.5 }, text));
  const pick = () => {
    stage.select([id]);
    stage.play(false);
    if (span) stage.seek(span.from_ms * 1e6);
  };
  group.addEventListener("click", pick);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
  });
  return group;
}
