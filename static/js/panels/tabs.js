/** A tab list after the ARIA pattern: arrows move, one tab stop. */

/**
 * @param {HTMLElement} list
 * @param {(id: string) => void} shown called with the id of the tab that became current
 */
export function tabs(list, shown) {
  const all = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]).filter((tab) => tab.offsetParent !== null);
  const show = (/** @type {HTMLElement} */ tab) => {
    for (const other of /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')])) {
      const current = other === tab;
      other.setAttribute("aria-selected", String(current));
      other.tabIndex = current ? 0 : -1;
      const panel = document.getElementById(other.getAttribute("aria-controls") ?? "");
      if (panel && !other.dataset.sheet && !other.hidden) panel.hidden = !current;
    }
    shown(tab.id);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target instanceof Element ? event.target.closest('[role="tab"]') : null;
    if (tab instanceof HTMLElement && !tab.dataset.sheet) show(tab);
  });
  list.addEventListener("keydown", (event) => {
    const tabsNow = all();
    const index = tabsNow.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (index < 0 || !step) return;
    event.preventDefault();
    const next = tabsNow[(index + step + tabsNow.length) % tabsNow.length];
    next.focus();
    if (!next.dataset.sheet) show(next);
  });
  return (/** @type {string} */ id) => {
    const tab = document.getElementById(id);
    if (tab) show(tab);
  };
}

/** A reload of a page shows the tab that was shown. @param {HTMLElement} list @param {(id: string) => void} show @returns {boolean} whether one was */
export function keepTab(list, show) {
  const key = () => `netsplit:tab:${location.pathname}`;
  let kept = null;
  try { kept = sessionStorage.getItem(key()); } catch { /* as if nothing was kept */ }
  addEventListener("pagehide", () => {
    const current = list.querySelector('[aria-selected="true"]:not([data-sheet])');
    try { if (current) sessionStorage.setItem(key(), current.id); } catch { /* the page begins with its first tab */ }
  });
  const known = kept !== null && [...list.querySelectorAll('[role="tab"]')].some(({ id }) => id === kept);
  if (known) show(/** @type {string} */ (kept));
  return known;
}
