/** My scenarios: pictures, and deleting a draft after a question. */

import { $ } from "./dom.js";
import { request } from "./net/api.js";
import { drawAll } from "./panels/picture.js";
import { t } from "./panels/words.js";

drawAll();
const dialog = /** @type {HTMLDialogElement} */ (/** @type {unknown} */ ($("#confirm")));
let chosen = "";
for (const button of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-delete]")])) {
  button.onclick = () => {
    chosen = button.dataset.delete ?? "";
    $("#confirm-title").textContent = t("Delete “{title}”", { title: button.dataset.title ?? "" });
    dialog.showModal();
  };
}
dialog.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button && event.target !== dialog) return;
  if (button?.value === "yes") await remove();
  dialog.close();
});

async function remove() {
  const answer = await request("DELETE", `/api/drafts/${chosen}`);
  if (!answer.ok && answer.status !== 404) return;
  localStorage.removeItem(`netsplit:work:${chosen}`);
  document.querySelector(`[data-draft="${chosen}"]`)?.remove();
}
