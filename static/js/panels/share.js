/** Sharing: one press makes an unchanging copy of scenario and run, and gives its link. */

import { $, h } from "../dom.js";
import { request } from "../net/api.js";
import { t, seconds } from "./words.js";

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {Stage} stage */
export function share(stage) {
  const button = document.getElementById("share");
  if (!button) return;
  if (stage.mode !== "edit") {
    button.onclick = async () => {
      const done = await copy(linkAt(stage, location.origin + location.pathname));
      stage.emit("toast", { text: done ? t("Link copied. It opens at {time}\u2009s.", { time: seconds(stage.playhead.t) }) : t("The browser refused to copy. The address of this page is the link.") });
    };
    return;
  }
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {unknown} */ ($("#share-dialog")));
  const copyButton = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#copy-link")));
  button.onclick = () => {
    dialog.showModal();
    make(stage, copyButton);
  };
  copyButton.onclick = async () => {
    const field = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#link")));
    const done = await copy(field.value);
    if (!done) field.select();
    copyButton.textContent = done ? t("Copied") : t("Press Ctrl+C");
  };
}

/** @param {Stage} stage @param {string} url */
function linkAt(stage, url) {
  const at_ms = Math.round(stage.playhead.t / 1e6);
  return stage.trace && at_ms > 0 ? `${url}?at=${at_ms}` : url;
}

/** @param {Stage} stage @param {HTMLButtonElement} copyButton */
async function make(stage, copyButton) {
  const body = $("#share-body");
  copyButton.disabled = true;
  copyButton.textContent = t("Copy link");
  body.replaceChildren(h("p", {}, t("Making the link.")));
  const withRun = stage.viewing !== null && !stage.outdated;
  const answer = await request("POST", stage.urls.scenarios ?? "", { document: stage.doc, viewing: withRun ? stage.viewing : null });
  if (!answer.ok) {
    const why = answer.data?.mistakes?.[0];
    const words = why ? `${why.path ? `${why.path}: ` : ""}${why.message}` : t("The server cannot be reached. Your work is kept here; try again in a moment.");
    body.replaceChildren(h("p", {}, words));
    return;
  }
  const url = linkAt(stage, new URL(answer.data.url, location.origin).href);
  const field = h("input", { class: "in", id: "link", readonly: true, value: url, "aria-label": t("Link") });
  const words = withRun ? t("Anyone with this link sees this scenario and this run, at {time}\u2009s. It never changes; later edits need a new link.", { time: seconds(stage.playhead.t) })
    : t("Anyone with this link sees this scenario and can run it. It never changes; later edits need a new link.");
  body.replaceChildren(h("p", {}, words), h("div", { class: "linkfield" }, field));
  copyButton.disabled = false;
  copyButton.focus();
}
