/** What the page is about: one scenario, as drawn or with a variant applied, at most one run of it, one playhead, one selection. Panels listen and ask. */

import { Emitter } from "./emitter.js";
import { DocumentStore } from "./document/store.js";
import { sameRun } from "./document/same-run.js";
import { hasVariant, varied } from "./document/variants.js";
import { Playhead } from "./trace/playhead.js";
import { Branches } from "./branches.js";
import { RunView, endOf } from "./run-view.js";
import { request } from "./net/api.js";

const DEFAULT_URLS = {
  runs: "/api/runs", types: "/api/types", drafts: "/api/drafts", scenarios: "/api/scenarios", validate: "/api/documents/validate",
  inspector: "/sandbox/inspector/", inspector_check: "/sandbox/inspector/check/", sandbox: "/sandbox/",
};
export const RUN_MARK = "netsplit:run";
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
/** @type {RunStatus} */
const NONE = { status: "none" };
/** @type {RunStatus} */
const STARTING = { status: "starting" };

export class Stage extends Emitter {
  /** @param {StageData} data */
  constructor(data) {
    super();
    this.data = data;
    this.mode = data.mode;
    this.urls = { ...DEFAULT_URLS, ...Object.fromEntries(Object.entries(data.urls ?? {}).filter(([, url]) => url)) };
    this.store = new DocumentStore(data.document);
    this.store.mayChange = () => this.mayEdit();
    this.playhead = new Playhead();
    /** @type {Set<string>} */
    this.selection = new Set();
    /** A part that is chosen joins those selected. */
    this.adding = false;
    /** @type {RunView | null} the run that is watched */
    this.view = null;
    /** A run was asked for, and nothing is known of it yet. */
    this.starting = false;
    /** @type {string | null} */
    this.chosen = data.variant ?? null;
    /** @type {Mistake[]} */
    this.mistakes = [];
    this.holdAt = 0;
    /** Slot of the message whose causes and consequences are lit everywhere, −1 for none. */
    this.pinned = -1;
    /** Slot of the client operation that is looked at, −1 for none. */
    this.operation = -1;
    /** Fields still being checked by the server; a run waits for them. */
    this.pending = 0;
    this.store.subscribe((doc, before) => this.emit("document", before));
    this.branches = new Branches(this, data.branches);
  }

  /** The scenario as drawn: what is edited, kept, shared and sent to be run. */
  get base() { return this.store.doc; }

  /** What is shown: the scenario with the chosen variant applied. */
  get doc() { return varied(this.base, this.variant); }

  /** The chosen variant; null for the scenario as drawn. */
  get variant() { return hasVariant(this.base, this.chosen) ? this.chosen : null; }

  /** A variant is there to be looked at: it is a patch, and what it is applied to is what can be changed. */
  get editable() { return this.mode === "edit" && this.variant === null; }

  /** Asked before something is changed: where a variant is in the way this is said, and what was begun goes back. */
  mayEdit() {
    if (this.editable) return true;
    if (this.mode === "edit") {
      this.emit("document", this.doc);
      this.emit("locked");
    }
    return false;
  }

  /** Shows the scenario with a variant applied, or as drawn. What is selected stays so where it is there, too. @param {string | null} variant */
  show(variant) {
    const before = this.doc;
    if (variant === this.variant) return;
    this.chosen = variant;
    const { doc } = this;
    this.emit("document", before);
    const there = new Set([...doc.nodes, ...doc.links].map(({ id }) => id));
    this.select([...this.selection].filter((id) => there.has(id)));
    this.emit("variant", before);
  }

  /** Shows a variant and its run, at the same moment. @param {string | null} variant */
  choose(variant) {
    this.show(variant);
    return this.start({ keep: this.trace !== null });
  }

  /** @param {string} type */
  typeInfo(type) { return this.data.catalogue.types.find((info) => info.type === type); }

  get trace() { return this.view?.trace ?? null; }

  /** The document that was run, with its variant applied. */
  get ran() { return this.view?.doc ?? null; }

  /** The document in the store when Run was pressed. */
  get ranBase() { return this.view?.base ?? null; }

  get viewing() { return this.view?.viewing ?? null; }

  get verdict() { return this.view?.verdict ?? null; }

  get run() { return this.starting ? STARTING : this.view?.run ?? NONE; }

  get trouble() { return this.starting ? "" : this.view?.trouble ?? ""; }

  get end_ns() { return endOf(this.ran ?? this.doc); }

  get running() { return this.run.status === "queued" || this.run.status === "running" || this.run.status === "starting"; }

  get stoppable() { return this.running && this.run.own === true; }

  /** What Run would do is being done already, in a run that is not the visitor's to stop. */
  get underWay() { return this.running && this.run.own === false && !this.outdated; }

  /** The run shown belongs to an older state of the document, or to another variant. */
  get outdated() { return this.ran !== null && !sameRun(this.ran, this.doc); }

  /** Undoing or redoing goes back to the branch where the change was made; a fault takes the run again: what is seen is what the document says. @param {"undo" | "redo"} way */
  history(way) {
    const { faults } = this.base;
    const { branch } = this.store;
    if (!this.mayEdit() || this.store[way]() === null) return;
    if (branch !== this.store.branch) this.branches.show();
    else if (this.trace && faults !== this.base.faults && this.outdated) this.start({ keep: true });
  }

  /** @param {Iterable<string>} ids */
  select(ids) {
    this.selection = new Set(ids);
    this.emit("select");
  }

