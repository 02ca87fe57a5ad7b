/** Two runs side by side under one playhead: what is on the stage is A, a branch, a variant or another seed is B. */

import { compared } from "../document/branches.js";
import { bounds } from "../document/places.js";
import { sameRun } from "../document/same-run.js";
import { $, h } from "../dom.js";
import { scaleMin } from "../editor/large-view.js";
import { request } from "../net/api.js";
import { ComparePane } from "./compare-pane.js";
import { ComparePanel } from "./compare-panel.js";
import { t } from "./words.js";

const AGAIN_MS = 250;
const SIDE_PX = 20;
const HEAD_PX = 46;
const FOOT_PX = 30;

export class Compare {
  /** @param {Stage} stage @param {Editor} editor @param {Scene} scene */
  constructor(stage, editor, scene) {
    this.stage = stage;
    this.editor = editor;
    this.app = $("#app");
    this.pane = new ComparePane(stage, editor, scene, $("#other"), () => this.#soon());
    this.panel = new ComparePanel(stage);
    /** @type {Choice | null} */
    this.choice = null;
    this.asked = 0;
    this.timer = 0;
    this.before = editor.transform;
    /** The branch of A. */
    this.current = stage.store.branch;
    /** @type {Element | null} */
    this.opener = null;
    this.name = h("div", { class: "pane-name", hidden: true }, h("b", { class: "pane-letter" }, "A"), h("span", { id: "name-a" }));
    $("#canvas").append(this.name);
    for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-compare]")])) button.onclick = () => this.open();
    for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-compare-close]")])) button.onclick = () => this.close();
    this.#sheet();
    this.#form();
    stage.on("document branches", () => this.#follow());
    stage.on("chunk verdict run trace document branches", () => { if (this.choice) this.#soon(); });
    new ResizeObserver(() => { if (this.choice) this.#fit(); }).observe($("#other"));
    addEventListener("keydown", (event) => this.#key(event), true);
  }

  #sheet() {
    const button = $("#compare-sheet");
    button.onclick = () => button.setAttribute("aria-expanded", String($("#compare").classList.toggle("open")));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || !this.choice || document.querySelector("dialog[open], :popover-open, .open:is(#left, #right)")) return;
    event.stopPropagation();
    const sheet = $("#compare-sheet");
    if (sheet.offsetParent !== null && sheet.getAttribute("aria-expanded") === "true") sheet.click();
    else this.close();
  }

  /** @param {string} [branch] to compare with */
  open(branch) {
    const { stage, choice, editor } = this;
    if (!stage.trace) return stage.emit("toast", { text: t("Run this first; then compare it with another run.") });
    if (!choice) {
      this.opener = document.activeElement;
      this.before = editor.transform;
      this.app.classList.add("comparing");
      for (const part of [$("#other"), $("#compare"), this.name]) part.hidden = false;
      this.#fit();
    }
    this.choice = branch ? { branch, variant: null, seed: null } : this.#natural();
    this.#load();
    return $("#compare-b").focus({ preventScroll: true });
  }

  /** All of it in both panes, however narrow they are. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.editor.host;
    const box = bounds(this.stage.doc, this.editor.at);
    const scale = Math.min(1, Math.max(scaleMin(this.stage.doc), Math.min((width - 2 * SIDE_PX) / box.width, (height - HEAD_PX - FOOT_PX) / box.height)));
    this.editor.graph.scale(scale, scale);
    this.editor.graph.translate((width - box.width * scale) / 2 - box.x * scale, HEAD_PX + (height - HEAD_PX - FOOT_PX - box.height * scale) / 2 - box.y * scale);
  }

  /** What one would compare with: the parent of a branch, else a branch, else a variant, else another seed. @returns {Choice} */
  #natural() {
    const { branches, variant, doc } = this.stage;
    const { current, list } = branches;
    const other = current.parent ?? list.findLast(({ id }) => id !== current.id)?.id;
    if (variant === null && other) return { branch: other, variant: null, seed: null };
    const variants = [null, ...Object.keys(doc.variants ?? {})].filter((name) => name !== variant);
    return variants.length ? { branch: current.id, variant: variants[0], seed: null } : { branch: current.id, variant, seed: doc.seed + 1 };
  }

  close() {
    if (!this.choice) return;
    this.choice = null;
    this.asked += 1;
    this.pane.close();
    this.panel.clear();
    this.app.classList.remove("comparing");
    $("#compare").classList.remove("open");
    $("#compare-sheet").setAttribute("aria-expanded", "false");
    for (const part of [$("#other"), $("#compare"), this.name]) part.hidden = true;
    this.editor.graph.scale(this.before.scale, this.before.scale);
    this.editor.graph.translate(this.before.x, this.before.y);
    if (this.opener instanceof HTMLElement) this.opener.focus();
  }

  #form() {
    const { stage } = this;
    const field = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($(id)));
    field("#compare-a").onchange = () => {
      this.current = field("#compare-a").value; // who chooses B's very branch here wants it so
      stage.branches.switchTo(this.current);
    };
    field("#compare-a-variant").onchange = () => {
      stage.choose(field("#compare-a-variant").value || null);
    };
    field("#compare-b").onchange = () => this.#choose({ branch: field("#compare-b").value, seed: null });
    field("#compare-b-variant").onchange = () => this.#choose({ variant: field("#compare-b-variant").value || null });
    const seed = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#compare-b-seed")));
    seed.onchange = () => (seed.reportValidity() ? this.#choose({ seed: Number(seed.value) }) : undefined);
  }

  /** A may have become the very branch that B is, as by Undo; or B's may be gone. */
  #follow() {
    const { current, tree } = this.stage.branches;
    const left = this.current;
    this.current = current.id;
    if (!this.choice) return;
    const next = compared(tree, this.choice, left, current);
    if (!next) this.close();
    else if (next !== this.choice) this.#choose(next);
  }

