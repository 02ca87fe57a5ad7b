/** The server's word on the document as it stands: mistakes and doubts, a moment after each change. */

import { request } from "../net/api.js";

const CHECK_MS = 700;

/** @param {Stage} stage */
export function checking(stage) {
  let timer = 0;
  let asked = 0;
  const check = async () => {
    const ask = ++asked;
    const answer = await request("POST", stage.urls.validate ?? "", { document: stage.base });
    if (ask !== asked || !answer.ok) return;
    stage.mistakes = [...answer.data.mistakes, ...answer.data.doubts.map((/** @type {Mistake} */ doubt) => ({ ...doubt, doubtful: true }))];
    stage.emit("mistakes");
  };
  const later = () => {
    asked++;
    clearTimeout(timer);
    timer = window.setTimeout(check, CHECK_MS);
  };
  stage.store.subscribe(later);
  // What the server said of a run that was asked for is newer than what is still on its way.
  stage.on("started refused", () => {
    asked++;
    clearTimeout(timer);
  });
  if (stage.base.nodes.length) later();
}
