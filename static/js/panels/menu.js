/** A menu behind a button, after the ARIA pattern: arrows, Home, End and first letters move; Esc, Tab and a press beside it close. */

/**
 * @param {HTMLElement} button
 * @param {HTMLElement} list with role menu, its items with role menuitem
 */
export function menu(button, list) {
  const items = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="menuitem"]')]);
  const open = (/** @type {number} */ index) => {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const box = button.getBoundingClientRect();
    list.style.top = `${box.bottom + 4}px`;
    list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8))}px`;
    items().at(index)?.focus();
  };
  const close = (back = false) => {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };
  for (const item of items()) item.tabIndex = -1;
  button.addEventListener("click", () => (list.hidden ? open(0) : close(true)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
  list.addEventListener("keydown", (event) => keys(event, items(), close));
  list.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest('[role="menuitem"]')) close(true);
  });
  list.addEventListener("focusout", (event) => {
    if (!list.contains(/** @type {Node | null} */ (event.relatedTarget)) && event.relatedTarget !== button) close();
  });
  addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !list.contains(event.target) && !button.contains(event.target)) close();
  });
  addEventListener("resize", () => close());
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} items @param {(back?: boolean) => void} close */
function keys(event, items, close) {
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  event.stopPropagation();
  if (event.key === "Tab") return close();
  if (event.key === "Escape") {
    event.preventDefault();
    return close(true);
  }
  if (to !== undefined) {
    event.preventDefault();
    return items.at(to % items.length)?.focus();
  }
  if (event.key.length === 1 && event.key !== " ") {
    const letter = event.key.toLowerCase();
    return [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) => item.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
  }
  return undefined;
}
