/** The Code tab: the source of the selected node's type, the handler that ran last at the playhead, and what it changed. */

import { $, h, icon } from "../dom.js";
import { ownerOf } from "../document/places.js";
import { request } from "../net/api.js";
import { lastAt, lookFrom } from "../trace/activations.js";
import { activationView } from "./code-state.js";
import { SourceView } from "./code-source.js";
import { Looking } from "./code-look.js";
import { t, seconds } from "./words.js";

/** An answer that takes longer is said to be awaited. */
const WORDS_AFTER_MS = 1000;

export class CodePanel {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#p-code");
    this.view = new SourceView();
    this.looking = new Looking(stage.urls.runs ?? "", () => this.draw());
    /** @type {Map<string, TypeSource | null>} by type; null while it is on its way */
    this.sources = new Map();
    /** The node of the run that is looked into. */
    this.node = "";
    this.chosen = -1;
    this.shown = "";
    this.choice = h("select", { class: "sel", "aria-label": t("Node") });
    this.previous = h("button", { class: "b icon", "aria-label": t("Previous activation"), title: t("Previous activation") }, icon("i-back"));
    this.next = h("button", { class: "b icon", "aria-label": t("Next activation"), title: t("Next activation") }, icon("i-fwd"));
    this.words = h("p", { class: "cd-words", role: "status" });
    this.state = h("div", { class: "cd-body", tabindex: 0, role: "region", "aria-label": t("State before and after") });
    const bar = h("div", { class: "cd-bar" }, h("span", { class: "selw" }, this.choice, icon("i-down", "s")), h("span", { class: "cd-steps" }, this.previous, this.next), this.words);
    this.frame = h("div", { class: "cd" }, bar, this.state, this.view.host);
    this.empty = h("p", { class: "note" }, h("b", {}, t("No nodes")), t("The Python code of a node's type, and what it does at the playhead, is shown here."));
    this.host.replaceChildren(this.frame, this.empty);
    this.#listen();
  }

  get visible() { return this.host.offsetParent !== null; }

  #listen() {
    const { stage } = this;
    this.choice.onchange = () => {
      this.node = this.choice.value;
      const owner = ownerOf(stage.doc, this.node);
      if (owner) stage.select([owner]);
      this.refresh();
    };
    this.previous.onclick = () => this.step(-1);
    this.next.onclick = () => this.step(1);
    stage.on("select document", () => this.refresh());
    stage.on("trace", () => {
      this.looking.forget();
      this.refresh();
    });
    stage.on("pin", () => this.#showPin());
    stage.on("seek play run", () => {
      this.looking.trouble = "";
      this.draw();
    });
  }

  /** The nodes, the one that is chosen, and its source. */
  refresh() {
    if (!this.visible) return;
    const names = namesOf(this.stage);
    this.empty.hidden = names.length > 0;
    this.frame.hidden = !names.length;
    if (!names.length) return;
    this.#follow(names);
    if (this.choice.childElementCount !== names.length || [...this.choice.options].some((option, i) => option.value !== names[i] || option.text !== this.#name(names[i]))) {
      this.choice.replaceChildren(...names.map((name) => h("option", { value: name }, this.#name(name))));
    }
    this.choice.value = this.node;
    this.draw();
  }

  /** The node selected on the canvas is the one looked into; of several copies the one that was chosen stays. @param {string[]} names */
  #follow(names) {
    const { doc, selection } = this.stage;
    const selected = [...selection].find((id) => doc.nodes.some((node) => node.id === id));
    const before = this.node;
    if (selected && ownerOf(doc, this.node) !== selected) this.node = names.find((name) => ownerOf(doc, name) === selected) ?? this.node;
    if (!names.includes(this.node)) this.node = names[0];
    if (before !== this.node) this.looking.forget();
  }

  /** Called as the playhead moves. */
  tick() { if (this.visible && this.node) this.draw(); }

  /** One activation on or back. @param {1 | -1} direction */
  step(direction) {
    const { look } = this.looking;
    if (!look) return;
    this.stage.play(false);
    const number = this.#current() + direction;
    const target = look.activations[number] ?? (direction < 0 ? look.earlier : null);
    if (!target) return;
    this.chosen = number;
    this.stage.seek(target.time_ns);
  }

  #current() {
    const { look } = this.looking;
    return look ? lastAt(look, this.stage.playhead.t, this.chosen) : -1;
  }

  draw() {
    if (!this.visible || !this.node) return;
    const { stage, looking } = this;
    const source = this.#source();
    this.view.show(source);
    const t_ns = stage.playhead.t;
    const viewing = stage.viewing;
    const known = viewing !== null && looking.knows(viewing, this.node, t_ns);
    if (viewing && stage.trace && !known) looking.ask(viewing, this.node, t_ns, lookFrom(stage.trace.messages, stage.trace.nodes.indexOf(this.node), t_ns), stage.playhead.playing);
    const { look } = looking;
    const number = known ? this.#current() : -1;
    const activation = known && look ? look.activations[number] : undefined;
    const following = known && look ? look.activations[number + 1] : undefined;
    // Not disabled: a button that is would lose the focus while the next look is awaited.
    this.previous.setAttribute("aria-disabled", String(!known || (number <= 0 && !look?.earlier)));
    this.next.setAttribute("aria-disabled", String(!following));
    this.words.setAttribute("aria-live", stage.playhead.playing ? "off" : "polite");
    const words = known ? this.#sentence(activation, following) : this.#waiting();
    if (this.words.textContent !== words) this.words.textContent = words;
    this.view.mark(activation?.handler ?? "", activation?.time_ns === t_ns);
    this.#drawState(known, activation);
  }

  /** @param {boolean} known @param {Activation | undefined} activation */
  #drawState(known, activation) {
    const { stage, looking } = this;
    const key = activation ? `${stage.viewing} ${this.node} ${activation.time_ns} ${this.#current()}` : `${known} ${looking.trouble} ${stage.viewing}`;
    if (key === this.shown || (!known && this.looking.since && this.state.querySelector("table"))) return;
    this.shown = key;
    if (activation) {
      const page = { name: (/** @type {string} */ id) => this.#name(id), pin: (/** @type {number} */ id) => stage.pin(stage.trace?.messages.slotOf(id) ?? -1) };
      this.state.replaceChildren(...activationView(activation, page));
      this.#showPin();
    } else if (looking.trouble) this.state.replaceChildren(this.#failed());
    else if (!stage.viewing) this.state.replaceChildren(h("p", { class: "note" }, h("b", {}, t("No run yet")), t("Press Run: which function runs at the playhead, and what it changes, is shown here.")));
    else this.state.replaceChildren();
  }

  /** The message that made it run is lit everywhere while it is pinned. */
  #showPin() {
    const message = /** @type {HTMLElement | null} */ (this.state.querySelector(".cd-msg"));
    const slot = this.stage.trace?.messages.slotOf(Number(message?.dataset.message)) ?? -1;
    message?.setAttribute("aria-pressed", String(slot >= 0 && slot === this.stage.pinned));
  }

  #failed() {
    const again = h("button", { class: "b line" }, t("Try again"));
    again.onclick = () => {
      this.looking.trouble = "";
      this.draw();
    };
    return h("div", { class: "note", role: "alert" }, h("b", {}, t("No look into this node")), h("p", {}, this.looking.trouble), again);
  }

  /** @param {Activation | undefined} activation @param {Activation | undefined} following */
  #sentence(activation, following) {
    const now = this.stage.playhead.t;
    const node = this.#name(this.node);
    if (activation && activation.time_ns === now) return t("{handler} runs on {node} at {time}\u2009s.", { handler: activation.handler, node, time: seconds(now) });
    const parts = [t("Nothing runs on {node} at {time}\u2009s.", { node, time: seconds(now) })];
    if (activation) parts.push(t("The last was {handler} at {time}\u2009s.", { handler: activation.handler, time: seconds(activation.time_ns) }));
    if (following) parts.push(t("The next is {handler} at {time}\u2009s.", { handler: following.handler, time: seconds(following.time_ns) }));
    return parts.join(" ");
  }

  #waiting() {
    const { looking, stage } = this;
    if (!stage.viewing || looking.trouble) return "";
    if (looking.since && performance.now() - looking.since < WORDS_AFTER_MS) return this.words.textContent ?? "";
    return t("The run is taken once more, to look into {node}.", { node: this.#name(this.node) });
  }

  /** The source of the node's type; null while it is on its way. */
  #source() {
    const type = typeOf(this.stage, this.node);
    const found = this.sources.get(type);
    if (found !== undefined || !type) return found ?? null;
    this.sources.set(type, null);
    request("GET", `${this.stage.urls.types}/${type}/source`).then((answer) => {
      if (answer.ok) this.sources.set(type, answer.data);
      else {
        this.sources.delete(type);
        this.looking.trouble ||= t("The source could not be loaded.");
      }
      this.draw();
    });
    return null;
  }

  /** @param {string} id */
  #name(id) { return this.stage.doc.nodes.find((node) => node.id === id)?.label || id; }
}

/** The nodes of the run, or of the document while there is none. @param {Stage} stage */
function namesOf(stage) {
  if (stage.trace?.nodes.length) return stage.trace.nodes;
  return stage.doc.nodes.flatMap(({ id, count = 1 }) => (count > 1 ? Array.from({ length: count }, (_, i) => `${id}-${i + 1}`) : [id]));
}

/** @param {Stage} stage @param {string} name */
function typeOf(stage, name) {
  for (const doc of [stage.ran, stage.doc]) {
    const owner = doc && ownerOf(doc, name);
    const found = owner && doc.nodes.find((node) => node.id === owner)?.type;
    if (found) return found;
  }
  return "";
}
