/** The numbers of the steps at the cards of those who took them; the current one with its words, and at who answered. */

import { h } from "../dom.js";
import { CARD, ownerOf } from "../document/places.js";

const APART = 18;
const RAISED = 9;
const LABEL_UP = 34;
const BAR = 52;

export class WalkMarks {
  /** @param {Stage} stage @param {Editor} editor */
  constructor(stage, editor) {
    this.stage = stage;
    this.editor = editor;
    this.layer = h("div", { class: "walk-marks", "aria-hidden": "true" });
    /** @type {{mark: HTMLElement, owner: string, place: (p: Point, scale: number) => [number, number]}[]} */
    this.marks = [];
  }

  /** @param {FoundStep[]} steps @param {number} current @param {string} words */
  show(steps, current, words) {
    this.marks = [];
    const owners = steps.map((step) => this.#owner(step.client));
    owners.forEach((owner, i) => {
      const n = owners.slice(0, i).filter((other) => other === owner).length;
      const all = owners.filter((other) => other === owner).length;
      const apart = (/** @type {number} */ scale) => Math.min(APART, (CARD.width * scale) / all);
      this.#add("no", String(i + 1), owner, i === current, (p, scale) => [p.x + (-CARD.width / 2 + 2) * scale + n * apart(scale), p.y - (CARD.height / 2) * scale - RAISED]);
    });
    const now = steps[current];
    if (now) {
      this.#add("walk-label", words, this.#owner(now.client), false, (p, scale) => [p.x - (CARD.width / 2) * scale, p.y - (CARD.height / 2) * scale - LABEL_UP]);
      if (now.answerer >= 0 && now.answerer !== now.client) this.#add("no", String(current + 1), this.#owner(now.answerer), true, (p, scale) => [p.x + (-CARD.width / 2 + 2) * scale, p.y + (CARD.height / 2) * scale - RAISED + 1]);
    }
    this.layer.replaceChildren(...this.marks.map(({ mark }) => mark));
    this.place();
  }

  /** @param {number} node */
  #owner(node) { return node < 0 ? "" : ownerOf(this.stage.doc, this.stage.trace?.nodes[node] ?? "") ?? ""; }

  /** @param {string} kind @param {string} words @param {string} owner @param {boolean} current @param {(p: Point, scale: number) => [number, number]} place */
  #add(kind, words, owner, current, place) {
    this.marks.push({ mark: h("span", { class: `${kind}${current ? " on" : ""}`, "data-owner": owner }, words), owner, place });
  }

  /** Brings the card of who took the current step into view. */
  reveal() {
    const at = this.editor.at.get(this.marks.find(({ mark }) => mark.classList.contains("on"))?.owner ?? "");
    const { scale, x, y } = this.editor.transform;
    const { clientWidth, clientHeight } = this.layer;
    if (!at) return;
    const [left, top] = [at.x * scale + x, at.y * scale + y];
    const [aside, above] = [(CARD.width / 2) * scale, (CARD.height / 2) * scale + LABEL_UP];
    if (left < aside || left > clientWidth - aside || top < above + BAR || top > clientHeight - above) this.editor.graph.centerPoint(at.x, at.y);
  }

  /** Where the cards are now. */
  place() {
    const { scale, x, y } = this.editor.transform;
    const { clientWidth } = this.layer;
    for (const { mark, owner, place } of this.marks) {
      const at = this.editor.at.get(owner);
      mark.hidden = !at;
      if (!at) continue;
      const [left, top] = place({ x: at.x * scale + x, y: at.y * scale + y }, scale);
      const room = Math.max(0, clientWidth - mark.offsetWidth - 4);
      mark.style.transform = `translate(${Math.max(4, Math.min(left, room))}px, ${Math.max(2, top)}px)`;
    }
  }
}
