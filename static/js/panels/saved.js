/** Where the work is kept, in words: on the server, in this browser, in another tab; and what to do when that is not so. */

import { $, h, icon } from "../dom.js";
import { OtherTabs } from "../document/other-tabs.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {Autosave} autosave */
export function showSaved(stage, autosave) {
  const place = $("#saved");
  const tabs = otherTabs(stage, autosave);
  const say = (/** @type {string} */ glyph, /** @type {string} */ words, /** @type {Node[]} */ ...more) => {
    place.dataset.state = glyph;
    place.replaceChildren(icon(glyph), h("span", {}, words), ...more);
  };
  /** What was said last of a storage that keeps nothing. */
  let told = "";
  stage.on("saved", ({ state, detail }) => {
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    if (state === "saved") {
      say("i-check", t("Saved {time}", { time }));
      tabs.saved(autosave.version ?? 0);
    } else if (state === "saving") say("i-clock", t("Saving"));
    else if (state === "adopted") tabs.join(autosave.id ?? "");
    else if (state === "followed") stage.branches.adopt(t("Changes of another tab"), detail.branches, detail.document);
    else if (state === "loaded") stage.branches.adopt(t("Load the other version"), detail.branches, detail.document);
    else if (state === "kept" && autosave.unkept) say("i-warn", t("Kept nowhere"));
    else if (state === "kept") say("i-warn", detail?.status === 422 ? t("Kept in this browser; the server refuses it") : t("Kept in this browser"));
    else if (state === "conflict") conflict(stage, autosave, detail, say);
    if (!autosave.unkept) told = "";
    else if ((state === "kept" || state === "saved") && told !== state) {
      told = state;
      unkept(stage, state === "kept");
    }
  });
  if (autosave.id) tabs.join(autosave.id);
}

/** @param {Stage} stage @param {Autosave} autosave */
function otherTabs(stage, autosave) {
  const place = $("#others");
  return new OtherTabs({
    count: (others) => {
      autosave.shared = others > 0;
      const words = others ? t("Open in another tab") : "";
      place.replaceChildren(...(words ? [icon("i-split"), h("span", {}, words)] : []));
      if (words && !visible(place)) stage.emit("toast", { text: t("This scenario is open in another tab, too."), key: "others" });
    },
    saved: (version) => autosave.heard(version),
  });
}

/** @param {HTMLElement} element */
function visible(element) { return element.offsetParent !== null; }

/** @param {Stage} stage @param {boolean} nowhere neither here nor on the server */
function unkept(stage, nowhere) {
  const words = nowhere ? t("Your work is kept nowhere: the server does not answer, and this browser's storage is full or blocked. It is tried again and again; to be safe, export it.")
    : t("This browser keeps no copy: its storage is full or blocked. Your work is saved on the server only.");
  const actions = nowhere ? [{ words: t("Export JSON"), act: () => $('[data-file="json"]').click() }] : [];
  stage.emit("toast", { text: words, stays: true, key: "unkept", actions });
}

/**
 * Somebody, or another tab, saved in between: nothing is overwritten before a choice.
 * @param {Stage} stage
 * @param {Autosave} autosave
 * @param {{version: number, document: Scenario, branches: BranchFile | null}} other
 * @param {(glyph: string, words: string, ...more: Node[]) => void} say
 */
function conflict(stage, autosave, other, say) {
  const choices = [
    { words: t("Load the other"), act: () => autosave.take(other, "loaded") },
    { words: t("Keep mine"), act: () => autosave.keepMine(other.version) },
  ];
  const buttons = choices.map(({ words, act }) => {
    const button = h("button", { class: "b line" }, words);
    button.onclick = act;
    return button;
  });
  say("i-warn", t("Changed in another tab"), ...buttons);
  // Where there is no room beside the title, the choice is offered at the bottom.
  if (!visible($("#saved"))) stage.emit("toast", { text: t("Changed in another tab"), stays: true, key: "conflict", actions: choices });
}
