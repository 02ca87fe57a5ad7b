/** What the dots mean: roles by shape, each hidden or shown by its chip, how they are coloured, and every kind apart. Only what occurs is listed. */

import { $, h, icon } from "../dom.js";
import { CATEGORIES, COLOURINGS, tokensOf } from "../trace/groups.js";
import { ROLES } from "../trace/messages.js";
import { kindKey, kindsOf } from "../trace/visible.js";
import { roleWord } from "./describe.js";
import { mark } from "./marks.js";
import { t } from "./words.js";

/** @returns {Record<string, string>} */
function colouringWords() {
  return { role: t("by role"), request: t("by request"), kind: t("by kind"), outcome: t("by outcome") };
}

export class Legend {
  /** @param {Stage} stage @param {Scene} scene */
  constructor(stage, scene) {
    this.stage = stage;
    this.scene = scene;
    this.host = $("#legend");
    this.chips = h("span", { class: "chips" });
    this.colours = h("select", { class: "sel", "aria-label": t("Colour messages by") }, ...COLOURINGS.map((name) => h("option", { value: name }, colouringWords()[name])));
    this.colours.value = scene.looks.colouring;
    this.colours.onchange = () => this.colourBy(this.colours.value);
    this.more = h("button", { class: "more", "aria-expanded": "false", "aria-controls": "kinds" }, t("Kinds"), icon("i-down", "s"));
    this.more.onclick = () => this.toggle();
    this.kinds = h("div", { class: "float kinds", id: "kinds", role: "group", "aria-label": t("Kinds of message"), hidden: true });
    this.host.replaceChildren(this.chips, h("span", { class: "selw by" }, this.colours, icon("i-down", "s")), this.more);
    this.host.after(this.kinds);
    this.kinds.addEventListener("keydown", (event) => { if (event.key === "Escape") this.#close(event); });
    this.more.addEventListener("keydown", (event) => { if (event.key === "Escape" && !this.kinds.hidden) this.#close(event); });
    this.shown = "";
    /** @type {ReturnType<typeof kindsOf>} */
    this.list = [];
    stage.on("chunk trace", () => this.draw());
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #close(event) {
    event.stopPropagation();
    this.toggle();
    this.more.focus();
  }

  toggle() {
    this.kinds.hidden = !this.kinds.hidden;
    this.more.setAttribute("aria-expanded", String(!this.kinds.hidden));
    this.drawKinds();
  }

  /** @param {string} colouring one of COLOURINGS */
  colourBy(colouring) {
    this.scene.looks.choose(colouring);
    this.shown = "";
    this.draw();
    this.#changed();
  }

  #changed() {
    this.scene.stale = true;
    this.stage.emit("roles");
  }

  draw() {
    const { trace } = this.stage;
    this.list = trace ? kindsOf(trace.messages) : [];
    const roles = ROLES.filter((role) => this.list.some((entry) => entry.role === role));
    const list = roles.length ? roles : ["request", "reply"];
    this.more.hidden = !this.list.length;
    if (!this.kinds.hidden) this.drawKinds();
    const key = `${list.join()}|${this.scene.looks.colouring}`;
    if (key === this.shown) return;
    this.shown = key;
    this.host.dataset.by = this.scene.looks.colouring;
    this.chips.replaceChildren(...list.map((role) => this.#chip(role, mark(role), roleWord(role))), this.#chip("drop", mark("drop"), t("Dropped")));
  }

  /** @param {string} key under which it is hidden @param {Element} sign @param {string} words @param {(Node | string)[]} more */
  #chip(key, sign, words, ...more) {
    const { hidden } = this.scene;
    const button = h("button", { "aria-pressed": String(!hidden.has(key)), "data-hides": key, "aria-label": words, title: words }, sign, words, ...more);
    button.onclick = () => {
      if (!hidden.delete(key)) hidden.add(key);
      button.setAttribute("aria-pressed", String(!hidden.has(key)));
      this.#changed();
    };
    return button;
  }

  /** Every kind with its number of messages, and what the colours mean where they mean something else than the role. */
  drawKinds() {
    const { colouring } = this.scene.looks;
    const focused = this.kinds.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.hides : undefined;
    const tokens = tokensOf("kind", ROLES);
    const rows = this.list.map(({ kind, number, role, count }) => {
      const sign = mark(role);
      if (colouring !== "role") sign.classList.add("neutral");
      if (colouring === "kind") sign.style.color = `var(${tokens[number % (CATEGORIES * 2)]})`;
      return this.#chip(kindKey(kind), sign, `${kind}`, h("span", { class: "mono" }, count.toLocaleString()));
    });
    this.kinds.replaceChildren(h("h2", {}, t("Kinds of message")), ...rows, ...this.#meaning(colouring));
    if (focused) /** @type {HTMLElement | null} */ (this.kinds.querySelector(`[data-hides="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {string} colouring */
  #meaning(colouring) {
    if (colouring === "request") return [h("p", {}, t("Messages of one request have one colour; eight colours, then the same with a ring. Grey belongs to no request."))];
    if (colouring === "kind") return [h("p", {}, t("After eight kinds the colours come again with a ring."))];
    if (colouring !== "outcome") return [];
    const swatch = (/** @type {string} */ token, /** @type {string} */ words) => {
      const sign = mark("request");
      sign.classList.replace("request", "neutral");
      sign.style.color = `var(${token})`;
      return h("p", { class: "swatch" }, sign, words);
    };
    return [swatch("--ok", t("Arrives")), swatch("--bad", t("Will be dropped: with a ring")), swatch("--unknown", t("Not known yet"))];
  }
}
