/** On narrow screens the side panels are sheets: one at a time, closed by their button, by Esc, or by opening another. */

/** @param {Stage} stage */
export function sheets(stage) {
  const panels = ["left", "right"].map((id) => document.getElementById(id)).filter((panel) => panel !== null);
  const openers = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-sheet]")]);
  const close = () => {
    for (const panel of panels) panel.classList.remove("open");
    for (const button of openers()) button.setAttribute("aria-expanded", "false");
  };
  for (const button of openers()) {
    button.addEventListener("click", () => {
      const panel = document.getElementById(button.dataset.sheet ?? "");
      const wasOpen = panel?.classList.contains("open");
      close();
      if (panel && !wasOpen) {
        panel.classList.add("open");
        button.setAttribute("aria-expanded", "true");
        /** @type {HTMLElement | null} */ (panel.querySelector("button, input, select"))?.focus({ preventScroll: true });
      }
    });
  }
  /** The focus goes back to what opened the sheet. */
  const leave = () => {
    const open = panels.find((panel) => panel.classList.contains("open"));
    close();
    if (open?.contains(document.activeElement)) openers().find((button) => button.dataset.sheet === open.id && button.checkVisibility())?.focus();
  };
  for (const button of document.querySelectorAll("[data-sheet-close]")) button.addEventListener("click", leave);
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) leave(); });
  document.getElementById("dock-tabs")?.addEventListener("click", (event) => {
    if (event.target instanceof Element && !event.target.closest("[data-sheet]")) close();
  });
  stage.on("placed", close);
}
