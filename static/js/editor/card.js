/** One node's card: icon, name, one mono line, load bar, badge. Its parts change with the playhead; its place does not. */

import { CARD } from "../document/places.js";
import { s, glyph, typeIcon } from "../dom.js";
import { t } from "../panels/words.js";

const NAME_LEFT = 33;
const NAME_SIZE = 12;
const LETTER_EM = 0.61; // of a name, on average
const SIGN_SIZE = 13;
const SIGNS_RIGHT = 5;
const LINE_MAX = 15;
const NARROW = /[ijltfrI.,:;'’ ]/;
const WIDE = /[mwMW@]/;

/** @param {string} text @param {number} max */
function short(text, max) {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** A name that fits; letters differ in width. @param {string} text @param {number} max average letters */
function fitting(text, max) {
  let room = max;
  const end = [...text].findIndex((letter) => (room -= NARROW.test(letter) ? 0.55 : WIDE.test(letter) ? 1.4 : 1) < 0);
  return end < 0 ? text : `${[...text].slice(0, Math.max(1, end - 1)).join("")}…`;
}

let resizings = 0; // names are larger on small windows
globalThis.addEventListener?.("resize", () => resizings++);

export class Card {
  /** @param {SVGElement} group the node's view @param {NodeEntry} node @param {NodeTypeInfo | undefined} info */
  constructor(group, node, info) {
    this.group = group;
    this.node = node;
    this.info = info;
    this.line = s("text", { class: "ns", x: NAME_LEFT, y: 31 });
    this.name = s("text", { class: "nt", x: NAME_LEFT, y: 18 });
    this.track = s("rect", { class: "track", x: 1, y: CARD.height - 4, width: CARD.width - 2, height: 3, visibility: "hidden" });
    this.bar = s("rect", { class: "load", x: 1, y: CARD.height - 4, width: 0, height: 3 });
    this.badge = s("g", { class: "badge" });
    this.shown = { line: "", bar: -1, signs: "", up: true, said: "", name: "" };
    group.classList.add("node");
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    const content = group.querySelector(".content") ?? group;
    content.replaceChildren(glyph(typeIcon(info), 9, CARD.height / 2 - 8, 16, "kind"), this.name, this.line, this.track, this.bar, this.badge);
    this.update(node);
  }

  get title() { return this.node.label || this.node.id; }

  /** @param {NodeEntry} node */
  update(node) {
    this.node = node;
    const count = node.count ?? 1;
    this.group.classList.toggle("many", count > 1);
    this.group.dataset.node = node.id;
    this.show(null);
    this.#label();
  }

  #label() {
    const parts = [this.title, this.info?.title ?? this.node.type];
    if (this.shown.line) parts.push(this.shown.line);
    if (this.shown.said && this.shown.said !== this.shown.line) parts.push(this.shown.said);
    if (!this.shown.up && this.shown.line !== t("down")) parts.push(t("down"));
    this.group.setAttribute("aria-label", parts.join(", "));
  }

  /** What the trace says at the playhead; null before any run. @param {{line: string, bar: number | null, signs: string[], up: boolean, ill?: string, said?: string} | null} state */
  show(state) {
    const count = this.node.count ?? 1;
    const rest = count > 1 ? `×${count} ${this.info?.title ?? ""}` : this.info?.title ?? this.node.type;
    const next = { said: "", ...(state ?? { line: rest, bar: null, signs: [], up: true }) };
    const line = next.line || rest;
    if (line !== this.shown.line || next.up !== this.shown.up || next.said !== this.shown.said) {
      this.shown.said = next.said;
      this.shown.line = line;
      this.shown.up = next.up;
      this.line.textContent = short(line, LINE_MAX);
      this.group.classList.toggle("down", !next.up);
      this.#label();
    }
    this.#showBar(next.bar);
    const signs = next.up ? next.signs : ["i-crash"];
    this.#fitName(signs.length);
    this.group.classList.toggle("still", next.up && next.ill === "i-pause");
    if (signs.join(" ") !== this.shown.signs) {
      this.shown.signs = signs.join(" ");
      this.badge.replaceChildren(...signs.map((sign, i) => {
        const drawn = glyph(sign, CARD.width - SIGNS_RIGHT - SIGN_SIZE * (i + 1), 6, SIGN_SIZE, sign === next.ill ? "befell" : "");
        drawn.dataset.sign = sign;
        return drawn;
      }));
    }
  }

  /** As much of the name as there is room for beside the signs. @param {number} signs */
  #fitName(signs) {
    const key = `${resizings} ${signs} ${this.title}`;
    if (key === this.shown.name) return;
    const size = parseFloat(getComputedStyle(this.name).fontSize);
    this.shown.name = size ? key : ""; // not drawn yet: its size is not known
    const room = CARD.width - NAME_LEFT - (signs ? SIGNS_RIGHT + 2 + SIGN_SIZE * signs : 0);
    this.name.textContent = fitting(this.title, room / (LETTER_EM * (size || NAME_SIZE)));
  }

  /** @param {number | null} bar 0…1 */
  #showBar(bar) {
    const value = bar === null ? -1 : Math.round(Math.min(1, Math.max(0, bar)) * 100) / 100;
    if (value === this.shown.bar) return;
    this.shown.bar = value;
    this.track.setAttribute("visibility", value < 0 ? "hidden" : "visible");
    this.bar.setAttribute("width", String(Math.max(0, value) * (CARD.width - 2)));
    this.bar.classList.toggle("full", value >= 0.9);
  }
}