  /** @param {Partial<Choice>} changes */
  #choose(changes) {
    if (!this.choice) return;
    this.choice = { ...this.choice, ...changes };
    this.#load();
  }

  /** The branch of B. */
  #branch() { return this.stage.branches.list.find(({ id }) => id === this.choice?.branch) ?? this.stage.branches.current; }

  async #load() {
    const { choice, stage } = this;
    if (!choice) return;
    this.asked += 1;
    const { asked } = this;
    const branch = this.#branch();
    if (choice.variant !== null && !branch.document.variants?.[choice.variant]) choice.variant = null;
    const doc = choice.seed === null || choice.seed === branch.document.seed ? branch.document : { ...branch.document, seed: choice.seed };
    const known = branch.ran && branch.variant === choice.variant && sameRun(branch.ran, doc) ? branch.viewing : null;
    this.#names();
    if (known) return this.#watch(doc, choice.variant, known);
    const answer = await request("POST", stage.urls.runs ?? "", { document: doc, variant: choice.variant, seed: null });
    if (asked !== this.asked) return undefined;
    if (answer.ok) return this.#watch(doc, choice.variant, answer.data.viewing);
    this.pane.close();
    return this.panel.refuse(answer.data?.mistakes?.[0]?.message ?? t("The server cannot be reached. Your work is kept here; try again in a moment."));
  }

  /** @param {Scenario} doc @param {string | null} variant @param {string} viewing */
  #watch(doc, variant, viewing) {
    this.pane.open(doc, variant, viewing);
    this.#show();
  }

  #soon() {
    if (this.timer || !this.choice) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.#show();
    }, AGAIN_MS);
  }

  #show() {
    const other = this.pane.stage;
    if (!this.choice || !other) return;
    this.#names();
    this.panel.show(other);
    const { status } = other.run;
    $("#state-b").textContent = other.trouble ? t("Connection lost") : { queued: t("Waiting for a worker"), running: t("Running"), failed: t("Failed"), limited: t("Limited"), stopped: t("Stopped") }[status] ?? "";
    $("#other").dataset.run = status;
  }

  #names() {
    const { stage, choice } = this;
    if (!choice) return;
    const branch = this.#branch();
    const seed = choice.seed ?? branch.document.seed;
    const { current, list } = stage.branches;
    fill("#compare-a", list.map(({ id, name }) => [id, name]), current.id);
    fill("#compare-b", list.map(({ id, name }) => [id, name]), branch.id);
    fill("#compare-a-variant", variantsOf(stage.doc), stage.variant ?? "");
    fill("#compare-b-variant", variantsOf(branch.document), choice.variant ?? "");
    for (const place of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#compare [data-variants]")])) place.hidden = !Object.keys(stage.doc.variants ?? {}).length;
    const field = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#compare-b-seed")));
    if (document.activeElement !== field) field.value = String(seed);
    const words = (/** @type {Branch} */ one, /** @type {string | null} */ variant) => [one.name, ...(variant ? [variant] : [])].join(" · ");
    $("#name-a").textContent = words(current, stage.variant) + (seed === stage.doc.seed ? "" : ` · ${t("seed {n}", { n: stage.doc.seed })}`);
    $("#name-b").textContent = words(branch, choice.variant) + (seed === stage.doc.seed ? "" : ` · ${t("seed {n}", { n: seed })}`);
  }
}

/** @param {Scenario} doc @returns {[string, string][]} */
function variantsOf(doc) { return [["", t("As drawn")], .../** @type {[string, string][]} */ (Object.keys(doc.variants ?? {}).map((name) => [name, name]))]; }

/** @param {string} id @param {[string, string][]} options @param {string} value */
function fill(id, options, value) {
  const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($(id)));
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...options.map(([one, words]) => h("option", { value: one }, words)));
  }
  select.value = value;
}
