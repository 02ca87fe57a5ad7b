/** Short notices at the bottom: six seconds, held while the pointer rests on them; errors stay. */

import { $, h } from "../dom.js";
import { t } from "./words.js";

const SHOWN_MS = 6000;

/** @param {Stage} stage */
export function toasts(stage) {
  const host = $("#toasts");
  // What kept a run from starting is over once one starts.
  stage.on("started", () => { for (const toast of host.querySelectorAll("[data-refusal]")) toast.remove(); });
  stage.on("toast", ({ text, undo = false, stays = false, refusal = false }) => {
    const toast = h("div", { class: "toast", "data-refusal": refusal || null, "data-undo": undo === true || null }, h("span", {}, text));
    let timer = 0;
    const close = () => toast.remove();
    const arm = () => { if (!stays) timer = window.setTimeout(close, SHOWN_MS); };
    // One undoes the last change only: an older offer would undo another than it names.
    if (undo === true) for (const older of host.querySelectorAll("[data-undo]")) older.remove();
    if (undo) {
      const button = h("button", { class: "b" }, t("Undo"));
      button.onclick = () => {
        if (typeof undo === "function") undo();
        else stage.history("undo");
        close();
      };
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
    const dock = document.querySelector(".dock");
    host.style.bottom = `${(innerWidth < 600 ? 64 : dock?.clientHeight ?? 0) + 12}px`;
    host.append(toast);
    while (host.children.length > 3) host.firstElementChild?.remove();
  });
}
