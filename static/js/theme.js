/* Runs before the first paint, so that a chosen theme never flashes. A classic script on purpose. */
(() => {
  const root = document.documentElement;
  try {
    const chosen = localStorage.getItem("netsplit:theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch { /* storage may be blocked; the system's choice stands */ }
  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.addEventListener("click", () => {
        const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try { localStorage.setItem("netsplit:theme", root.dataset.theme); } catch { /* not kept, still switched */ }
        dispatchEvent(new Event("themechange"));
      });
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
})();
