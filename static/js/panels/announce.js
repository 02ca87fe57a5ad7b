/** Words for those who do not see the canvas: what was just done, said once. */

import { h } from "../dom.js";

/** @param {Stage} stage */
export function announce(stage) {
  const place = h("div", { class: "vh", id: "said", role: "status" });
  document.body.append(place);
  stage.on("say", (text) => { place.textContent = text; });
}
