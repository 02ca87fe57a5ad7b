/** On which link a message is: what goes through switches and routers takes several, one after the other. */

import { Grow } from "./grow.js";

export class Legs {
  constructor() {
    this.time = new Grow(Float64Array);
    this.node = new Grow(Int32Array);
    this.next = new Grow(Int32Array);
    /** The leg before it of the same message, −1 for none. */
    this.before = new Grow(Int32Array);
    /** The latest leg of each message by its slot, −1 for none. */
    this.latest = new Grow(Int32Array);
  }

  /** A message has been sent, with no leg yet. */
  open() { this.latest.push(-1); }

  /** @param {number} slot @param {number} time when it leaves @param {number} node @param {number} next where it goes */
  add(slot, time, node, next) {
    this.before.push(this.latest.data[slot]);
    this.node.push(node);
    this.next.push(next);
    this.latest.data[slot] = this.time.push(time);
  }

  /**
   * Narrows a message's way to the link that it is on at t; one that nothing forwards keeps its own.
   * @param {number} slot
   * @param {number} t
   * @param {Leg} leg the whole way
   */
  narrow(slot, t, leg) {
    let i = this.latest.data[slot];
    while (i >= 0 && this.time.data[i] > t) {
      leg.to = this.time.data[i];
      leg.last = false;
      i = this.before.data[i];
    }
    if (i < 0) return;
    leg.forwarded = true;
    leg.from = this.time.data[i];
    leg.src = this.node.data[i];
    leg.dst = this.next.data[i];
  }
}
