/** The colours of the message canvas as the theme and the chosen colouring have them. */

import { ROLES } from "../trace/messages.js";
import { COLOURINGS, tokensOf } from "../trace/groups.js";

const KEPT = "netsplit:colouring";

export class Looks {
  constructor() {
    this.colouring = "role";
    try {
      const kept = localStorage.getItem(KEPT) ?? "";
      if (COLOURINGS.includes(kept)) this.colouring = kept;
    } catch { /* messages are coloured by role */ }
    /** @type {string[]} */
    this.groups = [];
    this.bad = this.ground = this.raised = this.accent = this.font = "";
    this.read();
  }

  /** @param {string} colouring */
  choose(colouring) {
    this.colouring = colouring;
    try { localStorage.setItem(KEPT, colouring); } catch { /* the choice lasts for this page only */ }
    this.read();
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const read = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    this.groups = tokensOf(this.colouring, ROLES).map(read);
    this.bad = read("--bad");
    this.ground = read("--canvas");
    this.raised = read("--raised");
    this.accent = read("--accent");
    this.font = `500 10px ${read("--font-ui") || "sans-serif"}`;
  }
}
