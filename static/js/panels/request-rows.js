/** The requests as a list of which only the rows in view exist; arrows go from one to the next. */

import { h, icon } from "../dom.js";
import { spanWords } from "../trace/time-window.js";
import { operationWords } from "./describe.js";
import { t, seconds } from "./words.js";

const ROW = 25;
/** A taller pad than this is more than browsers lay out well; beyond it rows are spaced by scale. */
const PAD_MAX = 12_000_000;
const PAGE = 8;

/** @param {OperationRow} o @returns {HTMLElement} */
export function outcomeChip(o) {
  if (o.returned === Infinity) return h("span", { class: "chip" }, icon("i-clock"), t("open"));
  if (o.type === "ok") return h("span", { class: "chip ok" }, icon("i-pass"), t("ok"));
  if (o.type === "info") return h("span", { class: "chip unk" }, icon("i-unk"), t(o.error || "unknown"));
  return h("span", { class: "chip bad" }, icon("i-fail"), t(o.error || "failed"));
}

export class RequestRows {
  /** @param {Stage} stage @param {{opened: (slot: number) => void}} acts */
  constructor(stage, { opened }) {
    this.stage = stage;
    this.opened = opened;
    /** @type {Int32Array} */
    this.slots = new Int32Array(0);
    this.pad = h("div", { class: "pad", role: "presentation" });
    this.list = h("div", { class: "vlist", tabindex: 0, role: "listbox", "aria-label": t("Requests") }, this.pad);
    this.list.addEventListener("scroll", () => this.draw(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-slot]") : null;
      if (row instanceof HTMLElement) this.#choose(Number(row.dataset.slot), true);
    });
  }

  /** @param {Int32Array} slots */
  show(slots) {
    this.slots = slots;
    this.height = Math.min(PAD_MAX, slots.length * ROW);
    this.pad.style.height = `${this.height}px`;
    this.draw();
  }

  get scaled() { return this.height !== this.slots.length * ROW; }

  /** @param {number} index */
  #offset(index) { return this.scaled ? (index / Math.max(1, this.slots.length)) * (this.height ?? 0) : index * ROW; }

  draw() {
    const { trace } = this.stage;
    if (!trace || !this.list.clientHeight) return;
    const { scrollTop, clientHeight } = this.list;
    const first = Math.max(0, Math.min(this.slots.length - 1, Math.floor(this.scaled ? (scrollTop / (this.height || 1)) * this.slots.length : scrollTop / ROW)));
    const shown = Math.max(0, Math.min(this.slots.length - first, Math.ceil(clientHeight / ROW) + 2));
    const top = this.scaled ? scrollTop : first * ROW;
    this.pad.replaceChildren(...Array.from({ length: shown }, (_, i) => this.#row(trace, first + i, top + i * ROW)));
    const current = this.pad.querySelector('[aria-selected="true"]');
    if (current) this.list.setAttribute("aria-activedescendant", current.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  /** @param {TraceStore} trace @param {number} index @param {number} top */
  #row(trace, index, top) {
    const slot = this.slots[index];
    const o = trace.operations.row(slot);
    const chosen = slot === this.stage.operation;
    const row = h("div", { class: `rq-row${chosen ? " cur" : ""}`, role: "option", id: `rq-${slot}`, "data-slot": slot, "aria-selected": String(chosen), "aria-posinset": index + 1, "aria-setsize": this.slots.length },
      h("span", { class: "mono mut when" }, seconds(o.invoked)), h("span", { class: "tx" }, h("span", { class: "mut" }, this.stage.nameOf(o.node)), ` ${operationWords(o)}`), outcomeChip(o), h("span", { class: "mono took" }, o.returned === Infinity ? "–" : spanWords(o.returned - o.invoked)));
    row.style.top = `${top}px`;
    return row;
  }

  /** @param {number} slot @param {boolean} open */
  #choose(slot, open) {
    this.stage.chooseOperation(slot);
    if (open) this.opened(slot);
  }

  /** Brings the chosen one into view. */
  reveal() {
    const index = this.slots.indexOf(this.stage.operation);
    const { scrollTop, clientHeight } = this.list;
    if (index >= 0) {
      const top = this.#offset(index);
      if (top < scrollTop || top + ROW > scrollTop + clientHeight) this.list.scrollTop = Math.max(0, top - clientHeight / 2);
    }
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.slots.indexOf(this.stage.operation);
    const last = this.slots.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: last }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      this.#choose(this.slots[Math.max(0, Math.min(last, to))], false);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      this.#choose(this.slots[at], true);
    }
  }
}
