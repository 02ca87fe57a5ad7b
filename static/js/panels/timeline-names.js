/** The nodes' names beside their lanes, with what each is at the playhead; a press selects the node. */

import { h, icon } from "../dom.js";
import { ownerOf } from "../document/places.js";
import { laneHeight, lanesInView } from "./timeline-lanes.js";
import { laneWords } from "./timeline-words.js";

export class LaneNames {
  /** @param {Stage} stage @param {HTMLElement} scroller @param {HTMLElement} list */
  constructor(stage, scroller, list) {
    this.stage = stage;
    this.scroller = scroller;
    this.list = list;
    /** @type {string[]} */
    this.nodes = [];
    /** @type {{owner: string, button: HTMLButtonElement, state: HTMLElement, as: string}[]} */
    this.rows = [];
    list.addEventListener("keydown", (event) => this.#key(event));
    stage.on("document", () => { this.nodes = []; });
    stage.on("select", () => this.#showSelected());
  }

  #build() {
    const { trace } = this.stage;
    this.nodes = trace?.nodes ?? [];
    const active = this.rows.findIndex(({ button }) => button === document.activeElement);
    this.rows = this.nodes.map((id, node) => {
      const owner = ownerOf(this.stage.doc, id) ?? id;
      const state = h("span", { class: "tl-state" });
      const button = h("button", { class: "tl-name", tabindex: node === Math.max(0, active) ? 0 : -1, title: this.stage.nameOf(node) }, h("span", {}, this.stage.nameOf(node)), state);
      button.onclick = () => this.stage.select([owner]);
      return { owner, button, state, as: "" };
    });
    this.list.replaceChildren(...this.rows.map(({ button }) => h("li", {}, button)));
    if (active >= 0) this.rows[active]?.button.focus();
    this.#showSelected();
  }

  #showSelected() {
    for (const { owner, button } of this.rows) {
      button.classList.toggle("sel", this.stage.selection.has(owner));
      button.setAttribute("aria-pressed", String(this.stage.selection.has(owner)));
    }
  }

  draw() {
    const { trace, playhead } = this.stage;
    if (!trace) return;
    if (this.nodes !== trace.nodes && this.nodes.join() !== trace.nodes.join()) this.#build();
    this.nodes = trace.nodes; // each chunk brings the same names anew
    const height = this.scroller.clientHeight;
    const lane = laneHeight(height, this.rows.length);
    this.list.style.setProperty("--tl-lane", `${lane}px`);
    const [first, last] = lanesInView({ scroll: this.scroller.scrollTop, lane, height }, this.rows.length);
    for (let node = first; node < last; node++) {
      const row = this.rows[node];
      const { icon: name, words } = laneWords(this.stage, node, playhead.t);
      if (row.as === name + words) continue;
      row.as = name + words;
      row.state.classList.toggle("isbad", name === "i-crash");
      row.state.replaceChildren(...(name ? [icon(name, "s"), h("span", { class: "vh" }, words)] : [words]));
      row.state.title = words;
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.rows.findIndex(({ button }) => button === document.activeElement);
    const to = at + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0);
    if (at < 0 || to === at || !this.rows[to]) return;
    event.preventDefault();
    this.rows[at].button.tabIndex = -1;
    this.rows[to].button.tabIndex = 0;
    this.rows[to].button.focus();
  }
}
