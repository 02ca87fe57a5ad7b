/** Keeps the work: in this browser at once, on the server a moment later. */

import { request } from "../net/api.js";

const SERVER_AGAIN_MS = 5000;
const SERVER_DELAY_MS = 900;

/**
 * @typedef {{document: Scenario, version: number | null, draft: string | null, viewing: string | null, ran: Scenario | null, variant: string | null, at_ms: number, saved: number, dirty: boolean, branches?: BranchFile | null}} Kept
 */

export class Autosave {
  /**
   * @param {DocumentStore} store
   * @param {{drafts: string, sandbox: string}} urls
   * @param {{id: string, version: number} | null} draft
   * @param {(state: "saved" | "saving" | "kept" | "conflict", detail?: any) => void} report
   */
  constructor(store, urls, draft, report) {
    this.store = store;
    this.urls = urls;
    this.id = draft?.id ?? null;
    this.version = draft?.version ?? null;
    this.report = report;
    this.timer = 0;
    this.busy = false;
    this.again = false;
    this.blocked = false;
    this.dirty = false;
    /** @type {string | null} */
    this.viewing = null;
    /** @type {Scenario | null} */
    this.ran = null;
    /** @type {string | null} */
    this.variant = null;
    this.at_ms = 0;
    /** @type {() => BranchFile | null} */
    this.branches = () => null;
  }

  get key() { return `netsplit:work:${this.id ?? "new"}`; }

  /** @returns {Kept | null} */
  kept() {
    try {
      const text = localStorage.getItem(this.key);
      return text ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }

  keep() {
    const { doc } = this.store;
    /** @type {Kept} */
    const kept = {
      document: doc, version: this.version, draft: this.id, viewing: this.viewing, ran: this.ran === doc ? null : this.ran,
      variant: this.variant, at_ms: this.at_ms, saved: Date.now(), dirty: this.dirty, branches: this.branches(),
    };
    try { localStorage.setItem(this.key, JSON.stringify(kept)); } catch { /* a full or blocked storage must not stop the work */ }
  }

  /** Called after each change of the document. */
  touch() {
    this.dirty = true;
    this.keep();
    this.later();
  }

  later() {
    if (this.blocked) return;
    this.report("saving");
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save(), SERVER_DELAY_MS);
  }

  async save() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    const doc = this.store.doc;
    const answer = this.id
      ? await request("PUT", `${this.urls.drafts}/${this.id}`, { document: doc, version: this.version, viewing: this.viewing, branches: this.branches() })
      : await request("POST", this.urls.drafts, { document: doc, viewing: this.viewing, branches: this.branches() });
    this.busy = false;
    this.#saved(answer, doc);
    if (this.again) {
      this.again = false;
      this.later();
    }
  }

  /** @param {{ok: boolean, status: number, data: any}} answer @param {Scenario} doc */
  #saved(answer, doc) {
    if (answer.ok) {
      if (!this.id) this.#adopt(answer.data.id);
      this.version = answer.data.version;
      this.dirty = doc !== this.store.doc;
      this.keep();
      this.report("saved");
    } else if (answer.status === 409) {
      this.blocked = true;
      this.report("conflict", answer.data);
    } else {
      this.report("kept", answer);
      // Nobody should have to change something for it to be saved once the server is back.
      if (answer.status === 0 || answer.status >= 500) this.timer = window.setTimeout(() => this.save(), SERVER_AGAIN_MS);
    }
  }

  /** A first save gives the work its own address. @param {string} id */
  #adopt(id) {
    localStorage.removeItem(this.key);
    this.id = id;
    history.replaceState(null, "", `${this.urls.sandbox}${id}/`);
  }

  /** After a conflict: go on from the server's version number with our own document. @param {number} version */
  keepMine(version) {
    this.version = version;
    this.blocked = false;
    this.save();
  }
}
