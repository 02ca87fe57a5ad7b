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
  for (const button of document.querySelectorAll("[data-sheet-close]")) button.addEventListener("click", close);
  addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.getElementById("dock-tabs")?.addEventListener("click", (event) => {
    if (event.target instanceof Element && !event.target.closest("[data-sheet]")) close();
  });
  stage.on("placed", close);
}
