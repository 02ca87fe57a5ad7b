/** To the next or the previous moment of a kind: the two buttons, the menu between them, and what it remembers. */

import { $, h } from "../dom.js";
import { JUMPS, momentsOf, nextOf } from "../trace/moments.js";
import { t } from "./words.js";

const KEPT = "netsplit:jump";

/** @returns {Record<string, {name: string, next: string, previous: string, none: string}>} */
function words() {
  return {
    any: { name: t("Anything that stands out"), next: t("Next fault, drop, leader change, violation or failure"), previous: t("Previous fault, drop, leader change, violation or failure"), none: t("Nothing more stands out there.") },
    fault: { name: t("Faults"), next: t("Next fault"), previous: t("Previous fault"), none: t("There is no other fault there.") },
    drop: { name: t("Dropped messages"), next: t("Next drop"), previous: t("Previous drop"), none: t("There is no other drop there.") },
    leader: { name: t("Leader changes"), next: t("Next leader change"), previous: t("Previous leader change"), none: t("There is no other leader change there.") },
    violation: { name: t("Violations"), next: t("Next violation"), previous: t("Previous violation"), none: t("There is no other violation there.") },
    failed: { name: t("Failed operations"), next: t("Next failed operation"), previous: t("Previous failed operation"), none: t("There is no other failed operation there.") },
  };
}

export class Jump {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.words = words();
    this.kind = JUMPS[0];
    this.select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($("#jump")));
    this.select.replaceChildren(...JUMPS.map((kind) => h("option", { value: kind }, this.words[kind].name)));
    this.select.onchange = () => this.choose(this.select.value);
    $("#to-prev").onclick = () => this.go(-1);
    $("#to-next").onclick = () => this.go(1);
    let kept = "";
    try { kept = localStorage.getItem(KEPT) ?? ""; } catch { /* the choice is not remembered */ }
    this.choose(JUMPS.includes(kept) ? kept : JUMPS[0]);
  }

  /** @param {string} kind one of JUMPS */
  choose(kind) {
    this.kind = kind;
    this.select.value = kind;
    const { next, previous } = this.words[kind];
    for (const [id, label] of [["#to-next", next], ["#to-prev", previous]]) {
      $(id).setAttribute("aria-label", label);
      $(id).title = label;
    }
    try { localStorage.setItem(KEPT, kind); } catch { /* the choice lasts for this page only */ }
  }

  /** @param {1 | -1} direction */
  go(direction) {
    const { stage, kind } = this;
    if (!stage.trace) return;
    const to = nextOf(momentsOf(stage.trace, stage.verdict, kind), stage.playhead.t, direction);
    stage.play(false);
    if (to === undefined) stage.emit("toast", { text: this.words[kind].none });
    else stage.seek(to);
  }
}
