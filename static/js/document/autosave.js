/** Keeps the work: in this browser at once, on the server a moment later. */

import { request } from "../net/api.js";
import { packedHistory } from "./history-file.js";

const SERVER_AGAIN_MS = 5000;
const SERVER_DELAY_MS = 900;

/**
 * @typedef {{document: Scenario, version: number | null, draft: string | null, viewing: string | null, ran: Scenario | null, variant: string | null, at_ms: number, saved: number, dirty: boolean, tab?: number, branches?: BranchFile | null, history?: HistoryFile}} Kept
 */

export class Autosave {
  /**
   * @param {DocumentStore} store
   * @param {{drafts: string, sandbox: string}} urls
   * @param {{id: string, version: number} | null} draft
   * @param {(state: "saved" | "saving" | "kept" | "conflict" | "adopted" | "followed" | "loaded", detail?: any) => void} report
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
    /** The document comes from another tab, which has saved it. */
    this.following = false;
    /** This browser keeps no copy: its storage is full or blocked. */
    this.unkept = false;
    /** The draft is open in another tab, too, which keeps its work under the same name. */
    this.shared = false;
    this.tab = Math.random();
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
    if (this.shared && !this.dirty) {
      // Another tab's unsaved work is worth more than a copy of what the server has.
      const there = this.kept();
      if (there?.dirty && there.tab !== this.tab) return;
    }
    /** @type {Kept} */
    const kept = {
      document: doc, version: this.version, draft: this.id, viewing: this.viewing, ran: this.ran === doc ? null : this.ran,
      variant: this.variant, at_ms: this.at_ms, saved: Date.now(), dirty: this.dirty, tab: this.tab, branches: this.branches(),
    };
    // A full or blocked storage must not stop the work; the page says so.
    this.unkept = !this.#put({ ...kept, history: packedHistory(this.store) }) && !this.#put(kept);
  }

  /** @param {Kept} kept @returns {boolean} whether there was room */
  #put(kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  /** Called after each change of the document. */
  touch() {
    if (this.following) return;
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
    } else if (answer.status === 404 && this.id) {
      this.#orphaned();
    } else if (answer.status === 409 && JSON.stringify(answer.data.document) === JSON.stringify(this.store.doc)) {
      this.version = answer.data.version;
      this.dirty = JSON.stringify(answer.data.branches ?? null) !== JSON.stringify(this.branches());
      this.keep();
      if (this.dirty) this.later();
      else this.report("saved");
    } else if (answer.status === 409 && !this.dirty) {
      this.take(answer.data, "followed");
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
    this.#forget();
    this.id = id;
    history.replaceState(null, "", `${this.urls.sandbox}${id}/`);
    this.report("adopted");
  }

  /** The draft was deleted elsewhere, or this browser is no longer known: the work becomes a new draft. */
  #orphaned() {
    this.#forget();
    this.id = this.version = null;
    this.keep();
    this.save();
  }

  #forget() {
    try { localStorage.removeItem(this.key); } catch { /* blocked: there is nothing to forget */ }
  }

  /** After a conflict: go on from the server's version number with our own document. @param {number} version */
  keepMine(version) {
    this.version = version;
    this.blocked = false;
    this.save();
  }

  /** Nobody should have to change something for it to be saved once the network is back. */
  online() {
    if (!this.dirty || this.blocked) return;
    clearTimeout(this.timer);
    this.save();
  }

  /** What another tab saved: fetched, and taken when nothing here is unsaved; else it is for somebody to choose. @param {number} version */
  async heard(version) {
    if (version <= (this.version ?? 0) || this.busy || this.blocked) return;
    const answer = await request("GET", `${this.urls.drafts}/${this.id}`);
    if (!answer.ok || answer.data.version <= (this.version ?? 0) || this.busy || this.blocked) return;
    if (this.dirty) {
      clearTimeout(this.timer);
      this.blocked = true;
      this.report("conflict", answer.data);
    } else this.take(answer.data, "followed");
  }

  /** Puts what the server has in place of what is here, as one step to undo. @param {{version: number, document: Scenario, branches: BranchFile | null}} other @param {"followed" | "loaded"} how */
  take(other, how) {
    this.version = other.version;
    this.blocked = this.dirty = false;
    this.following = true;
    this.report(how, other);
    this.following = false;
    this.keep();
    this.report("saved");
  }
}
