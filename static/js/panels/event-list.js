/** Every event in time order, or those that a filter finds; only the rows in view exist. A press moves the playhead there, and pins a message. */

import { $, h, icon } from "../dom.js";
import { numberedFaults } from "../document/faults.js";
import { EventFilter } from "../trace/event-filter.js";
import { describeEvent } from "./describe.js";
import { EventFilters } from "./event-filters.js";
import { numberedFaultWords } from "./fault-words.js";
import { mark } from "./marks.js";
import { t, seconds } from "./words.js";

const ROW = 25;
/** A taller pad than this is more than browsers lay out well; beyond it rows are spaced by scale. */
const PAD_MAX = 12_000_000;
const SCAN_MS = 5;
/** @type {Record<string, string>} */
const ICONS = { fault: "i-bolt", asked: "i-fwd", answered: "i-check", failed: "i-x", note: "i-info" };

/** One event in words. @param {Stage} stage @param {TraceStore} trace @param {number} index */
export function eventWords(stage, trace, index) {
  return describeEvent(trace, index, (fault) => numberedFaultWords(stage, fault), (n) => stage.nameOf(n));
}

export class EventList {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.follow = true;
    /** Somebody has said that the list shall stay where it is. */
    this.stays = false;
    this.current = -1;
    this.first = -1;
    this.filter = new EventFilter();
    this.host = $("#p-events");
    this.pad = h("div", { class: "pad" });
    this.list = h("div", { class: "vlist", tabindex: 0, role: "group", "aria-label": t("Events") }, this.pad);
    this.empty = h("p", { class: "note" }, h("b", {}, t("No events yet")), t("Press Run: everything that happens is listed here, and a press on a line moves the playhead there."));
    this.none = h("p", { class: "note", hidden: true }, h("b", {}, t("No such event")), t("Choose other kinds, another node or other words."));
    this.head = h("div", { class: "vhead", "aria-hidden": "true" }, h("span", {}, t("Time")), h("span", {}, t("Kind")), h("span", {}, t("What happened")));
    this.host.replaceChildren(this.head, this.empty, this.none, this.list);
    this.filters = new EventFilters(stage, this.host, (wanted) => this.#want(wanted), () => this.#toggleFollow());
    this.list.addEventListener("scroll", () => this.#draw(), { passive: true });
    for (const gesture of ["wheel", "pointerdown", "touchstart"]) this.list.addEventListener(gesture, () => this.#stay(), { passive: true });
    stage.on("trace", () => this.filter.restart());
    stage.on("trace chunk", () => this.refresh());
    stage.on("pin", () => this.refresh());
    stage.on("seek play", () => this.#follow(!this.stays));
    stage.on("frame", () => this.#scan());
    this.refresh();
  }

  get count() { return this.filter.active ? this.filter.found.length : this.stage.trace?.events.length ?? 0; }

  /** The event of a row. @param {number} row */
  #event(row) { return this.filter.active ? this.filter.found.data[row] : row; }

  #stay() { this.#follow(false); }

  /** @param {boolean} follows */
  #follow(follows) {
    if (this.follow === follows) return;
    this.follow = follows;
    this.#tell();
  }

  #toggleFollow() {
    this.stays = this.follow;
    this.#follow(!this.stays);
    this.current = -1;
    this.tick();
  }

  /** @param {{kind?: string, node?: number, text?: string}} wanted */
  #want(wanted) {
    this.filter.want(wanted);
    this.#scan();
    this.refresh();
    this.current = -1;
    this.tick();
  }

  /** Looks through some more of the run. */
  #scan() {
    const { stage: { trace }, filter } = this;
    if (!trace || !filter.active || this.host.hidden || filter.seen >= trace.events.length) return;
    const until = performance.now() + SCAN_MS;
    const faults = numberedFaults(this.stage.ran ?? this.stage.doc);
    const words = (/** @type {number} */ index) => {
      const { kind, text } = eventWords(this.stage, trace, index);
      return `${kind} ${text}`;
    };
    const hits = (/** @type {number} */ fault, /** @type {number} */ node) => [faults[fault]?.fault.target ?? []].flat(2).includes(trace.nodes[node]);
    filter.scan(trace, words, hits, () => performance.now() > until);
    this.refresh();
  }

