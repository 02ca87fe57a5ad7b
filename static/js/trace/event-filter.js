/** The events that somebody wants to see: by kind, node and words. Looked through in pieces, so that a long run stops nothing. */

import { Grow, countUpTo } from "./grow.js";
import { ROLES } from "./messages.js";

/** What an event counts as. @param {TraceStore} store @param {{type: string, slot: number}} event */
export function sortOf({ messages, operations }, { type, slot }) {
  if (type === "sent") return ROLES[messages.role.data[slot]];
  if (type === "dropped") return "drop";
  if (type === "invoked") return "operation";
  if (type === "returned") return operations.texts.texts[operations.type.data[slot]] === "ok" ? "operation" : "failed";
  return type;
}

/** The nodes an event is about; null for a fault, whose nodes only the document knows. @param {TraceStore} store @param {{type: string, slot: number}} event */
function nodesOf({ messages, operations, notes }, { type, slot }) {
  if (type === "sent" || type === "dropped") return [messages.src.data[slot], messages.dst.data[slot]];
  if (type === "invoked" || type === "returned") return [operations.node.data[slot]];
  return type === "note" ? [notes[slot].node] : null;
}

export class EventFilter {
  constructor() {
    this.kind = "";
    this.node = -1;
    this.text = "";
    this.found = new Grow(Int32Array);
    this.seen = 0;
  }

  get active() { return this.kind !== "" || this.node >= 0 || this.text !== ""; }

  /** @param {{kind?: string, node?: number, text?: string}} wanted "" and −1: whatever */
  want(wanted) {
    Object.assign(this, wanted);
    this.text = this.text.trim().toLowerCase();
    this.restart();
  }

  restart() {
    this.found = new Grow(Int32Array);
    this.seen = 0;
  }

  /**
   * Goes on looking until all is looked at, or time is up. Answers whether something was looked at.
   * @param {TraceStore} store
   * @param {(index: number) => string} words an event as it is shown
   * @param {(fault: number, node: number) => boolean} hits whether a fault is about a node
   * @param {() => boolean} over
   */
  scan(store, words, hits, over) {
    const from = this.seen;
    for (; this.seen < store.events.length; this.seen++) {
      if (this.seen % 64 === 63 && over()) {
        this.#look(store, words, hits);
        this.seen += 1;
        break;
      }
      this.#look(store, words, hits);
    }
    return this.seen > from;
  }

  /** @param {TraceStore} store @param {(index: number) => string} words @param {(fault: number, node: number) => boolean} hits */
  #look(store, words, hits) {
    const event = store.events.at(this.seen);
    const sort = sortOf(store, event);
    if (this.kind && sort !== this.kind && !(this.kind === "operation" && sort === "failed")) return;
    if (this.node >= 0) {
      const nodes = nodesOf(store, event);
      if (nodes ? !nodes.includes(this.node) : !hits(store.faults[event.slot].fault, this.node)) return;
    }
    if (this.text && !words(this.seen).toLowerCase().includes(this.text)) return;
    this.found.push(this.seen);
  }

  /** How many of those that were found come up to an event. @param {number} index */
  upTo(index) { return countUpTo(this.found.data, this.found.length, index); }
}
