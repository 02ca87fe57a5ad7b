/** The one document and its one command stack: every change goes through `change`, and every change can be undone. */

const STACK_MAX = 200;
const MERGE_MS = 1200;

export class DocumentStore {
  /** @param {Scenario} doc */
  constructor(doc) {
    this.doc = doc;
    /** @type {{label: string, before: Scenario, after: Scenario, key: string, at: number}[]} */
    this.done = [];
    /** @type {{label: string, before: Scenario, after: Scenario, key: string, at: number}[]} */
    this.undone = [];
    /** @type {((doc: Scenario, before: Scenario) => void)[]} */
    this.listeners = [];
    this.readOnly = false;
  }

  /** @param {(doc: Scenario, before: Scenario) => void} listener */
  subscribe(listener) { this.listeners.push(listener); }

  /**
   * @param {string} label what the change does, for the undo button
   * @param {Scenario} after
   * @param {string} [key] changes with the same key in quick succession become one
   */
  change(label, after, key = "") {
    if (this.readOnly || after === this.doc) return;
    const before = this.doc;
    const last = this.done[this.done.length - 1];
    const now = Date.now();
    if (key && last && last.key === key && now - last.at < MERGE_MS) Object.assign(last, { after, at: now });
    else this.done.push({ label, before, after, key, at: now });
    if (this.done.length > STACK_MAX) this.done.shift();
    this.undone = [];
    this.#set(after);
  }

  undo() {
    const command = this.done.pop();
    if (!command) return null;
    this.undone.push(command);
    this.#set(command.before);
    return command.label;
  }

  redo() {
    const command = this.undone.pop();
    if (!command) return null;
    this.done.push(command);
    this.#set(command.after);
    return command.label;
  }

  get undoLabel() { return this.done[this.done.length - 1]?.label ?? null; }

  get redoLabel() { return this.undone[this.undone.length - 1]?.label ?? null; }

  /** Puts another document in place of this one and forgets the history. @param {Scenario} doc */
  replace(doc) {
    this.done = [];
    this.undone = [];
    this.#set(doc);
  }

  /** @param {Scenario} doc */
  #set(doc) {
    const before = this.doc;
    this.doc = doc;
    for (const listener of this.listeners) listener(doc, before);
  }
}
