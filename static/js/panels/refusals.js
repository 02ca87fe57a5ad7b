/** When the server refuses to run: what is wrong, where; the work stays as it is. */

import { t } from "./words.js";

/** @param {Stage} stage @param {(tab: string) => void} showLeft */
export function refusals(stage, showLeft) {
  stage.on("refused", ({ status, data }) => {
    /** @type {Mistake[]} */
    const mistakes = data?.mistakes ?? [];
    if (mistakes.length) {
      showLeft("tab-problems");
      const first = mistakes[0];
      const text = mistakes.length === 1 ? t("Not run: {what}", { what: `${first.path ? `${first.path}: ` : ""}${first.message}` }) : t("Not run: {n} problems, listed at the left. Your work is kept.", { n: mistakes.length });
      stage.emit("toast", { text, stays: true, refusal: true });
    } else if (status === 0) stage.emit("toast", { text: t("The server cannot be reached. Your work is kept here; try again in a moment."), stays: true, refusal: true });
    else stage.emit("toast", { text: t("The server refused the run ({status}). Your work is kept.", { status }), stays: true, refusal: true });
  });
}
