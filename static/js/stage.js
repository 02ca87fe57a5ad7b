/** What the page is about: one document, at most one run of it, one playhead, one selection. Panels listen and ask. */

import { decode } from "../vendor/msgpack.js";
import { Emitter } from "./emitter.js";
import { DocumentStore } from "./document/store.js";
import { patched } from "./document/patch.js";
import { TraceStore } from "./trace/store.js";
import { Playhead } from "./trace/playhead.js";
import { RunSocket } from "./net/run-socket.js";
import { request } from "./net/api.js";

const DEFAULT_URLS = {
  runs: "/api/runs", drafts: "/api/drafts", scenarios: "/api/scenarios", validate: "/api/documents/validate",
  inspector: "/sandbox/inspector/", inspector_check: "/sandbox/inspector/check/", sandbox: "/sandbox/",
};
const VERDICT_AGAIN_MS = 600;
const VERDICT_PARTIAL_AGAIN_MS = 2000;
const RUN_LOOKS_MAX = 200;
export const RUN_MARK = "netsplit:run";
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
const OVER = new Set(["finished", "limited", "stopped", "failed"]);

export class Stage extends Emitter {
  /** @param {StageData} data */
  constructor(data) {
    super();
    this.data = data;
    this.mode = data.mode;
    this.urls = { ...DEFAULT_URLS, ...Object.fromEntries(Object.entries(data.urls ?? {}).filter(([, url]) => url)) };
    this.store = new DocumentStore(data.document);
    this.store.readOnly = data.mode !== "edit";
    this.playhead = new Playhead();
    /** @type {Set<string>} */
    this.selection = new Set();
    /** A part that is chosen joins those selected. */
    this.adding = false;
    /** @type {TraceStore | null} */
    this.trace = null;
    /** @type {Scenario | null} the document that was run, with its variant applied */
    this.ran = null;
    /** @type {Scenario | null} the document in the store when Run was pressed */
    this.ranBase = null;
    /** @type {string | null} */
    this.viewing = null;
    /** @type {string | null} */
    this.variant = data.variant ?? null;
    /** @type {RunStatus} */
    this.run = { status: "none" };
    /** @type {Mistake[]} */
    this.mistakes = [];
    /** @type {Verdict | null} */
    this.verdict = null;
    /** @type {RunSocket | null} */
    this.socket = null;
    /** Words about a lost connection, empty when all is well. */
    this.trouble = "";
    this.holdAt = 0;
    /** The variants are being run for the sake of the claims. */
    this.judging = false;
    /** Fields still being checked by the server; a run waits for them. */
    this.pending = 0;
    this.store.subscribe((doc, before) => this.emit("document", before));
  }

  get doc() { return this.store.doc; }

  /** @param {string} type */
  typeInfo(type) { return this.data.catalogue.types.find((info) => info.type === type); }

  get end_ns() {
    const doc = this.ran ?? this.doc;
    return (doc.duration_ms + (doc.settle_ms ?? 0)) * 1e6;
  }

  get running() { return this.run.status === "queued" || this.run.status === "running" || this.run.status === "starting"; }

  /** The run shown belongs to an older state of the document. */
  get outdated() { return this.ranBase !== null && !sameRun(this.ranBase, this.doc); }

  /** Undoing or redoing a fault takes the run again: what is seen is what the document says. @param {"undo" | "redo"} way */
  history(way) {
    const { faults } = this.doc;
    const label = this.store[way]();
    if (label !== null && this.trace && faults !== this.doc.faults && this.outdated) this.start({ keep: true });
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
    const doc = this.doc;
    const before = this.run;
    this.run = { status: "starting" };
    this.trouble = "";
    this.emit("run");
    const answer = await request("POST", this.urls.runs, { document: doc, variant: this.variant, seed: null });
    if (!answer.ok) {
      this.#refused(answer, before);
      return;
    }
    this.mistakes = answer.data.doubts.map((/** @type {Mistake} */ doubt) => ({ ...doubt, doubtful: true }));
    this.emit("mistakes");
    this.watch(answer.data.viewing, doc, { at_ns: options.keep ? this.playhead.t : 0, play: options.keep ? this.playhead.playing : !CALM.matches });
    this.emit("started");
  }