  /** @param {{keep?: boolean}} [options] keep: stay at the playhead */
  async start(options = {}) {
    performance.mark(RUN_MARK);
    await this.#settled();
    const { base, variant } = this;
    const { branch } = this.store;
    this.starting = true;
    this.emit("run");
    const answer = await request("POST", this.urls.runs, { document: base, variant, seed: null });
    this.starting = false;
    if (!answer.ok) {
      this.#refused(answer);
      return;
    }
    if (branch !== this.store.branch) {
      this.branches.note(branch, answer.data.viewing, base, variant);
      this.emit("run");
      return;
    }
    if (variant !== this.variant) { // somebody has gone on to another, whose run is under way
      this.emit("run");
      return;
    }
    this.mistakes = answer.data.doubts.map((/** @type {Mistake} */ doubt) => ({ ...doubt, doubtful: true }));
    this.emit("mistakes");
    this.watch(answer.data.viewing, base, { variant, at_ns: options.keep ? this.playhead.t : 0, play: options.keep ? this.playhead.playing : !CALM.matches, own: true });
    this.emit("started");
  }

  async #settled() {
    for (let i = 0; i < 20 && this.pending > 0; i++) await new Promise((done) => { setTimeout(done, 50); });
  }

  /** The run that is shown, if any, stays as it was. @param {{status: number, data: any}} answer */
  #refused(answer) {
    this.mistakes = answer.data?.mistakes ?? [];
    this.emit("mistakes");
    this.emit("run");
    this.emit("refused", answer);
  }

  /**
   * Attaches to a viewing and plays it; the page shows its variant.
   * @param {string} viewing
   * @param {Scenario} doc the document it was run from
   * @param {{variant: string | null, at_ns: number, play: boolean, own?: boolean}} options own: it is known to be the visitor's; else the server says so
   */
  watch(viewing, doc, { variant, at_ns, play, own }) {
    this.show(variant);
    const before = this.view;
    before?.close();
    const view = new RunView(viewing, doc, variant, this.urls.runs ?? "");
    if (before) view.take(before.sharedWith(view.doc));
    view.run.own = own;
    this.view = view;
    this.pinned = -1;
    this.operation = -1;
    this.holdAt = at_ns;
    this.playhead.t = at_ns;
    this.playhead.playing = play;
    this.playhead.smart = 0.02;
    view.on("chunk", (number) => this.#chunk(view.trace, number));
    view.on("end", () => this.#end(view.trace));
    for (const name of ["run", "verdict", "trouble", "trace"]) view.on(name, () => this.emit(name));
    view.open();
    this.emit("trace");
    this.emit("run");
    if (view.trace.chunks) this.#chunk(view.trace, 0);
  }

  /** @param {TraceStore} trace @param {number} number */
  #chunk(trace, number) {
    // A run that is watched from its start begins with its first message, not with silence.
    if (number === 0 && this.holdAt === 0 && this.playhead.playing) this.playhead.t = Math.max(this.playhead.t, (trace.messages.length ? trace.messages.sent.data[0] : 1) - 1);
    this.emit("chunk");
  }

  /** @param {TraceStore} trace */
  #end(trace) {
    this.playhead.t = Math.min(this.playhead.t, Math.max(trace.loadedTo, 0));
    this.emit("run");
    this.emit("chunk");
    this.emit("seek");
  }

  async stop() { await this.view?.stop(); }

  get over() { return this.view !== null && !this.starting && this.view.over; }

  /** @param {number} slot of a message, −1 for none */
  pin(slot) {
    this.pinned = slot;
    this.emit("pin");
  }

  /** @param {number} slot of a client operation, −1 for none */
  chooseOperation(slot) {
    if (slot === this.operation) return;
    this.operation = slot;
    this.emit("operation");
  }

  /** @param {number} ns */
  seek(ns) {
    const limit = this.trace ? Math.max(this.trace.loadedTo, this.trace.complete ? 0 : this.holdAt) : 0;
    this.playhead.t = Math.max(0, Math.min(ns, limit || this.end_ns));
    this.emit("seek");
  }

  /** To the end of what is known, or of what will be when a run that is over is still on its way here. */
  seekEnd() {
    if (!this.trace) return;
    if (this.over && !this.trace.complete) this.holdAt = this.trace.end;
    this.seek(this.over ? this.trace.end : this.trace.loadedTo);
  }

  /** @param {boolean} playing */
  play(playing) {
    if (playing && !this.trace) return;
    if (playing && this.trace?.complete && this.playhead.t >= this.trace.loadedTo) this.playhead.t = 0;
    this.playhead.playing = playing;
    this.emit("play");
  }

  /** One event on or back. @param {1 | -1} direction */
  step(direction) {
    if (!this.trace) return;
    this.play(false);
    const { events } = this.trace;
    const index = direction > 0 ? events.after(this.playhead.t) : events.before(this.playhead.t);
    if (index >= 0 && index < events.length) this.seek(events.times.data[index]);
  }

  /** Node number in the trace of a document node (the first of its copies). @param {string} id */
  traceNode(id) {
    const exact = this.trace?.nodes.indexOf(id) ?? -1;
    return exact >= 0 ? exact : this.trace?.nodes.indexOf(`${id}-1`) ?? -1;
  }

  /** What people call a node of the run. @param {number} number */
  nameOf(number) {
    const id = this.trace?.nodes[number] ?? "?";
    return this.doc.nodes.find((node) => node.id === id)?.label || id;
  }

  /** All node numbers that a document node stands for. @param {string} id */
  traceNodes(id) {
    const count = this.doc.nodes.find((node) => node.id === id)?.count ?? 1;
    if (count === 1) return [this.traceNode(id)].filter((n) => n >= 0);
    return Array.from({ length: count }, (_, i) => this.trace?.nodes.indexOf(`${id}-${i + 1}`) ?? -1).filter((n) => n >= 0);
  }
}
