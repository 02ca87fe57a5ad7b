/** A message in facts: the small card beside the one that is pointed at, and the one that stays for the one that is pinned. */

import { CARD } from "../document/places.js";
import { h, icon } from "../dom.js";
import { chainOf } from "../trace/causes.js";
import { DELIVERED } from "../trace/messages.js";
import { markWords, spanWords } from "../trace/time-window.js";
import { operationWords, roleWord } from "./describe.js";
import { mark } from "./marks.js";
import { chainWords } from "./timeline-words.js";
import { t } from "./words.js";

/** Moments on a card are exact to the microsecond. */
const EXACT_NS = 1000;

/** @param {Stage} stage @param {number} slot @param {"h2" | "b"} [heading] */
export function messageTitle(stage, slot, heading = "b") {
  const m = /** @type {TraceStore} */ (stage.trace).messages.row(slot);
  return h(heading, {}, mark(m.role), `${roleWord(m.role)} “${m.kind}”`);
}

/** @param {Stage} stage @param {number} slot */
export function messageFacts(stage, slot) {
  const { messages, operations } = /** @type {TraceStore} */ (stage.trace);
  const m = messages.row(slot);
  /** @type {[string, string, string?][]} */
  const facts = [[t("From"), stage.nameOf(m.src)], [t("To"), stage.nameOf(m.dst)], [t("Sent"), `${markWords(m.sent, EXACT_NS)}\u2009s`]];
  const took = spanWords(m.settled - m.sent);
  if (m.settled === Infinity) facts.push([t("Arrives"), t("still under way")]);
  else if (messages.outcome.data[slot] === DELIVERED) facts.push([t("Arrives"), t("{time}\u2009s, after {took}", { time: markWords(m.settled, EXACT_NS), took })]);
  else facts.push([t("Dropped"), t("{reason}, after {took}", { reason: t(m.outcome), took }), "isbad"]);
  facts.push([t("Size"), `${m.size.toLocaleString()}\u2009B`]);
  const operation = m.op < 0 ? undefined : operations.slots.get(m.op);
  if (operation !== undefined) {
    const o = operations.row(operation);
    facts.push([t("For"), `${stage.nameOf(o.node)}: ${operationWords(o)}`]);
  }
  return h("dl", { class: "kv" }, ...facts.flatMap(([name, value, kind]) => [h("dt", {}, name), h("dd", kind ? { class: kind } : {}, value)]));
}

/** The moments at which something of a chain is sent or settles, in order. @param {Messages} messages @param {Causes} causes */
export function chainMoments(messages, causes) {
  const times = new Set();
  for (const slot of causes.chain) {
    times.add(messages.sent.data[slot]);
    if (messages.settled.data[slot] !== Infinity) times.add(messages.settled.data[slot]);
  }
  return [...times].sort((a, b) => a - b);
}

export class PinCard {
  /** @param {Stage} stage @param {Editor} editor */
  constructor(stage, editor) {
    this.stage = stage;
    this.editor = editor;
    this.head = h("header", {});
    this.facts = h("div", {});
    this.words = h("p", {});
    this.place = h("span", { class: "mono mut" });
    this.earlier = this.#button(t("Earlier in the chain"), t("Earlier"), "i-back", () => this.step(-1));
    this.later = this.#button(t("Later in the chain"), t("Later"), "i-fwd", () => this.step(1));
    this.unpin = h("button", { class: "b icon", "aria-label": t("Unpin"), title: `${t("Unpin")} (Esc)` }, icon("i-x"));
    this.unpin.onclick = () => stage.pin(-1);
    this.element = h("section", { class: "float pin-card", "aria-label": t("Pinned message"), hidden: true }, this.head, this.facts, this.words, h("footer", {}, this.earlier, this.later, this.place));
    editor.host.append(this.element);
    this.shown = "";
    stage.on("pin trace chunk document", () => this.draw());
    stage.on("tick pin", () => this.#where());
  }

  /** @param {string} label @param {string} words @param {string} name @param {() => void} act */
  #button(label, words, name, act) {
    const button = h("button", { class: "b line", "aria-label": label, title: label }, icon(name), h("span", {}, words));
    button.onclick = act;
    return button;
  }

  get causes() { return chainOf(this.stage.trace, this.stage.pinned); }

  draw() {
    const { stage, causes } = this;
    this.element.hidden = !causes;
    if (!causes) return;
    const key = `${stage.viewing}|${causes.slot}|${causes.chain.size}|${stage.trace?.messages.settled.data[causes.slot]}`;
    if (key === this.shown) return;
    this.shown = key;
    this.head.replaceChildren(messageTitle(stage, causes.slot, "h2"), this.unpin);
    this.facts.replaceChildren(messageFacts(stage, causes.slot));
    this.words.textContent = `${chainWords(causes)} ${t("Solid lines led to it, dashed ones followed.")}`;
    this.#where();
    this.element.dataset.corner = this.#corner();
  }

  /** The corner of the canvas where the card hides the least. */
  #corner() {
    const { host, at, transform: { scale, x, y } } = this.editor;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const [right, low] = [host.clientWidth - width - 12, host.clientHeight - height - 52];
    /** @type {[string, number, number][]} */
    const corners = [["top-right", right, 12], ["bottom-right", right, low], ["top-left", 60, 12], ["bottom-left", 12, low]];
    const hides = (/** @type {[string, number, number]} */ [, left, top]) => [...at.values()].filter((p) => {
      const [px, py] = [p.x * scale + x, p.y * scale + y];
      return Math.abs(px - left - width / 2) < (width + CARD.width * scale) / 2 && Math.abs(py - top - height / 2) < (height + CARD.height * scale) / 2;
    }).length;
    return corners.reduce((best, corner) => (hides(corner) < hides(best) ? corner : best))[0];
  }

  /** Which steps there are from the playhead. */
  #where() {
    const { stage, causes } = this;
    if (!causes || !stage.trace) return;
    const times = chainMoments(stage.trace.messages, causes);
    const before = times.filter((time) => time < stage.playhead.t).length;
    const at = times.filter((time) => time <= stage.playhead.t).length;
    // A button that has just been pressed keeps the focus, and says instead that it does nothing.
    this.earlier.setAttribute("aria-disabled", String(before === 0));
    this.later.setAttribute("aria-disabled", String(at === times.length));
    this.place.textContent = t("step {n} of {all}", { n: at, all: times.length });
  }

  /** To the next moment, or the one before, at which something of the chain happens. @param {1 | -1} direction */
  step(direction) {
    const { stage, causes } = this;
    if (!causes || !stage.trace) return;
    const times = chainMoments(stage.trace.messages, causes);
    const { t: now } = stage.playhead;
    const to = direction > 0 ? times.find((time) => time > now) : times.findLast((time) => time < now);
    if (to === undefined) return;
    stage.play(false);
    stage.seek(to);
  }
}
