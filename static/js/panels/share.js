/** Sharing: one press makes an unchanging copy of scenario and run, and gives its link; another makes what is under a link one's own. */

import { $, h } from "../dom.js";
import { carried } from "../document/branches.js";
import { packed } from "../document/branch-file.js";
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

/** @param {Stage} stage @returns {(id: string) => void} shares one branch alone */
export function share(stage) {
  const button = document.getElementById("share");
  if (!button) return () => undefined;
  if (stage.mode !== "edit") {
    button.onclick = async () => {
      const done = await copy(linkAt(stage, location.origin + location.pathname, stage.data.variant ?? null));
      stage.emit("toast", { text: done ? t("Link copied. It opens at {time}\u2009s.", { time: seconds(stage.playhead.t) }) : t("The browser refused to copy. The address of this page is the link.") });
    };
    remixing(stage);
    return () => undefined;
  }
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {unknown} */ ($("#share-dialog")));
  const copyButton = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#copy-link")));
  button.onclick = () => {
    $("#share-title").textContent = t("Share this scenario");
    dialog.showModal();
    make(stage, copyButton, whole(stage));
  };
  copyButton.onclick = async () => {
    const field = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#link")));
    const done = await copy(field.value);
    if (!done) field.select();
    copyButton.textContent = done ? t("Copied") : t("Press Ctrl+C");
  };
  return (id) => {
    const branch = stage.branches.list.find((one) => one.id === id);
    if (!branch) return;
    $("#share-title").textContent = t("Share “{name}”", { name: branch.name });
    dialog.showModal();
    const alone = { document: branch.document, viewing: branch.viewing, branches: null };
    make(stage, copyButton, id === stage.store.branch ? { ...whole(stage), branches: null } : alone);
  };
}

/** A remix opens at the moment and with the variant that are seen when it is asked for. @param {Stage} stage */
function remixing(stage) {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("remix"));
  const { action } = form ?? {};
  form?.addEventListener("submit", () => { form.action = linkAt(stage, String(action), stage.data.variant ?? null); });
}

/** @typedef {{document: Scenario, viewing: string | null, branches: BranchFile | null}} Shared */

/** What one sees, and the branches that are kept. @param {Stage} stage @returns {Shared} */
function whole(stage) {
  const { tree, current } = stage.branches;
  const file = packed(carried(tree, current.id), current.id);
  return { document: stage.base, viewing: stage.viewing !== null && !stage.outdated ? stage.viewing : null, branches: file.entries.length > 1 ? file : null };
}

/** With the moment and the variant that are seen. @param {Stage} stage @param {string} url @param {string | null} variant that it shows if nothing is said */
function linkAt(stage, url, variant) {
  const at_ms = Math.round(stage.playhead.t / 1e6);
  const said = new URLSearchParams();
  if (stage.trace && at_ms > 0) said.set("at", String(at_ms));
  if (stage.variant !== variant) said.set("variant", stage.variant ?? "");
  return said.size ? `${url}?${said}` : url;
}

/** @param {Stage} stage @param {HTMLButtonElement} copyButton @param {Shared} shared */
async function make(stage, copyButton, shared) {
  const body = $("#share-body");
  copyButton.disabled = true;
  copyButton.textContent = t("Copy link");
  body.replaceChildren(h("p", {}, t("Making the link.")));
  const answer = await request("POST", stage.urls.scenarios ?? "", shared);
  if (!answer.ok) {
    const why = answer.data?.mistakes?.[0];
    const words = why ? `${why.path ? `${why.path}: ` : ""}${why.message}` : t("The server cannot be reached. Your work is kept here; try again in a moment.");
    body.replaceChildren(h("p", {}, words));
    return;
  }
  const url = linkAt(stage, new URL(answer.data.url, location.origin).href, shared.viewing || shared.document !== stage.base ? stage.variant : null);
  const field = h("input", { class: "in", id: "link", readonly: true, value: url, "aria-label": t("Link") });
  const words = shared.viewing ? t("Anyone with this link sees this scenario and this run, at {time}\u2009s. It never changes; later edits need a new link.", { time: seconds(stage.playhead.t) })
    : t("Anyone with this link sees this scenario and can run it. It never changes; later edits need a new link.");
  body.replaceChildren(h("p", {}, words), ...branchWords(stage, shared), h("div", { class: "linkfield" }, field));
  copyButton.disabled = false;
  copyButton.focus();
}

/** @param {Stage} stage @param {Shared} shared */
function branchWords(stage, { branches }) {
  if (branches) return [h("p", {}, t("Its branches go along: {names}.", { names: branches.entries.map(({ name }) => `“${name}”`).join(", ") }))];
  return stage.branches.list.length > 1 ? [h("p", {}, t("This branch alone. To have others go along, keep them and share the scenario."))] : [];
}
