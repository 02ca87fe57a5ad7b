/** Short notices at the bottom: six seconds, held while the pointer rests on them; errors stay. */

import { $, h } from "../dom.js";
import { t } from "./words.js";

const SHOWN_MS = 6000;

/** @param {Stage} stage */
export function toasts(stage) {
  const host = $("#toasts");
  // What kept a run from starting is over once one starts.
  stage.on("started", () => { for (const toast of host.querySelectorAll("[data-refusal]")) toast.remove(); });
  // After another change "Undo" would undo that one.
  stage.store.subscribe(() => { for (const toast of host.querySelectorAll("[data-undo]")) toast.remove(); });
  stage.on("toast", ({ text, undo = false, stays = false, refusal = false, actions = [], key = "" }) => {
    if (key) for (const same of host.querySelectorAll(`[data-key="${key}"]`)) same.remove();
    const toast = h("div", { class: "toast", "data-refusal": refusal || null, "data-undo": undo === true || null, "data-key": key || null }, h("span", {}, text));
    let timer = 0;
    const close = () => toast.remove();
    const arm = () => { if (!stays) timer = window.setTimeout(close, SHOWN_MS); };
    if (undo) {
      const button = h("button", { class: "b" }, t("Undo"));
      button.onclick = () => {
        if (typeof undo === "function") undo();
        else stage.history("undo");
        close();
      };
      toast.append(button);
    }
    for (const { words, act } of actions) {
      const button = h("button", { class: "b" }, words);
      button.onclick = () => { act(); close(); };
      toast.append(button);
    }
    if (stays) {
      const button = h("button", { class: "b" }, t("Close"));
      button.onclick = close;
      toast.append(button);
    }
    toast.onmouseenter = () => clearTimeout(timer);
    toast.onmouseleave = arm;
    arm();
    const below = document.querySelector(innerWidth < 600 ? ".transport" : ".dock"); // a phone's lists may be covered, its controls not
    host.style.bottom = `${(below ? innerHeight - below.getBoundingClientRect().top : 0) + 12}px`;
    host.append(toast);
    while (host.children.length > 3) host.firstElementChild?.remove();
  });
}
