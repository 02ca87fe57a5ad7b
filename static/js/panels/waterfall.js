/** One request as spans over time: each attempt, what was sent because of it, where it waited, and what was lost. */

import { h, icon } from "../dom.js";
import { TimeWindow, markWords, spanWords } from "../trace/time-window.js";
import { requestSpans, spanLines } from "../trace/spans.js";
import { operationWords } from "./describe.js";
import { mark } from "./marks.js";
import { outcomeChip } from "./request-rows.js";
import { bars } from "./span-bars.js";
import { nameWords, spanLabel, spanStory, tookWords } from "./span-words.js";
import { t } from "./words.js";

const MARKS_APART = 76;
const MARGIN = 0.02;
const MS = 1e6;

export class Waterfall {
  /** @param {Stage} stage @param {() => void} back to the list */
  constructor(stage, back) {
    this.stage = stage;
    this.window = new TimeWindow();
    this.marked = 0;
    this.of = -1;
    /** @type {{span: RequestSpan | null, depth: number, attempt: number, name: string, row: HTMLElement}[]} */
    this.lines = [];
    this.title = h("h2");
    this.chip = h("span");
    this.took = h("span", { class: "mono mut" });
    this.ruler = h("div", { class: "wf-ruler mono", "aria-hidden": "true" });
    this.tree = h("div", { class: "wf-tree", role: "tree", "aria-label": t("Spans of the request") });
    this.head = h("div", { class: "wf-line" });
    this.story = h("p", { class: "wf-story", "aria-live": "polite" });
    this.keys = keyOf();
    const button = h("button", { class: "b icon wf-back", "aria-label": t("Back to the list") }, icon("i-back"));
    button.onclick = back;
    this.body = h("div", { class: "wf-body" }, this.ruler, this.tree, h("div", { class: "wf-over", "aria-hidden": "true" }, this.head));
    this.frame = h("div", { class: "wf" }, h("header", {}, button, this.title, this.chip, this.took), this.body, h("footer", {}, this.story, this.keys));
    this.empty = h("p", { class: "note" }, h("b", {}, t("No request chosen")), t("Choose one to see its attempts and hops over time: on the way, waiting, at work, answered or lost."));
    this.host = h("section", { class: "rq-right", "aria-label": t("Spans") }, this.empty, this.frame);
    this.tree.addEventListener("keydown", (event) => this.#key(event));
    this.tree.addEventListener("click", (event) => this.#click(event));
  }

  /** The chosen operation anew, as far as it is known. */
  refresh() {
    const { stage } = this;
    const { trace, operation } = stage;
    this.empty.hidden = operation >= 0;
    this.frame.hidden = operation < 0;
    if (!trace || operation < 0 || operation >= trace.operations.length || !this.host.clientWidth) return;
    if (operation !== this.of) this.marked = 0;
    this.of = operation;
    const o = trace.operations.row(operation);
    const spans = requestSpans(trace, operation, (node) => this.#timeout(node));
    this.title.textContent = `${stage.nameOf(o.node)} ${operationWords(o)}`;
    const chip = outcomeChip(o);
    this.chip.replaceWith(chip);
    this.chip = chip;
    this.took.textContent = o.returned === Infinity ? "" : spanWords(o.returned - o.invoked);
    this.#frameTime(o, spans);
    const focused = this.tree.contains(document.activeElement);
    this.#draw(o, spans);
    if (focused) this.lines[this.marked]?.row.focus({ preventScroll: true });
    this.mark();
    this.tick();
  }

  /** How long a node waits for answers, ns; 0 where nobody knows. @param {number} node */
  #timeout(node) {
    const { stage } = this;
    const id = stage.trace?.nodes[node] ?? "";
    const entry = stage.ran?.nodes.find((one) => one.id === id) ?? stage.ran?.nodes.find((one) => (one.count ?? 1) > 1 && id.startsWith(`${one.id}-`));
    const value = entry?.params?.timeout_ms ?? stage.typeInfo(entry?.type ?? "")?.params.find((param) => param.name === "timeout_ms")?.default;
    return typeof value === "number" ? value * MS : 0;
  }

  /** @param {OperationRow} o @param {RequestSpan[]} spans */
  #frameTime(o, spans) {
    const ends = spanLines(spans).flatMap(({ span }) => [span.sent, span.settled ?? 0, span.until ?? 0, span.returned ?? 0]);
    const end = Math.max(o.invoked + 1000, o.returned === Infinity ? 0 : o.returned, ...ends);
    const margin = (end - o.invoked) * MARGIN;
    this.window.end = Infinity;
    this.window.from = o.invoked - margin;
    this.window.span = end - o.invoked + 2 * margin;
  }

  /** @param {OperationRow} o @param {RequestSpan[]} spans */
  #draw(o, spans) {
    const { stage, window } = this;
    const many = spans.length > 1;
    const whole = { span: null, depth: 0, attempt: 0, name: many ? t("whole request, {n} attempts", { n: spans.length }) : t("whole request") };
    const all = [whole, ...spanLines(spans).map((line) => ({ ...line, depth: line.depth + 1, name: nameWords(stage, line, many) }))];
    this.lines = all.map((line, i) => {
      const name = h("span", { class: "wf-name" }, line.span ? mark(line.span.role) : icon("i-clock", "s"), h("span", { class: "tx" }, line.name));
      name.style.paddingInlineStart = `${8 + Math.min(line.depth, 6) * 10}px`;
      const row = h("div", { class: "wf-row", role: "treeitem", "aria-level": line.depth + 1, "aria-selected": "false", tabindex: -1, "data-line": i, "aria-label": spanLabel(stage, o, line) },
        name, bars(window, o, line.span), h("span", { class: "mono took" }, tookWords(o, line.span)));
      return { ...line, row };
    });
    this.tree.replaceChildren(...this.lines.map(({ row }) => row));
    this.marked = Math.min(this.marked, this.lines.length - 1);
    this.#drawRuler();
  }