  /** How many are found, and whether the list follows. */
  #tell() {
    const { filter, stage: { trace } } = this;
    this.filters.show(this.follow, filter.active ? filter.found.length : -1, filter.seen < (trace?.events.length ?? 0));
  }

  refresh() {
    const any = (this.stage.trace?.events.length ?? 0) > 0;
    this.filters.element.hidden = this.host.hidden || !any;
    this.filters.fill();
    this.empty.hidden = any;
    this.list.hidden = this.head.hidden = !any;
    this.none.hidden = !any || this.count > 0 || this.filter.seen < (this.stage.trace?.events.length ?? 0);
    this.height = Math.min(PAD_MAX, this.count * ROW);
    this.pad.style.height = `${this.height}px`;
    this.first = this.current = -1; // with more rows the same place may be another row
    this.#tell();
    this.#draw();
  }

  /** Called as the playhead moves. */
  tick() {
    const { trace, playhead } = this.stage;
    if (!trace || !this.list.offsetParent) return;
    const event = trace.events.after(playhead.t) - 1;
    const current = this.filter.active ? this.filter.upTo(event) - 1 : event;
    if (current === this.current && this.first >= 0) return;
    this.current = current;
    if (this.follow) this.list.scrollTop = this.#offset(Math.max(0, current - 3));
    this.first = -1;
    this.#draw();
  }

  /** @param {number} row */
  #offset(row) { return this.height === this.count * ROW ? row * ROW : (row / Math.max(1, this.count)) * (this.height ?? 0); }

  #draw() {
    const { trace } = this.stage;
    if (!trace || !this.list.clientHeight) return;
    const scrolled = this.list.scrollTop;
    const scaled = this.height !== this.count * ROW;
    const first = Math.max(0, scaled ? Math.floor((scrolled / (this.height || 1)) * this.count) : Math.floor(scrolled / ROW));
    if (first === this.first) return;
    this.first = first;
    const shown = Math.max(0, Math.min(this.count - first, Math.ceil(this.list.clientHeight / ROW) + 2));
    const top = scaled ? scrolled : first * ROW;
    const active = this.list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.index : undefined;
    this.pad.replaceChildren(...Array.from({ length: shown }, (_, i) => this.#row(trace, first + i, top + i * ROW)));
    if (active !== undefined) /** @type {HTMLElement | null} */ (this.pad.querySelector(`[data-index="${active}"]`))?.focus({ preventScroll: true });
  }

  /** @param {TraceStore} trace @param {number} number @param {number} top */
  #row(trace, number, top) {
    const { stage } = this;
    const index = this.#event(number);
    const event = eventWords(stage, trace, index);
    const { type, slot } = trace.events.at(index);
    const message = type === "sent" || type === "dropped";
    const sign = ICONS[event.role] ? icon(ICONS[event.role], "s") : mark(event.role);
    const classes = `vrow${number === this.current ? " cur" : ""}${event.bad ? " isbad" : ""}${message && slot === stage.pinned ? " pinned" : ""}`;
    const row = h("button", { class: classes, "data-index": index, "aria-current": number === this.current ? "true" : null, "aria-pressed": message ? String(slot === stage.pinned) : null },
      h("span", { class: "mono" }, seconds(event.time)), h("span", { class: "kd" }, sign, event.kind), h("span", { class: "tx" }, event.text));
    row.style.top = `${top}px`;
    row.onclick = () => {
      stage.play(false);
      stage.seek(event.time);
      this.#stay();
      if (message) stage.pin(slot);
      if (type === "invoked" || type === "returned") stage.chooseOperation(slot);
    };
    return row;
  }
}
