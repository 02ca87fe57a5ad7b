/** Asks the server for a look into a node, one at a time, and keeps the last answer. */

import { request } from "../net/api.js";
import { covers } from "../trace/activations.js";
import { t } from "./words.js";

const AGAIN_MS = 250;
const PATIENCE_MS = 60_000;
/** While time runs on, looks are asked for no closer than this. */
const PLAYING_GAP_MS = 2000;

export class Looking {
  /** @param {string} runs the address of the runs @param {() => void} changed */
  constructor(runs, changed) {
    this.runs = runs;
    this.changed = changed;
    /** @type {Look | null} */
    this.look = null;
    this.viewing = "";
    this.node = "";
    /** What went wrong, in words; "" when nothing did. */
    this.trouble = "";
    /** Since when an answer is awaited, ms; 0: none is. */
    this.since = 0;
    this.asked = 0;
  }

  /** Whether what is known tells of this moment. @param {string} viewing @param {string} node @param {number} at_ns */
  knows(viewing, node, at_ns) {
    return this.look !== null && this.viewing === viewing && this.node === node && covers(this.look, at_ns);
  }

  forget() {
    this.look = null;
    this.trouble = "";
  }

  /** @param {string} viewing @param {string} node @param {number} at_ns @param {number} from_ns @param {boolean} playing */
  async ask(viewing, node, at_ns, from_ns, playing) {
    const now = performance.now();
    if (this.since || this.trouble || (playing && now - this.asked < PLAYING_GAP_MS)) return;
    this.since = this.asked = now;
    const answer = await this.#answer(`${this.runs}/${viewing}/probe`, { node, at_ms: at_ns / 1e6, from_ms: Math.min(from_ns, at_ns) / 1e6 });
    this.since = 0;
    if (answer.ok) Object.assign(this, { look: answer.data, viewing, node, trouble: "" });
    else Object.assign(this, { look: null, viewing, node, trouble: wordsOf(answer) });
    this.changed();
  }

  /** @param {string} url @param {{node: string, at_ms: number, from_ms: number}} question */
  async #answer(url, question) {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await request("POST", url, question);
      if (answer.status !== 202) return answer;
      if (performance.now() > end) return { ok: false, status: 202, data: null };
      await new Promise((done) => { setTimeout(done, AGAIN_MS); });
      this.changed();
    }
  }
}

/** @param {{status: number, data: any}} answer */
function wordsOf({ status, data }) {
  if (status === 0) return t("The server does not answer. The source stays; the state comes when it is back.");
  if (status === 202) return t("No worker has answered within a minute.");
  return data?.mistakes?.[0]?.message || t("The server could not look into this node.");
}