  #drawRuler() {
    const { window } = this;
    const width = this.ruler.clientWidth;
    const { times, step } = window.marks(width, MARKS_APART);
    this.ruler.replaceChildren(...times.map((time, i) => {
      const at = h("span", {}, `${markWords(time, step)}${i === times.length - 1 ? "\u2009s" : ""}`);
      at.style.left = `${window.x(time, 100)}%`;
      return at;
    }));
  }

  /** Which line is named, and which one is pinned. */
  mark() {
    if (!this.lines.length || this.stage.operation < 0) return;
    const { pinned } = this.stage;
    const at = pinned < 0 ? -1 : this.lines.findIndex(({ span }) => span?.slot === pinned || span?.reply === pinned);
    if (at >= 0) this.marked = at;
    this.lines.forEach(({ row }, i) => {
      row.tabIndex = i === this.marked ? 0 : -1;
      row.classList.toggle("cur", i === this.marked);
      row.classList.toggle("pinned", i === at);
      row.setAttribute("aria-selected", String(i === this.marked));
    });
    const line = this.lines[this.marked];
    const o = this.stage.trace?.operations.row(this.of);
    const words = o && line ? spanStory(this.stage, o, line.span) : "";
    if (this.story.textContent !== words) this.story.textContent = words;
  }

  focus() { this.lines[this.marked]?.row.focus(); }

  /** @param {number} i @param {number} [at] ns */
  #go(i, at) {
    const { stage } = this;
    const line = this.lines[i];
    if (!line || !stage.trace) return;
    this.marked = i;
    stage.play(false);
    stage.seek(at ?? line.span?.sent ?? stage.trace.operations.invoked.data[this.of]);
    stage.pin(line.span?.slot ?? -1);
    this.mark();
    line.row.focus({ preventScroll: true });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest("[data-line]") : null;
    if (!(row instanceof HTMLElement)) return;
    const place = /** @type {HTMLElement} */ (row.querySelector(".wf-bars")).getBoundingClientRect();
    const inside = event.clientX >= place.left && event.clientX <= place.right && event.detail > 0;
    this.#go(Number(row.dataset.line), inside ? this.window.time(event.clientX - place.left, place.width) : undefined);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const to = { ArrowDown: this.marked + 1, ArrowUp: this.marked - 1, Home: 0, End: this.lines.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.marked = Math.max(0, Math.min(this.lines.length - 1, to));
      this.mark();
      this.focus();
    } else if (event.key === "Escape" && this.stage.pinned >= 0) {
      event.stopPropagation();
      this.stage.pin(-1);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#go(this.marked);
    }
  }

  /** Called as the playhead moves. */
  tick() {
    const x = this.window.x(this.stage.playhead.t, 100);
    this.head.hidden = !(x >= 0 && x <= 100);
    this.head.style.left = `${x}%`;
  }
}

/** What the pieces of a bar mean. */
function keyOf() {
  const piece = (/** @type {string} */ kind, /** @type {string} */ words) => h("span", {}, h("i", { class: `wf-bit ${kind}` }), words);
  return h("p", { class: "wf-keys" }, piece("way", t("on the way")), piece("wait", t("waiting")), piece("work", t("at work")), piece("pack", t("marshalling")), piece("call", t("calling others")));
}
