/** The source of a node type with its line numbers; one function of it may be marked. */

import { h } from "../dom.js";
import { t } from "./words.js";

const ABOVE_LINES = 2;

export class SourceView {
  constructor() {
    this.host = h("pre", { class: "cd-src", tabindex: 0, role: "region" });
    /** @type {HTMLElement[]} */
    this.lines = [];
    /** @type {TypeSource | null} */
    this.source = null;
    this.marked = "";
  }

  /** @param {TypeSource | null} source */
  show(source) {
    if (source === this.source) return;
    this.source = source;
    this.marked = "";
    this.host.setAttribute("aria-label", source ? source.file : t("Source"));
    this.lines = (source?.lines ?? []).map((words) => {
      const line = h("span", { class: "cd-line" });
      for (const [sort, text] of words) line.append(sort ? h("span", { class: `cd-${sort}` }, text) : text);
      line.append("\n");
      return line;
    });
    this.host.replaceChildren(...this.lines);
    this.host.scrollTo(0, 0);
  }

  /** @param {string} name of a function, "" for none @param {boolean} now it runs at the playhead */
  mark(name, now) {
    const key = `${name} ${now}`;
    if (key === this.marked || !this.source) return;
    const other = !this.marked.startsWith(`${name} `);
    this.marked = key;
    const place = this.source.handlers.find((handler) => handler.name === name);
    for (const line of this.host.querySelectorAll(".cd-on")) {
      line.classList.remove("cd-on", "cd-now");
      line.removeAttribute("aria-current");
    }
    if (!place) return;
    const marked = this.lines.slice(place.first_line - 1, place.last_line);
    for (const line of marked) {
      line.classList.add("cd-on");
      line.classList.toggle("cd-now", now);
    }
    marked[0].setAttribute("aria-current", "location");
    if (other) this.#reveal(place.first_line);
  }

  /** @param {number} number of a line */
  #reveal(number) {
    const line = this.lines[Math.max(0, number - 1 - ABOVE_LINES)];
    const scroller = this.host.scrollHeight > this.host.clientHeight + 1 ? this.host : null;
    scroller?.scrollTo(0, line.offsetTop - this.lines[0].offsetTop);
  }
}
