/**
 * The one document and its one command stack: every change goes through `change`, and every change can be undone.
 * `branch` names the line of the tree that the document belongs to; a command that leads to another line says so.
 */

import { MAIN } from "./branches.js";

const STACK_MAX = 5_000;
const MERGE_MS = 1200;

/** @typedef {{label: string, before: Scenario, after: Scenario, from: string, to: string, key: string, at: number}} Command */

export class DocumentStore {
  /** @param {Scenario} doc */
  constructor(doc) {
    this.doc = doc;
    this.branch = MAIN;
    /** @type {Command[]} */
    this.done = [];
    /** @type {Command[]} */
    this.undone = [];
    /** @type {((doc: Scenario, before: Scenario) => void)[]} */
    this.listeners = [];
    /** Whether it may be changed now; asked before each change. */
    this.mayChange = () => true;
  }

  /** @param {(doc: Scenario, before: Scenario) => void} listener */
  subscribe(listener) { this.listeners.push(listener); }

  /**
   * @param {string} label what the change does, for the undo button
   * @param {Scenario} after
   * @param {string} [key] changes with the same key in quick succession become one
   * @param {string} [to] the branch that it leads to
   * @returns {boolean} false where nothing may be changed
   */
  change(label, after, key = "", to = this.branch) {
    if (!this.mayChange()) return false;
    if (after === this.doc) return true;
    const before = this.doc;
    const last = this.done[this.done.length - 1];
    const now = Date.now();
    if (key && last && last.key === key && now - last.at < MERGE_MS) Object.assign(last, { after, at: now });
    else this.done.push({ label, before, after, from: this.branch, to, key, at: now });
    if (this.done.length > STACK_MAX) this.done.shift();
    this.undone = [];
    this.#set(after, to);
    return true;
  }

  undo() {
    const command = this.done.pop();
    if (!command) return null;
    this.undone.push(command);
    this.#set(command.before, command.from);
    return command.label;
  }

  redo() {
    const command = this.undone.pop();
    if (!command) return null;
    this.done.push(command);
    this.#set(command.after, command.to);
    return command.label;
  }

  get undoLabel() { return this.done[this.done.length - 1]?.label ?? null; }

  get redoLabel() { return this.undone[this.undone.length - 1]?.label ?? null; }

  /** Puts another document in place of this one, with no way back: for pages where nothing is edited. @param {Scenario} doc @param {string} branch */
  show(doc, branch) { this.#set(doc, branch); }

  /** @param {Scenario} doc @param {string} branch */
  #set(doc, branch) {
    const before = this.doc;
    this.doc = doc;
    this.branch = branch;
    for (const listener of this.listeners) listener(doc, before);
  }
}
