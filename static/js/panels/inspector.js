/** The right panel's form: served by the server for what is selected, checked by it field by field, applied here. */

import { $, h } from "../dom.js";
import { removeFault } from "../document/removal.js";
import { csrfToken } from "../net/api.js";
import { aboutKey, showNothing } from "./about-scenario.js";
import { showWhatApplies } from "./applying.js";
import { applyField, chosen } from "./chosen.js";
import { drawDensity } from "./density.js";
import { showLinks } from "./inspector-links.js";
import { t } from "./words.js";

/** @typedef {NonNullable<ReturnType<typeof chosen>>} Entry */

const ANSWER_LOOKS_MAX = 40;
const ANSWER_LOOK_MS = 50;
/** Fields on which it depends which others there are. */
const RULING = new Set(["host", "start", "kind"]);

export class Inspector {
  /** @param {Stage} stage @param {Editor} editor */
  constructor(stage, editor) {
    this.stage = stage;
    this.editor = editor;
    this.host = $("#inspector");
    this.head = $("#inspector-head");
    this.shown = "";
    this.asked = 0;
    stage.on("select document", () => this.refresh());
    this.host.addEventListener("focusout", () => setTimeout(() => this.refresh()));
    this.host.addEventListener("submit", (event) => event.preventDefault());
    this.host.addEventListener("click", (event) => this.#click(event));
    this.head.addEventListener("click", (event) => this.#click(event));
    this.host.addEventListener("change", (event) => {
      this.#kindChanged(event);
      showWhatApplies(this.host);
    });
    this.host.addEventListener("input", (event) => this.#drawDensityOf(event.target));
    this.host.addEventListener("fieldchecked", (event) => this.#checked(/** @type {CustomEvent} */ (event)));
    this.host.addEventListener("htmx:configRequest", (event) => {
      /** @type {CustomEvent} */ (event).detail.headers["X-CSRFToken"] = csrfToken();
    });
    this.host.addEventListener("htmx:sendError", () => stage.emit("toast", { text: t("The server cannot be reached; this value is not kept yet."), stays: true }));
    this.host.addEventListener("htmx:beforeRequest", () => { stage.pending += 1; });
    this.host.addEventListener("htmx:afterRequest", () => { stage.pending = Math.max(0, stage.pending - 1); });
    this.refresh();
  }

  refresh() {
    const entry = chosen(this.stage);
    const key = this.#keyOf(entry);
    if (key === this.shown) return this.#links(entry);
    // A field that somebody is typing in is never taken away.
    if (this.host.contains(document.activeElement) && entry && this.current === entry.item.id) return undefined;
    this.shown = key;
    this.current = entry?.item.id;
    if (!entry) return this.#nothing();
    return this.#load(entry);
  }

  /** Changes with what is shown; in a variant nothing can be changed. @param {Entry | null} entry */
  #keyOf(entry) {
    const { stage } = this;
    const what = entry ? [entry.kind, withoutPlace(entry.item), entry.shared, entry.mixed, entry.choices] : [...stage.selection, aboutKey(stage)];
    return JSON.stringify([stage.variant, what]);
  }

  #nothing() {
    this.asked++; // what is still on its way comes too late
    this.host.inert = false;
    $("body").dataset.inspector = "";
    showNothing(this.stage, this.head, this.host);
  }

  /** @param {Entry | null} entry */
  #links(entry) {
    showLinks(this.stage, this.editor, this.host, entry?.kind === "node" && !entry.ids ? entry.item.id : null);
  }

  /** @param {Entry} entry */
  async #load(entry) {
    const { item } = entry;
    const ask = ++this.asked;
    // What still shows is another part's: a press on it now would change the wrong one.
    this.host.inert = $("body").dataset.inspector !== String(item.id);
    const html = await this.#fetch(entry);
    // The last field of the form before may still be under way to be checked; with its form its answer would be lost.
    for (let i = 0; i < ANSWER_LOOKS_MAX && this.stage.pending > 0 && ask === this.asked; i++) await new Promise((done) => { setTimeout(done, ANSWER_LOOK_MS); });
    if (ask !== this.asked) return;
    this.host.inert = false;
    if (html === null) {
      this.shown = "";
      this.#unfetched(item);
      return;
    }
    const holder = h("div", {});
    holder.innerHTML = html;
    if ($("body").dataset.inspector === String(item.id)) keepOpen(this.host, holder);
    this.head.replaceChildren(/** @type {Element} */ (holder.querySelector(".ih")));
    this.host.replaceChildren(...holder.childNodes);
    if (!this.stage.editable) for (const control of this.host.querySelectorAll("input, select, button")) control.setAttribute("disabled", "");
    else htmx.process(this.host);
    for (const field of this.host.querySelectorAll(".f.dist")) drawDensity(/** @type {HTMLElement} */ (field));
    showWhatApplies(this.host);
    this.#links(entry);
    $("body").dataset.inspector = item.id;
  }

