/** The timeline: a lane for each node, the messages between them, and the playhead through all. */

import { $, h, icon } from "../dom.js";
import { chainOf } from "../trace/causes.js";
import { clearSpan } from "../trace/diagram.js";
import { TimeWindow, markWords } from "../trace/time-window.js";
import { LaneNames } from "./timeline-names.js";
import { Picture } from "./timeline-picture.js";
import { chainWords, listItems, messageWords } from "./timeline-words.js";
import { t } from "./words.js";

const LIST_AFTER_MS = 400;
const CAPTION_STEPS = 500;
const ZOOM = 2;

export class Timeline {
  /** @param {Stage} stage @param {{hidden: ReadonlySet<string>, looks: Looks}} scene roles and kinds that are not drawn, and how the others are coloured */
  constructor(stage, { hidden, looks }) {
    this.looks = looks;
    this.stage = stage;
    this.hidden = hidden;
    this.window = new TimeWindow();
    this.host = $("#p-timeline");
    /** Slot of the message named, −1 for none. */
    this.marked = -1;
    this.follow = true;
    this.fitted = false;
    this.chosen = false;
    this.stale = true;
    this.t = -1;
    this.timer = 0;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.head = h("div", { class: "tl-head" });
    this.plot = h("div", { class: "tl-plot", tabindex: 0, role: "application", "aria-roledescription": t("space-time diagram"), "aria-label": t("Messages between nodes over time"), "aria-describedby": "tl-keys tl-words" });
    this.lanes = h("ul", { "aria-label": t("Nodes") });
    this.scroller = h("div", { class: "tl-scroll" });
    this.words = h("p", { class: "tl-words", id: "tl-words", "aria-live": "polite" });
    this.list = h("ul", { class: "vh", "aria-label": t("Messages in view") });
    this.caption = h("span", { class: "tl-span mono" });
    this.wholeButton = this.#button("i-fit", t("Whole run"), () => this.toggleWhole());
    this.unpin = this.#button("i-x", t("Unpin"), () => this.pin(-1));
    this.controls = h("span", { class: "tl-controls", role: "group", "aria-label": t("Stretch of time") });
    this.foot = h("div", { class: "tl-foot" });
    this.empty = h("p", { class: "note" });
    this.frame = h("div", { class: "tl" });
    this.#build();
    this.names = new LaneNames(stage, this.scroller, this.lanes);
    this.picture = new Picture(this.canvas);
    this.#listen();
    this.#renew();
  }

  /** The parts in their places. */
  #build() {
    this.empty.append(h("b", {}, t("No run yet")), t("Press Run: what each node was, and every message from its sending to its arrival, is drawn here over time."));
    this.plot.append(this.canvas, this.head);
    this.scroller.append(h("div", { class: "tl-names" }, h("div", { class: "tl-corner" }), this.lanes), this.plot);
    this.controls.append(this.caption, this.#button("i-minus", t("More time"), () => this.zoom(ZOOM)), this.#button("i-plus", t("Less time"), () => this.zoom(1 / ZOOM)), this.wholeButton);
    this.foot.append(this.words, this.unpin);
    const keys = h("p", { class: "vh", id: "tl-keys" }, t("Left and right move the playhead, up and down go from message to message, Enter pins one, plus and minus change the stretch of time, Page Up and Page Down pan, 0 shows the whole run."));
    this.frame.append(this.scroller, this.foot, keys, this.list);
    this.host.replaceChildren(this.empty, this.frame);
    const phone = matchMedia("(max-width: 599px)");
    const place = () => (phone.matches ? this.foot : $("#dock-options")).append(this.controls);
    phone.addEventListener("change", place);
    place();
  }

