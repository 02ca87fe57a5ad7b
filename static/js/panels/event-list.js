/** Every event in time order; only the rows in view exist. A press moves the playhead there. */

import { $, h, icon } from "../dom.js";
import { describeEvent } from "./describe.js";
import { numberedFaultWords } from "./fault-words.js";
import { mark } from "./marks.js";
import { t, seconds } from "./words.js";

const ROW = 25;
/** A taller pad than this is more than browsers lay out well; beyond it rows are spaced by scale. */
const PAD_MAX = 12_000_000;
/** @type {Record<string, string>} */
const ICONS = { fault: "i-bolt", asked: "i-fwd", answered: "i-check", failed: "i-x", note: "i-info" };

export class EventList {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.follow = true;
    this.current = -1;
    this.first = -1;
    this.pad = h("div", { class: "pad" });
    this.list = h("div", { class: "vlist", tabindex: 0, role: "group", "aria-label": t("Events") }, this.pad);
    this.empty = h("p", { class: "note" }, h("b", {}, t("No events yet")), t("Press Run: everything that happens is listed here, and a press on a line moves the playhead there."));
    this.head = h("div", { class: "vhead", "aria-hidden": "true" }, h("span", {}, t("Time")), h("span", {}, t("Kind")), h("span", {}, t("What happened")));
    $("#p-events").replaceChildren(this.head, this.empty, this.list);
    this.list.addEventListener("scroll", () => this.#draw(), { passive: true });
    for (const gesture of ["wheel", "pointerdown", "touchstart"]) this.list.addEventListener(gesture, () => { this.follow = false; }, { passive: true });
    stage.on("trace chunk", () => this.refresh());
    stage.on("seek play", () => { this.follow = true; });
    this.refresh();
  }

  get count() { return this.stage.trace?.events.length ?? 0; }

  refresh() {
    const any = this.count > 0;
    this.empty.hidden = any;
    this.list.hidden = this.head.hidden = !any;
    this.height = Math.min(PAD_MAX, this.count * ROW);
    this.pad.style.height = `${this.height}px`;
    this.first = this.current = -1; // with more rows the same place may be another row
    this.#draw();
  }

  /** Called as the playhead moves. */
  tick() {
    const { trace, playhead } = this.stage;
    if (!trace || !this.list.offsetParent) return;
    const current = trace.events.after(playhead.t) - 1;
    if (current === this.current && this.first >= 0) return;
    this.current = current;
    if (this.follow) this.list.scrollTop = this.#offset(Math.max(0, current - 3));
    this.first = -1;
    this.#draw();
  }

  /** @param {number} index */
  #offset(index) { return this.height === this.count * ROW ? index * ROW : (index / Math.max(1, this.count)) * (this.height ?? 0); }

  #draw() {
    const { trace } = this.stage;
    if (!trace || !this.list.clientHeight) return;
    const scrolled = this.list.scrollTop;
    const scaled = this.height !== this.count * ROW;
    const first = Math.max(0, scaled ? Math.floor((scrolled / (this.height || 1)) * this.count) : Math.floor(scrolled / ROW));
    if (first === this.first) return;
    this.first = first;
    const shown = Math.min(this.count - first, Math.ceil(this.list.clientHeight / ROW) + 2);
    const top = scaled ? scrolled : first * ROW;
    const active = this.list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.index : undefined;
    this.pad.replaceChildren(...Array.from({ length: shown }, (_, i) => this.#row(trace, first + i, top + i * ROW)));
    if (active !== undefined) /** @type {HTMLElement | null} */ (this.pad.querySelector(`[data-index="${active}"]`))?.focus({ preventScroll: true });
  }

  /** @param {TraceStore} trace @param {number} index @param {number} top */
  #row(trace, index, top) {
    const event = describeEvent(trace, index, (fault) => numberedFaultWords(this.stage, fault), (n) => this.stage.nameOf(n));
    const sign = ICONS[event.role] ? icon(ICONS[event.role], "s") : mark(event.role);
    const classes = `vrow${index === this.current ? " cur" : ""}${event.bad ? " isbad" : ""}`;
    const row = h("button", { class: classes, "data-index": index, "aria-current": index === this.current ? "true" : null },
      h("span", { class: "mono" }, seconds(event.time)), h("span", { class: "kd" }, sign, event.kind), h("span", { class: "tx" }, event.text));
    row.style.top = `${top}px`;
    row.onclick = () => {
      this.stage.play(false);
      this.stage.seek(event.time);
      const { type, slot } = trace.events.at(index);
      if (type === "invoked" || type === "returned") this.stage.chooseOperation(slot);
      this.follow = false;
    };
    return row;
  }
}