  async #settled() {
    for (let i = 0; i < 20 && this.pending > 0; i++) await new Promise((done) => { setTimeout(done, 50); });
  }

  /** The run that is shown, if any, stays as it was. @param {{status: number, data: any}} answer @param {RunStatus} before */
  #refused(answer, before) {
    this.run = this.viewing && this.trace?.complete ? before : { status: "none" };
    this.mistakes = answer.data?.mistakes ?? [];
    this.emit("mistakes");
    this.emit("run");
    this.emit("refused", answer);
  }

  /**
   * Attaches to a viewing and plays it.
   * @param {string} viewing
   * @param {Scenario} doc the document it was run from
   * @param {{at_ns: number, play: boolean}} options
   */
  watch(viewing, doc, { at_ns, play }) {
    this.socket?.close();
    this.viewing = viewing;
    this.ranBase = doc;
    const operations = this.variant ? doc.variants?.[this.variant] : null;
    this.ran = operations ? patched(doc, operations) : doc;
    this.verdict = null;
    const trace = new TraceStore(decode, this.end_ns);
    this.trace = trace;
    this.run = { status: "queued", position: null };
    this.holdAt = at_ns;
    this.playhead.t = at_ns;
    this.playhead.playing = play;
    this.playhead.smart = 0.02;
    this.socket = new RunSocket(`/ws/runs/${viewing}/`, {
      cursor: () => trace.chunks,
      chunk: (bytes) => this.#chunk(trace, bytes),
      status: (status) => this.#status(status),
      end: (status) => this.#end(trace, status),
      connected: () => this.#say(""),
      lost: (seconds) => this.#say(`lost:${seconds}`),
      refused: (reason) => this.#say(`refused:${reason}`),
    });
    this.emit("trace");
    this.emit("run");
  }

  /** @param {TraceStore} trace @param {Uint8Array} bytes */
  #chunk(trace, bytes) {
    const number = trace.add(bytes);
    // A run that is watched from its start begins with its first message, not with silence.
    if (trace === this.trace && number === 0 && this.holdAt === 0 && this.playhead.playing) this.playhead.t = Math.max(this.playhead.t, (trace.messages.length ? trace.messages.sent.data[0] : 1) - 1);
    if (trace === this.trace) this.emit("chunk");
    return number;
  }

  /** @param {RunStatus} status */
  #status(status) {
    this.run = { ...this.run, ...status };
    this.emit("run");
  }

  /** @param {TraceStore} trace @param {RunStatus} status */
  #end(trace, status) {
    if (trace !== this.trace) return;
    trace.complete = true;
    if (trace.loadedTo && status.status !== "finished") trace.endHere();
    this.run = { ...this.run, ...status };
    this.playhead.t = Math.min(this.playhead.t, Math.max(trace.loadedTo, 0));
    this.emit("run");
    this.emit("chunk");
    this.emit("seek");
    this.loadVerdict();
  }

  async loadVerdict() {
    const viewing = this.viewing;
    if (!viewing || this.run.status === "failed" || this.run.status === "stopped") return;
    const answer = await request("GET", `${this.urls.runs}/${viewing}/verdict`);
    if (viewing !== this.viewing) return;
    if (answer.status === 202) {
      setTimeout(() => { if (viewing === this.viewing) this.loadVerdict(); }, VERDICT_AGAIN_MS);
      return;
    }
    if (answer.ok) this.verdict = answer.data;
    this.emit("verdict");
    if (answer.ok && answer.data.partial) setTimeout(() => { if (viewing === this.viewing) this.loadVerdict(); }, VERDICT_PARTIAL_AGAIN_MS);
  }

  /** Runs the base and every variant, unwatched, so that claims which compare them can be judged. */
  async runVariants() {
    const doc = this.ranBase ?? this.doc;
    this.judging = true;
    this.emit("verdict");
    const names = [null, ...Object.keys(doc.variants ?? {})];
    const started = await Promise.all(names.map((variant) => request("POST", this.urls.runs, { document: doc, variant, seed: null })));
    await Promise.all(started.map(({ data }) => this.#ended(data?.viewing)));
    this.judging = false;
    this.loadVerdict();
  }

  /** @param {string | undefined} viewing */
  async #ended(viewing) {
    for (let i = 0; viewing && i < RUN_LOOKS_MAX; i++) {
      const answer = await request("GET", `${this.urls.runs}/${viewing}`);
      if (!answer.ok || OVER.has(answer.data.status)) return;
      await new Promise((done) => { setTimeout(done, VERDICT_AGAIN_MS); });
    }
  }

  async stop() {
    if (!this.viewing) return;
    await request("POST", `${this.urls.runs}/${this.viewing}/stop`);
  }

  /** @param {string} words */
  #say(words) {
    this.trouble = words;
    this.emit("trouble");
  }

  get over() { return OVER.has(this.run.status); }

  /** @param {number} ns */
  seek(ns) {
    const limit = this.trace ? Math.max(this.trace.loadedTo, this.trace.complete ? 0 : this.holdAt) : 0;
    this.playhead.t = Math.max(0, Math.min(ns, limit || this.end_ns));
    this.emit("seek");
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

/** Changes that leave a run as it was: places, names, claims. @param {Scenario} a @param {Scenario} b */
export function sameRun(a, b) {
  if (a === b) return true;
  const physical = (/** @type {Scenario} */ doc) => JSON.stringify({
    nodes: doc.nodes.map(({ id, type, zone, host, count, params, cost_per_hour }) => [id, type, zone, host, count, params, cost_per_hour]), links: doc.links,
    clusters: doc.clusters?.map(({ label, ...rest }) => rest), zones: doc.zones?.map((zone) => zone.id), hosts: doc.hosts?.map(({ label, ...rest }) => rest), faults: doc.faults ?? [],
    rest: [doc.seed, doc.duration_ms, doc.settle_ms ?? 0, doc.variants ?? {}],
  });
  return physical(a) === physical(b);
}
