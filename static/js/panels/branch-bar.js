/** The branches on the time axis of the scrub bar: lines that fork where something was broken; a press goes to a line. */

import { $, s, glyph } from "../dom.js";
import { rowsOf } from "../document/branches.js";
import { t, seconds } from "./words.js";

const PAD = 14;
const ROW_PX = 12;
const TOP_PX = 10;
const HEIGHT_PX_MIN = 44;
const HEIGHT_PX_MAX = 68;
const CHARACTER_PX = 5.6;
const LABEL_PX_MIN = 70;

/** @typedef {ReturnType<typeof rowsOf>[number]} Row */

/** How a branch fares: glyph, class and word. @param {Stage} stage @param {Branch} branch @returns {[string, string, string]} */
export function branchState(stage, branch) {
  if (branch.id === stage.store.branch && stage.running) return ["i-play", "", t("running")];
  if (branch.viewing === null) return ["i-clock", "", t("not run yet")];
  if (branch.verdict === "fail") return ["i-fail", "mark-bad", t("failed")];
  if (branch.verdict === "pass") return ["i-pass", "mark-good", t("passed")];
  return branch.verdict === "unknown" ? ["i-unk", "", t("unknown")] : ["i-check", "", t("no verdict")];
}

/** "R2 crashes at 2.000 s, current, failed". @param {Stage} stage @param {Branch} branch */
export function branchWords(stage, branch) {
  return [branch.name, ...(branch.id === stage.store.branch ? [t("current")] : []), branchState(stage, branch)[2], ...(branch.kept && branch.parent !== null ? [t("kept")] : [])].join(", ");
}

/** @param {Stage} stage */
export function branchBar(stage) {
  const bar = $("#branch-bar");
  const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ ($("#tree")));
  const head = s("line", { class: "fl-head", y1: 0 });
  const end = () => stage.trace?.end ?? stage.end_ns;
  const width = () => svg.clientWidth;
  const x = (/** @type {number} */ ns) => PAD + (Math.min(ns, end()) / Math.max(1, end())) * (width() - 2 * PAD);
  const follow = () => {
    const at = String(x(stage.playhead.t));
    head.setAttribute("x1", at);
    head.setAttribute("x2", at);
  };
  const draw = () => {
    const { list, current } = stage.branches;
    bar.hidden = list.length < 2;
    document.body.dataset.branches = String(list.length);
    if (bar.hidden) return;
    $("#branch-count").textContent = String(list.length);
    $("#branch-now").textContent = current.name;
    const rows = rowsOf(stage.branches.tree);
    const height = Math.max(HEIGHT_PX_MIN, TOP_PX * 2 + (rows.length - 1) * ROW_PX);
    svg.style.height = `${height}px`;
    bar.style.height = `${Math.min(height, HEIGHT_PX_MAX)}px`;
    head.setAttribute("y2", String(height));
    follow();
    const focused = svg.contains(document.activeElement) ? document.activeElement?.getAttribute("data-branch") : null;
    svg.replaceChildren(...rows.map((row) => fork(row, x, end())), path(rows, current.id, x, end()), s("circle", { class: "br-dot now", cx: x(0), cy: TOP_PX, r: 3 }), ...rows.map((row) => label(stage, row, x)), head);
    // Drawing anew takes the focus away: it goes back to the line it was on.
    const mine = `[data-branch="${CSS.escape(focused ?? "")}"]`;
    if (focused) /** @type {SVGElement | null} */ (svg.querySelector(mine) ?? svg.querySelector('[aria-current="true"]'))?.focus();
    keepInView(/** @type {HTMLElement} */ (svg.parentElement), TOP_PX + (rows.find(({ branch }) => branch.id === current.id)?.row ?? 0) * ROW_PX);
  };
  stage.on("branches run trace document", draw);
  new ResizeObserver(draw).observe(/** @type {Element} */ (svg.parentElement));
  svg.addEventListener("keydown", walk);
  draw();
  return follow;
}

