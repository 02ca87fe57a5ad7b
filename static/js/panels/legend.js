/** Which kinds of message are shown; each chip hides or shows its kind. Only kinds that occur are listed, once a run is there. */

import { $, h } from "../dom.js";
import { ROLES } from "../trace/messages.js";
import { roleWord } from "./describe.js";
import { mark } from "./marks.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {Scene} scene */
export function legend(stage, scene) {
  const host = $("#legend");
  const chip = (/** @type {string} */ role, /** @type {string} */ words) => {
    const button = h("button", { "aria-pressed": String(!scene.hidden.has(role)), "aria-label": words, title: words }, mark(role), words);
    button.onclick = () => {
      if (!scene.hidden.delete(role)) scene.hidden.add(role);
      button.setAttribute("aria-pressed", String(!scene.hidden.has(role)));
      scene.stale = true;
      stage.emit("roles");
    };
    return button;
  };
  let shown = "";
  const draw = () => {
    const used = new Uint8Array(ROLES.length);
    const { trace } = stage;
    if (trace) for (let i = 0; i < trace.messages.length; i++) used[trace.messages.role.data[i]] = 1;
    const roles = ROLES.filter((_, i) => used[i]);
    const list = roles.length ? roles : ["request", "reply"];
    if (list.join() === shown) return;
    shown = list.join();
    host.replaceChildren(...list.map((role) => chip(role, roleWord(role))), chip("drop", t("Dropped")));
  };
  stage.on("chunk trace", draw);
  draw();
}