  /** @param {string} name @param {string} words @param {() => void} act */
  #button(name, words, act) {
    const button = h("button", { class: "b icon", "aria-label": words, title: words }, icon(name));
    button.onclick = act;
    return button;
  }

  #listen() {
    const { stage } = this;
    stage.on("trace", () => this.#renew());
    stage.on("chunk document roles", () => this.refresh());
    stage.on("play", () => { this.follow = true; });
    stage.on("pin", () => this.#pinned());
    stage.on("seek", () => {
      this.window.reveal(stage.playhead.t);
      this.refresh();
    });
    stage.on("frame", () => this.#frame());
    addEventListener("themechange", () => {
      this.picture.readColours();
      this.refresh();
    });
    this.scroller.addEventListener("scroll", () => { this.stale = true; }, { passive: true });
    new ResizeObserver(() => this.refresh()).observe(this.plot);
  }

  /** Another run: what was pinned is no more; a stretch of time that somebody chose stays. */
  #renew() {
    this.marked = -1;
    this.fitted = this.chosen;
    this.refresh();
  }

  /** What the pinned message belongs to; null while none is pinned. */
  get causes() { return chainOf(this.stage.trace, this.stage.pinned); }

  /** Everything anew, with the next frame. */
  refresh() {
    const { trace } = this.stage;
    const any = Boolean(trace?.nodes.length);
    this.empty.hidden = any;
    this.frame.hidden = !any;
    this.controls.hidden = this.host.hidden || !any;
    if (!trace || !any) return;
    this.window.until(trace.end);
    if (!this.fitted && trace.messages.length) {
      this.fitted = true;
      this.window.around(this.stage.playhead.t, clearSpan(trace.messages, this.stage.playhead.t));
    }
    this.stale = true;
  }

  /** @param {boolean} [moved] the window was moved by hand */
  changed(moved = true) {
    if (moved) this.chosen = true;
    this.stale = true;
  }

  #frame() {
    const { trace, playhead } = this.stage;
    if (!trace?.nodes.length || !this.plot.clientWidth) return;
    if (playhead.t !== this.t) {
      const was = this.window.from;
      if (playhead.playing && this.follow) this.window.follow(playhead.t);
      if (this.window.from !== was) this.stale = true;
      this.t = playhead.t;
      this.#placeHead();
    }
    if (!this.stale) return;
    this.stale = false;
    this.#draw(trace);
    this.#placeHead();
  }

  #placeHead() {
    const x = this.window.x(this.stage.playhead.t, this.plot.clientWidth);
    this.head.hidden = x < 0 || x > this.plot.clientWidth;
    this.head.style.transform = `translateX(${x}px)`;
  }

  /** @param {TraceStore} trace */
  #draw(trace) {
    const { window, picture } = this;
    const { causes } = this;
    const place = picture.draw(this.stage, trace, window, this.scroller.scrollTop, { hidden: this.hidden, causes, marked: this.marked, looks: this.looks });
    this.names.draw();
    const { total, stride } = picture.lines.view;
    const step = window.span / CAPTION_STEPS;
    this.caption.textContent = `${stride > 1 ? `${t("1 in {n}", { n: stride })} · ` : ""}${markWords(window.from, step)} – ${markWords(window.to, step)}\u2009s`;
    this.wholeButton.setAttribute("aria-pressed", String(this.isWhole));
    Object.assign(this.plot.dataset, { from: window.from, to: window.to, total, stride, lit: causes?.chain.size ?? 0, pinned: causes?.slot ?? "", marked: this.marked < 0 ? "" : this.marked, place: place ? `${place.x},${place.y}` : "" });
    this.#say(stride);
    clearTimeout(this.timer);
    this.timer = globalThis.setTimeout(() => this.#tell(), LIST_AFTER_MS);
  }

  /** @param {number} stride */
  #say(stride) {
    const pinned = this.causes;
    const slot = this.marked >= 0 ? this.marked : pinned?.slot ?? -1;
    this.unpin.hidden = !pinned;
    let words = slot >= 0 ? messageWords(this.stage, slot) : stride > 1 ? t("Many messages: one in {n} is drawn. Show less time to see all.", { n: stride }) : t("Press a message to see what led to it and what followed.");
    if (pinned && slot === pinned.slot) words = `${t("Pinned:")} ${words} ${chainWords(pinned)}`;
    this.words.classList.toggle("mut", slot < 0);
    if (this.words.textContent !== words) this.words.textContent = this.words.title = words;
  }

  /** The list for those who do not see the picture, once it rests. */
  #tell() {
    if (!this.stage.trace || !this.plot.clientWidth) return;
    const { causes } = this;
    const slots = causes ? [...causes.before.slice(-20), causes.slot, ...causes.after] : this.picture.lines.drawn();
    this.list.setAttribute("aria-label", causes ? t("The pinned message, what led to it and what followed") : t("Messages in view"));
    this.list.replaceChildren(...listItems(this.stage, slots, causes ? causes.chain.size : this.picture.lines.view.total));
  }

  /** Called as the playhead moves. */
  tick() { if (this.plot.clientWidth) this.names.draw(); }

  get isWhole() { return this.window.span >= this.window.end; }

  /** @param {number} factor @param {number} [at] the moment that stays; the playhead when it is in view */
  zoom(factor, at) {
    const { window, stage } = this;
    window.zoom(factor, at ?? (window.has(stage.playhead.t) ? stage.playhead.t : window.from + window.span / 2));
    this.changed();
  }

  toggleWhole() {
    const { trace, playhead } = this.stage;
    if (this.isWhole && trace) this.window.around(playhead.t, clearSpan(trace.messages, playhead.t));
    else this.window.whole();
    this.changed();
  }

  /** @param {number} ns @param {number} [down] px by which the lanes scroll */
  pan(ns, down = 0) {
    this.follow = false;
    this.window.pan(ns);
    this.scroller.scrollTop += down;
    this.changed();
  }

  /** @param {number} ns kept within what is shown */
  seek(ns) {
    this.stage.play(false);
    this.stage.seek(Math.max(this.window.from, Math.min(this.window.to, ns)));
  }

  /** Names a message. @param {number} slot −1 for none */
  mark(slot) {
    if (slot === this.marked) return;
    this.marked = slot;
    this.stale = true;
  }

  /** Pins a message and lights what it belongs to; the same one again, or −1, lets go. @param {number} slot */
  pin(slot) {
    this.stage.pin(slot === this.stage.pinned ? -1 : slot);
  }

  /** Somebody has pinned a message, or let go of it. */
  #pinned() {
    const { trace, pinned } = this.stage;
    this.marked = pinned;
    if (trace && pinned >= 0) this.window.reveal(trace.messages.sent.data[pinned]);
    this.stale = true;
  }
}