/** @param {HTMLElement} box @param {number} y */
function keepInView(box, y) {
  if (y < box.scrollTop + TOP_PX || y > box.scrollTop + box.clientHeight - TOP_PX) box.scrollTop = y - box.clientHeight / 2;
}

/** One tab stop, the arrows go from line to line. @param {KeyboardEvent} event */
function walk(event) {
  const all = /** @type {SVGElement[]} */ ([.../** @type {Element} */ (event.currentTarget).querySelectorAll('[role="button"]')]);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = all.indexOf(/** @type {SVGElement} */ (/** @type {unknown} */ (document.activeElement)));
  all[(at + step + all.length) % all.length].focus();
}

/** @param {number} row */
function y(row) { return TOP_PX + row * ROW_PX; }

/** @param {Row} row @param {(ns: number) => number} x @param {number} end_ns */
function fork({ branch, row, from }, x, end_ns) {
  if (branch.parent === null) return s("path", { class: "br-line", d: `M${x(0)} ${y(0)}H${x(end_ns)}` });
  const at = x(branch.at_ms * 1e6);
  return s("g", {}, s("path", { class: "br-line", d: `M${at} ${y(from)}${bend(at, from, row)}H${x(end_ns)}` }), s("circle", { class: "br-dot", cx: at, cy: y(from), r: 2.5 }));
}

/** @param {number} at @param {number} from @param {number} row */
function bend(at, from, row) { return `C${at + 7} ${y(from)} ${at - 1} ${y(row)} ${at + 9} ${y(row)}`; }

/** The way from the start of the run to the end of the current line. @param {Row[]} rows @param {string} current @param {(ns: number) => number} x @param {number} end_ns */
function path(rows, current, x, end_ns) {
  let row = rows.find(({ branch }) => branch.id === current) ?? rows[0];
  let d = "";
  let until = x(end_ns);
  while (row.branch.parent !== null) {
    const at = x(row.branch.at_ms * 1e6);
    d = `M${at} ${y(row.from)}${bend(at, row.from, row.row)}H${Math.max(until, at + 9)}${d}`;
    until = at;
    row = rows[row.from];
  }
  return s("path", { class: "br-line now", d: `M${x(0)} ${y(row.row)}H${until}${d}` });
}

/** @param {Stage} stage @param {Row} row @param {(ns: number) => number} x */
function label(stage, { branch, row }, x) {
  const current = branch.id === stage.store.branch;
  const [icon, kind] = branchState(stage, branch);
  const left = x(branch.at_ms * 1e6) + (branch.parent === null ? 8 : 13);
  const right = x(Infinity);
  const before = right - left < LABEL_PX_MIN && left > right / 2;
  const room = Math.floor(((before ? left - PAD - 30 : right - left) - 16) / CHARACTER_PX);
  const text = branch.name.length > room ? `${branch.name.slice(0, Math.max(0, room - 1))}…` : branch.name;
  const wide = text.length * CHARACTER_PX + 18;
  const start = before ? left - 24 - wide : left;
  const words = branchWords(stage, branch);
  const group = s("g", { class: `br${current ? " now" : ""}`, role: "button", tabindex: current ? 0 : -1, "aria-label": words, "aria-current": current ? "true" : null, "data-branch": branch.id },
    s("title", {}, words), s("rect", { class: "br-hit", x: start - 3, y: y(row) - ROW_PX / 2, width: before ? wide : right - start + 3, height: ROW_PX, rx: 3 }),
    s("rect", { class: "br-back", x: start - 2, y: y(row) - 6, width: 16, height: 12 }), glyph(icon, start, y(row) - 5, 10, kind), s("text", { x: start + 13, y: y(row) + 3.5 }, text));
  const go = () => stage.branches.switchTo(branch.id);
  group.addEventListener("click", go);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(); }
  });
  return group;
}

/** "leaves Main at 2.000 s". @param {Stage} stage @param {Branch} branch */
export function forkWords(stage, branch) {
  const parent = stage.branches.list.find(({ id }) => id === branch.parent);
  return parent ? t("leaves “{name}” at {time}\u2009s", { name: parent.name, time: seconds(branch.at_ms * 1e6) }) : t("the run as it began");
}
