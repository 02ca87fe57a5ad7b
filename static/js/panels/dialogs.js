/** Every dialog closes by its close button, by Esc, and by a press beside it; focus returns by itself. */
export function dialogs() {
  for (const dialog of document.querySelectorAll("dialog")) closable(dialog);
}

/** @param {HTMLDialogElement} dialog */
export function closable(dialog) {
  dialog.addEventListener("click", (event) => {
    const target = event.target;
    if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  });
}
