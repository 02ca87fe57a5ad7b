/** The list of keys, on `?`: made from the table that is obeyed, each time it is opened. */

import { h } from "../dom.js";
import { addShortcuts, setSingleKeys, singleKeys, table } from "../shortcuts.js";
import { closable } from "./dialogs.js";
import { t } from "./words.js";

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** @type {() => Record<string, string>} */
const KEY_WORDS = () => ({
  Mod: MAC ? "⌘" : t("Ctrl"), Shift: t("Shift"), Alt: MAC ? "⌥" : t("Alt"), Escape: t("Esc"), Delete: t("Delete"), Backspace: t("Backspace"), Enter: t("Enter"), Space: t("Space"),
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−", PageUp: t("Page up"), PageDown: t("Page down"), Home: t("Home"), End: t("End"),
});

/** The dialog, and the ways to it: `?`, and whatever has `data-keymap`. */
export function keymap() {
  const list = h("div", { class: "keys" });
  const body = h("div", { class: "keyscroll", tabindex: 0, role: "group", "aria-labelledby": "keymap-title" }, list);
  const close = h("button", { class: "b line", "data-close": true }, t("Close"));
  const dialog = h("dialog", { class: "dialog keymap", id: "keymap", "aria-labelledby": "keymap-title" }, h("h2", { id: "keymap-title" }, t("Keys")), body, h("div", { class: "acts2" }, singleChoice(), close));
  document.body.append(dialog);
  closable(dialog);
  const open = () => {
    list.replaceChildren(...sections());
    dialog.showModal();
    close.focus();
  };
  addShortcuts({ keys: ["?"], words: t("Show this list"), group: t("Help"), act: open });
  for (const opener of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-keymap]"))) opener.onclick = open;
}

/** Speech input types single characters by chance. */
function singleChoice() {
  const box = h("input", { type: "checkbox", id: "single-keys" });
  box.checked = singleKeys();
  box.onchange = () => setSingleKeys(box.checked);
  return h("label", { class: "single" }, box, t("Keys of a single character, too"));
}

function sections() {
  const groups = [...new Set(table.map(({ group }) => group))];
  return groups.map((group) => h("section", {}, h("h3", {}, group), h("dl", {}, ...table.filter((row) => row.group === group).map(line))));
}

/** @param {Shortcut} row */
function line(row) {
  const names = KEY_WORDS();
  const caps = (/** @type {string[]} */ parts) => h("span", { class: "combo" }, ...parts.map((part) => h("kbd", {}, names[part] ?? part.toUpperCase())));
  const combos = row.keys.map((key) => key.split(/\+(?!$)/));
  // The four arrows are shown once, after what is held with them.
  const keys = combos.length > 3 ? [caps([...combos[0].slice(0, -1), ...combos.map((parts) => parts[parts.length - 1])])]
    : combos.flatMap((parts, i) => (i ? [h("span", { class: "mut" }, t("or")), caps(parts)] : [caps(parts)]));
  return h("div", {}, h("dt", {}, row.words), h("dd", {}, ...keys));
}