  /** The server did not answer: which part it is about, what is kept, and one thing to do. @param {any} item */
  #unfetched(item) {
    const again = h("button", { class: "b line", "data-act": "again" }, t("Try again"));
    again.onclick = () => {
      again.blur();
      this.refresh();
    };
    this.head.replaceChildren(h("div", { class: "ih" }, h("div", {}, h("h2", {}, item.label || item.words || item.id), h("p", {}, t("No answer from the server")))));
    this.host.replaceChildren(h("p", { class: "note" }, h("b", {}, t("The parameters could not be fetched")), t("Your work is kept.")), h("div", { class: "linkrow" }, again));
  }

  /** @param {Entry} entry */
  async #fetch({ kind, item, shared, choices, ids, mixed }) {
    const parts = { item: withoutPlace(item), shared: shared ?? {}, choices: choices ?? {}, mixed: ids ? { names: mixed } : {} };
    const body = new URLSearchParams({ kind, ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, JSON.stringify(value)])) });
    try {
      const answer = await fetch(this.stage.urls.inspector ?? "", { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" } });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null;
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const toggle = target?.closest(".tog");
    if (toggle instanceof HTMLElement) {
      const on = toggle.getAttribute("aria-checked") !== "true";
      toggle.setAttribute("aria-checked", String(on));
      const hidden = /** @type {HTMLInputElement} */ (toggle.previousElementSibling);
      hidden.value = String(on);
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
    }
    if (target?.closest("[data-delete]")) this.#delete();
  }

  #delete() {
    const entry = chosen(this.stage);
    if (!entry) return;
    const { stage } = this;
    if (entry.kind !== "fault") return this.editor.removeSelected();
    const index = Number(entry.item.id.slice(6));
    if (!stage.store.change(t("Delete fault: {what}", { what: entry.item.words }), removeFault(stage.doc, index))) return undefined;
    stage.select([]);
    return stage.emit("toast", { text: t("Fault deleted."), undo: true });
  }

  /** Another kind of distribution shows other numbers. @param {Event} event */
  #kindChanged(event) {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || select.name !== "dist") return;
    for (const set of /** @type {HTMLFieldSetElement[]} */ ([...(select.form?.querySelectorAll("fieldset") ?? [])])) {
      set.hidden = set.disabled = set.dataset.kind !== select.value;
    }
    this.#drawDensityOf(select);
  }

  /** @param {EventTarget | null} target */
  #drawDensityOf(target) {
    const field = target instanceof Element ? target.closest(".f.dist") : null;
    if (field instanceof HTMLElement) drawDensity(field);
  }

  /** @param {CustomEvent} event */
  #checked(event) {
    const { group, name, item, ok, value, clear } = event.detail;
    const field = this.host.querySelector(`[data-field="${CSS.escape(name)}"][data-group="${CSS.escape(group)}"]`);
    for (const box of field?.querySelectorAll(".u, .selw") ?? []) {
      box.classList.toggle("err", !ok);
      box.querySelector("input, select")?.setAttribute("aria-invalid", String(!ok));
    }
    if (!ok) return;
    applyField(this.stage, { group, name, item, value: clear ? undefined : value });
    // What is shown is what was just typed; fetching the form again would only disturb.
    const entry = chosen(this.stage);
    if (entry === null || entry.item.id !== item) return;
    if (RULING.has(name)) this.#reload(entry);
    else this.shown = this.#keyOf(entry);
  }

  /** The form anew, with the focus where it was. @param {Entry} entry */
  async #reload(entry) {
    this.shown = this.#keyOf(entry);
    const { id } = /** @type {HTMLElement} */ (document.activeElement ?? document.body);
    const inside = this.host.contains(document.activeElement);
    await this.#load(entry);
    if (inside && id) document.getElementById(id)?.focus();
  }
}

/** A section that is open stays so when its part is shown anew. @param {HTMLElement} before @param {HTMLElement} after */
function keepOpen(before, after) {
  for (const section of before.querySelectorAll("div[data-section], details[open][data-section]")) {
    after.querySelector(`details[data-section="${CSS.escape(section.getAttribute("data-section") ?? "")}"]`)?.setAttribute("open", "");
  }
}

/** Moving a node changes nothing in its form. @param {any} item */
function withoutPlace(item) {
  const { x: _x, y: _y, ...rest } = item;
  return rest;
}
