/** One run as it is watched: what was run, its trace as far as it has come, its status, its verdict. */

import { decode } from "@msgpack/msgpack";
import { Emitter } from "./emitter.js";
import { departure } from "./document/same-run.js";
import { varied } from "./document/variants.js";
import { TraceStore } from "./trace/store.js";
import { RunSocket } from "./net/run-socket.js";
import { request } from "./net/api.js";

const VERDICT_AGAIN_MS = 600;
const VERDICT_PARTIAL_AGAIN_MS = 2000;
const RUN_LOOKS_MAX = 200;
/** So much of a run is held back for others that begin like it. */
const HELD_BYTES_MAX = 8_000_000;
const OVER = new Set(["finished", "limited", "stopped", "failed"]);

/** Emits `run`, `chunk` (with its number), `end`, `verdict` and `trouble`, until it is closed. */
export class RunView extends Emitter {
  /**
   * @param {string} viewing
   * @param {Scenario} base the document that was run
   * @param {string | null} variant
   * @param {string} runs the address of the runs
   */
  constructor(viewing, base, variant, runs) {
    super();
    this.viewing = viewing;
    this.base = base;
    this.variant = variant;
    /** The document with its variant applied. */
    this.doc = varied(base, variant);
    this.runs = runs;
    this.trace = new TraceStore(decode, endOf(this.doc));
    /** The first chunks as they came, and when each ends. @type {{bytes: Uint8Array, to: number}[]} */
    this.held = [];
    this.heldBytes = 0;
    /** The last chunk taken from another run, until the server has shown the same. @type {Uint8Array | null} */
    this.expected = null;
    /** @type {RunStatus} */
    this.run = { status: "queued", position: null };
    /** @type {Verdict | null} */
    this.verdict = null;
    /** The variants are being run for the sake of the claims. */
    this.judging = false;
    /** Words about a lost connection, empty when all is well. */
    this.trouble = "";
    this.closed = false;
    /** @type {RunSocket | null} */
    this.socket = null;
  }

  get over() { return OVER.has(this.run.status); }

  open() {
    this.socket = new RunSocket(`/ws/runs/${this.viewing}/`, {
      cursor: () => this.trace.chunks - (this.expected ? 1 : 0),
      chunk: (bytes) => this.#receive(bytes),
      status: (status) => {
        this.run = { ...this.run, ...status };
        this.#tell("run");
      },
      end: (status) => this.#end(status),
      connected: () => this.#say(""),
      lost: (seconds) => this.#say(`lost:${seconds}`),
      refused: (reason) => this.#say(`refused:${reason}`),
    });
    return this;
  }

  /** @param {Uint8Array} bytes */
  #receive(bytes) {
    const { expected } = this;
    this.expected = null;
    if (expected && !sameBytes(expected, bytes)) return this.#startOver();
    const number = this.#add(bytes);
    this.#tell("chunk", number);
    return number;
  }

  /** The past was not a common one after all, as when the engine has changed since: all is asked for anew. */
  #startOver() {
    this.held = [];
    this.heldBytes = 0;
    this.trace = new TraceStore(decode, endOf(this.doc));
    this.socket?.close();
    this.open();
    this.#tell("trace");
    return -1;
  }

  /** @param {Uint8Array} bytes */
  #add(bytes) {
    const { chunks } = this.trace;
    const number = this.trace.add(bytes);
    this.heldBytes += bytes.length;
    if (number === chunks && this.heldBytes <= HELD_BYTES_MAX) this.held.push({ bytes, to: this.trace.loadedTo });
    return number;
  }

  /** The chunks that a run of another document begins with, byte for byte: all before the first fault that only one of them has. @param {Scenario} doc */
  sharedWith(doc) {
    const until_ns = departure(this.doc, doc) * 1e6;
    return this.held.filter(({ to }) => to < until_ns).map(({ bytes }) => bytes);
  }

  /** Begins with these chunks; the rest is asked for, and the last of them to be sure. @param {Uint8Array[]} chunks */
  take(chunks) {
    for (const bytes of chunks) this.#add(bytes);
    this.expected = chunks.at(-1) ?? null;
  }

  close() {
    this.closed = true;
    this.socket?.close();
  }

  /** @param {string} name @param {any} [detail] */
  #tell(name, detail) {
    if (!this.closed) this.emit(name, detail);
  }

  /** @param {string} words */
  #say(words) {
    this.trouble = words;
    this.#tell("trouble");
  }

  /** @param {RunStatus} status */
  #end(status) {
    const { trace } = this;
    trace.complete = true;
    if (trace.loadedTo && status.status !== "finished") trace.endHere();
    this.run = { ...this.run, ...status };
    this.#tell("end");
    this.loadVerdict();
  }

  async loadVerdict() {
    if (this.closed || this.run.status === "failed" || this.run.status === "stopped") return;
    const answer = await request("GET", `${this.runs}/${this.viewing}/verdict`);
    if (answer.status === 202) setTimeout(() => this.loadVerdict(), VERDICT_AGAIN_MS);
    if (answer.status === 202 || this.closed) return;
    if (answer.ok) this.verdict = answer.data;
    this.#tell("verdict");
    if (answer.ok && answer.data.partial) setTimeout(() => this.loadVerdict(), VERDICT_PARTIAL_AGAIN_MS);
  }

  /** Runs the base and every variant, unwatched, so that claims which compare them can be judged. */
  async runVariants() {
    this.judging = true;
    this.#tell("verdict");
    const names = [null, ...Object.keys(this.base.variants ?? {})];
    const started = await Promise.all(names.map((variant) => request("POST", this.runs, { document: this.base, variant, seed: null })));
    await Promise.all(started.map(({ data }) => this.#ended(data?.viewing)));
    this.judging = false;
    this.loadVerdict();
  }

  /** @param {string | undefined} viewing */
  async #ended(viewing) {
    for (let i = 0; viewing && i < RUN_LOOKS_MAX; i++) {
      const answer = await request("GET", `${this.runs}/${viewing}`);
      if (!answer.ok || OVER.has(answer.data.status)) return;
      await new Promise((done) => { setTimeout(done, VERDICT_AGAIN_MS); });
    }
  }

  async stop() { await request("POST", `${this.runs}/${this.viewing}/stop`); }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function sameBytes(a, b) { return a.length === b.length && a.every((byte, i) => byte === b[i]); }

/** The planned end of a run, ns. @param {Scenario} doc */
export function endOf(doc) { return (doc.duration_ms + (doc.settle_ms ?? 0)) * 1e6; }
