/** The scheduled faults on the same time axis as the scrub bar. */

import { $, s, glyph } from "../dom.js";
import { faultWords } from "./fault-words.js";
import { healedAt, mayBreak } from "./break.js";
import { t } from "./words.js";

const PAD = 14;

/** @param {Stage} stage */
export function faultLane(stage) {
  const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ ($("#fault-lane")));
  const heal = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#heal")));
  const head = s("line", { class: "fl-head", y1: 0 });
  const x = (/** @type {number} */ ns) => PAD + (Math.min(ns, end()) / Math.max(1, end())) * (svg.clientWidth - 2 * PAD);
  const end = () => stage.trace?.end ?? stage.end_ns;
  heal.hidden = stage.mode !== "edit";
  heal.onclick = () => healedAt(stage);

  const draw = () => {
    const faults = stage.doc.faults ?? [];
    $("#fault-count").textContent = String(faults.length);
    /** @type {number[]} */
    const rows = [];
    const items = faults.map((fault, index) => ({ fault, index })).sort((a, b) => a.fault.at_ms - b.fault.at_ms).map(({ fault, index }) => {
      const from = x(fault.at_ms * 1e6);
      const to = Math.max(from + 18, x(fault.until_ms === undefined ? end() : fault.until_ms * 1e6));
      let row = rows.findIndex((taken) => taken < from);
      if (row < 0) row = rows.length < 2 ? rows.length : rows.indexOf(Math.min(...rows));
      rows[row] = to + 2;
      return item(stage, fault, index, from, to, row);
    });
    const height = svg.clientHeight;
    head.setAttribute("y2", String(height));
    svg.replaceChildren(s("line", { class: "fl-axis", x1: PAD, x2: svg.clientWidth - PAD, y1: height - 3.5, y2: height - 3.5 }), ...items, head);
    if (!faults.length) svg.append(s("text", { x: PAD, y: height / 2 + 3 }, stage.mode === "edit" ? t("Nothing breaks yet. Move the playhead, select a node or a link, and break it.") : t("Nothing breaks in this scenario.")));
  };
  stage.on("document trace chunk select", draw);
  new ResizeObserver(draw).observe(svg);
  return () => {
    const at = String(x(stage.playhead.t));
    head.setAttribute("x1", at);
    head.setAttribute("x2", at);
    heal.disabled = !mayBreak(stage) || !(stage.trace && stage.trace.activeFaults(stage.playhead.t).size);
  };
}

/** @param {Stage} stage @param {FaultEntry} fault @param {number} index @param {number} from @param {number} to @param {number} row */
function item(stage, fault, index, from, to, row) {
  const words = faultWords(stage.doc, fault);
  const y = 3 + row * 19;
  const id = `fault:${index}`;
  const fits = Math.floor((to - from - 24) / 5.6);
  const group = s("g", { class: `fl${stage.selection.has(id) ? " sel" : ""}`, tabindex: 0, role: "button", "aria-label": `${words}, ${fault.at_ms / 1000} s` },
    s("title", {}, words), s("rect", { x: from, y, width: to - from, height: 16, rx: 3 }), glyph("i-bolt", from + 4, y + 2.5, 11, "mark-bad"));
  if (fits > 2) group.append(s("text", { x: from + 19, y: y + 11.5 }, words.length > fits ? `${words.slice(0, fits - 1)}…` : words));
  const pick = () => {
    stage.select([id]);
    stage.play(false);
    stage.seek(fault.at_ms * 1e6);
  };
  group.addEventListener("click", pick);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
  });
  return group;
}
