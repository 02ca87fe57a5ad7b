/** The whole scenario as JSON: checked as it is typed, applied when it is right, as one command. */

import { $, h, icon } from "../dom.js";
import { placeOf, readJson } from "../document/json-text.js";
import { completed } from "../document/starts.js";
import { readScenario, sizeWords, tooLarge, toldList } from "./reading.js";
import { t, tn } from "./words.js";

const CHECK_MS = 400;
const SERVER_AGAIN_MS = 5_000;
const LINE_PX = 18;

export class JsonTab {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#p-json");
    this.area = h("textarea", { class: "json-text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-label": t("The scenario as JSON"), "aria-describedby": "json-state" });
    this.lines = h("div", { class: "json-lines", "aria-hidden": "true" });
    this.state = h("span", { class: "state", id: "json-state", role: "status" });
    this.applying = h("button", { class: "b line", "data-act": "apply", title: t("Apply, Ctrl+Enter") }, t("Apply"));
    this.discard = h("button", { class: "b", "data-act": "discard" }, t("Discard"));
    this.find = h("button", { class: "b", "data-act": "find" });
    this.told = h("ul", { class: "told", "aria-label": t("Mistakes") });
    this.host.append(h("div", { class: "json-bar" }, this.state, this.find, this.discard, this.applying), h("div", { class: "json-edit" }, this.lines, this.area), this.told);
    /** Somebody has typed here what is not in the document yet. */
    this.edited = false;
    /** @type {Scenario | null} the text in its place, when it is right */
    this.right = null;
    this.timer = this.asked = 0;
    this.listen();
  }

  listen() {
    const { area, stage } = this;
    area.addEventListener("input", () => this.typed());
    area.addEventListener("scroll", () => { this.lines.scrollTop = area.scrollTop; });
    area.addEventListener("paste", (event) => {
      const large = sizeWords(event.clipboardData?.getData("text").length ?? 0);
      if (!large) return;
      event.preventDefault();
      this.say("bad", large);
    });
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.apply();
    });
    this.applying.onclick = () => this.apply();
    this.discard.onclick = () => this.fill();
    this.find.onclick = () => this.reveal(true);
    stage.store.subscribe(() => this.changed());
    stage.on("select", () => this.offer());
  }

  get open() { return !this.host.hidden; }

  /** @param {boolean} open */
  show(open) {
    if (!open || (this.edited && this.area.value)) return;
    this.fill();
    this.reveal(false);
  }

  /** The document moved on: the text follows, unless somebody is at work on it. */
  changed() {
    if (!this.open) return;
    if (this.edited) this.say("bad", t("The scenario has changed meanwhile; Apply puts this text in its place."));
    else this.fill();
  }

  fill() {
    const top = this.area.scrollTop;
    clearTimeout(this.timer);
    this.asked++;
    this.area.value = JSON.stringify(this.stage.base, null, 2);
    this.edited = false;
    this.right = null;
    this.told.replaceChildren();
    this.number([]);
    this.area.scrollTop = this.lines.scrollTop = top;
    this.say("", t("As it is in the scenario"));
    this.offer();
  }

  typed() {
    this.edited = true;
    this.right = null;
    clearTimeout(this.timer);
    this.asked++;
    const large = tooLarge(this.area.value);
    if (large) {
      this.told.replaceChildren();
      this.say("bad", large);
      return;
    }
    this.number([]);
    this.say("", t("Checking"));
    this.timer = window.setTimeout(() => this.check(), CHECK_MS);
  }

  async check() {
    const ask = ++this.asked;
    const { doc, told, unreachable } = await readScenario(this.stage, this.area.value);
    if (ask !== this.asked) return;
    this.right = doc;
    const wrong = told.filter((one) => !one.doubtful).length;
    this.told.replaceChildren(...toldList(told, ({ at }) => this.go(at ?? 0, true)));
    this.number(told);
    if (unreachable) this.timer = window.setTimeout(() => this.check(), SERVER_AGAIN_MS);
    if (doc) this.say("ok", t("Right; not applied yet"));
    else this.say("bad", unreachable ? t("Not checked") : tn("{n} mistake", "{n} mistakes", wrong));
  }

  /** @param {"" | "ok" | "bad"} kind @param {string} words */
  say(kind, words) {
    this.state.dataset.kind = kind;
    this.state.replaceChildren(icon(kind === "ok" ? "i-check" : kind === "bad" ? "i-warn" : "i-info"), h("span", {}, words));
    this.applying.disabled = this.right === null;
    this.discard.disabled = !this.edited;
  }

  /** Line numbers, with a mark at each mistake. @param {{line?: number, doubtful?: boolean}[]} told */
  number(told) {
    const count = this.area.value.split("\n").length;
    const numbers = h("pre", {}, Array.from({ length: count }, (_, i) => i + 1).join("\n"));
    const marks = told.flatMap(({ line, doubtful }) => {
      if (!line) return [];
      const mark = h("i", { class: doubtful ? "doubt" : null });
      mark.style.top = `${8 + (line - 1) * LINE_PX}px`;
      return [mark];
    });
    this.lines.replaceChildren(...marks, numbers);
    this.lines.scrollTop = this.area.scrollTop;
  }

  apply() {
    const { right, stage } = this;
    if (!right) return;
    const kept = [...stage.selection];
    this.edited = false; // or it would be taken for somebody else's change
    if (!stage.store.change(t("Change the JSON"), completed(right, t("Untitled scenario")))) {
      this.edited = true;
      return;
    }
    stage.select(kept);
    this.say("ok", t("Applied"));
  }

  /** The button that leads to the selected part. */
  offer() {
    const path = pathOf(this.stage);
    this.find.hidden = !path;
    this.find.textContent = path ? t("Go to {name}", { name: path.name }) : "";
    if (path && this.open && !this.edited && document.activeElement !== this.area) this.reveal(false);
  }

  /** @param {boolean} focus */
  reveal(focus) {
    const path = pathOf(this.stage);
    if (!path || !this.open) return;
    try {
      const at = readJson(this.area.value).places.get(path.path);
      if (at !== undefined) this.go(at, focus);
    } catch {
      this.say("bad", t("Mend the mistakes first; then the place can be found."));
    }
  }

  /** @param {number} at @param {boolean} focus */
  go(at, focus) {
    const { area } = this;
    const { line } = placeOf(area.value, at);
    const end = area.value.indexOf("\n", at);
    const start = area.value.lastIndexOf("\n", at) + 1;
    area.setSelectionRange(start + area.value.slice(start).search(/\S/), end < 0 ? area.value.length : end);
    area.scrollTop = Math.max(0, (line - 3) * LINE_PX);
    area.scrollLeft = 0;
    if (focus) area.focus();
  }
}

/** Where the selected part is in the document. @param {Stage} stage */
function pathOf({ base: doc, variant, selection }) {
  if (selection.size !== 1) return null;
  const [id] = selection;
  for (const list of /** @type {const} */ (["nodes", "links"])) {
    const index = doc[list].findIndex((entry) => entry.id === id);
    if (index >= 0) return { path: `${list}[${index}]`, name: id };
  }
  if (id.startsWith("fault:")) return variant !== null ? null : { path: `faults[${id.slice(6)}]`, name: t("the fault") };
  const index = doc.clusters?.findIndex((cluster) => `cluster:${cluster.id}` === id) ?? -1;
  return index >= 0 ? { path: `clusters[${index}]`, name: id.slice(8) } : null;
}
