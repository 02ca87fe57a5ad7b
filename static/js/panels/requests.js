/** Client requests: the slowest, those that failed, or all of them; the chosen one as spans. */

import { $, h, icon } from "../dom.js";
import { listRequests } from "../trace/request-list.js";
import { RequestRows } from "./request-rows.js";
import { Waterfall } from "./waterfall.js";
import { t } from "./words.js";

const AGAIN_MS = 400;
const TYPED_MS = 150;

export class Requests {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#p-requests");
    /** @type {RequestView} */
    this.view = "slow";
    this.drawn = 0;
    this.timer = 0;
    this.rows = new RequestRows(stage, { opened: (slot) => this.#opened(slot) });
    this.waterfall = new Waterfall(stage, () => this.#back());
    this.find = h("input", { class: "in", type: "search", placeholder: t("Find a request"), "aria-label": t("Find a request by what it did, its client, key or error") });
    this.find.addEventListener("input", () => this.later(TYPED_MS));
    this.count = h("span", { class: "mut rq-count", role: "status" });
    /** @type {Map<string, HTMLButtonElement>} */
    this.views = new Map();
    this.empty = h("p", { class: "note" });
    this.frame = h("div", { class: "rq" });
    this.#build();
    stage.on("trace", () => this.refresh());
    stage.on("chunk document", () => this.later(AGAIN_MS));
    stage.on("operation", () => this.#chosen());
    stage.on("pin", () => this.#pinned());
    new ResizeObserver(() => this.refresh()).observe(this.host);
    this.refresh();
  }

  #build() {
    const group = h("div", { class: "rq-views", role: "group", "aria-label": t("Which requests") });
    for (const [view, words] of [["slow", t("Slowest")], ["failed", t("Failed")], ["all", t("All")]]) {
      const button = h("button", { class: "b", "data-view": view, "aria-pressed": String(view === this.view) }, words);
      button.onclick = () => {
        this.view = /** @type {any} */ (view);
        for (const [other, one] of this.views) one.setAttribute("aria-pressed", String(other === view));
        this.rows.list.scrollTop = 0;
        this.refresh();
      };
      this.views.set(view, button);
      group.append(button);
    }
    const bar = h("div", { class: "rq-bar" }, group, h("div", { class: "search" }, icon("i-search"), this.find));
    const head = h("div", { class: "rq-head", "aria-hidden": "true" }, h("span", { class: "when" }, t("At, s")), this.count, h("span", {}, t("Outcome")), h("span", { class: "took" }, t("Took")));
    this.frame.append(h("div", { class: "rq-left" }, bar, head, this.rows.list), this.waterfall.host);
    this.host.replaceChildren(this.empty, this.frame);
  }

  /** @param {number} wait ms */
  later(wait) {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.refresh();
    }, Math.max(wait === TYPED_MS ? wait : 0, this.drawn + wait - performance.now()));
  }

  refresh() {
    const { trace } = this.stage;
    const any = Boolean(trace?.operations.length);
    this.empty.hidden = any;
    this.frame.hidden = !any;
    if (!trace || !any) {
      this.empty.replaceChildren(h("b", {}, trace ? t("No requests yet") : t("No run yet")), trace ? t("Nobody has asked for anything so far.") : t("Press Run: what clients ask for is listed here, the slowest and the failed first, and each one is shown hop by hop."));
      return;
    }
    if (!this.host.clientHeight) return;
    this.drawn = performance.now();
    const slots = listRequests(trace.operations, { view: this.view, find: this.find.value, nameOf: (node) => this.stage.nameOf(node) });
    this.count.textContent = slots.length ? t("{n} requests", { n: slots.length.toLocaleString() }) : this.find.value.trim() ? t("None found") : this.view === "failed" ? t("None failed") : t("None yet");
    this.rows.show(slots);
    this.waterfall.refresh();
    this.frame.classList.toggle("one", this.stage.operation >= 0);
  }

  #chosen() {
    this.frame.classList.toggle("one", this.stage.operation >= 0);
    this.waterfall.refresh();
    this.rows.reveal();
  }

  /** A pinned message belongs to an operation, and that one is looked at. */
  #pinned() {
    const { trace, pinned } = this.stage;
    const op = trace && pinned >= 0 ? trace.messages.op.data[pinned] : -1;
    const slot = op >= 0 ? trace?.operations.slots.get(op) : undefined;
    if (slot !== undefined) this.stage.chooseOperation(slot);
    this.waterfall.mark();
  }

  /** @param {number} slot */
  #opened(slot) {
    const { trace } = this.stage;
    if (!trace) return;
    this.stage.play(false);
    this.stage.seek(trace.operations.invoked.data[slot]);
    this.waterfall.focus();
  }

  /** From the spans to the list, where there is room for one only. */
  #back() {
    this.stage.chooseOperation(-1);
    this.rows.list.focus();
  }

  /** Called as the playhead moves. */
  tick() { if (this.host.clientHeight) this.waterfall.tick(); }
}
