/** Every key of the page: one table that is both obeyed and shown, so that the list of keys cannot lie. */

import { t } from "./panels/words.js";

/** @type {Shortcut[]} */
export const table = [];

const SINGLE_KEYS = "netsplit:single-keys";

/** Whoever has keys adds a row for each. Of two rows with the same key the first that applies acts. @param {...Shortcut} rows */
export function addShortcuts(...rows) { table.push(...rows); }

/**
 * Whether an event is the key that a row names: "Mod+Shift+Z", "ArrowLeft", "?". Mod is Ctrl, or Command on a Mac.
 * Signs are compared as typed: which of them need Shift differs from keyboard to keyboard.
 * @param {string} name
 * @param {{key: string, code?: string, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean, altKey: boolean}} event
 */
export function matches(name, event) {
  const parts = name.split(/\+(?!$)/);
  const key = parts[parts.length - 1];
  const wanted = (/** @type {string} */ modifier) => parts.slice(0, -1).includes(modifier);
  const typed = event.key === " " ? "Space" : event.key;
  const sign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  // With Alt some keyboards write another character, so the place of the key tells, too.
  const placed = wanted("Alt") && event.code === `Key${key}`;
  if (typed !== key && !placed && (key.length > 1 || typed.toLowerCase() !== key.toLowerCase())) return false;
  return (event.ctrlKey || event.metaKey) === wanted("Mod") && event.altKey === wanted("Alt") && (sign || event.shiftKey === wanted("Shift"));
}

/** A row whose keys are single characters can be switched off: speech input types them by chance. @param {Shortcut} row */
export function isSingle(row) { return row.keys.every((key) => key.replace("Shift+", "").length === 1); }

export function singleKeys() {
  try { return localStorage.getItem(SINGLE_KEYS) !== "off"; } catch { return true; }
}

/** @param {boolean} on */
export function setSingleKeys(on) {
  try { localStorage.setItem(SINGLE_KEYS, on ? "on" : "off"); } catch { /* the choice cannot be kept */ }
}

/** Where somebody types. @param {EventTarget | null} target */
export function inField(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable);
}

const CONTROLS = "button, a, summary, [role=button], [role=slider], [role=tab]";

/** A control has uses of its own for Space, Enter and arrows. @param {Event} event */
export function offControls({ target }) { return !(target instanceof Element && target.closest(CONTROLS)); }

/** On the canvas, a card or a link included, or nowhere in particular. @param {Event} event */
export function onCanvas({ target }) {
  if (!(target instanceof Element) || target === document.body || target === document.documentElement) return true;
  return target.closest("#graph") !== null || (target.closest("#canvas") !== null && !target.closest(CONTROLS));
}

/** Not in the dock or the inspector, whose contents have lines to mark and scales of their own. @param {Event} event */
export function offPanels({ target }) { return !(target instanceof Element && target.closest(".dock, .right")); }

/** @param {Event} event */
function row(event) {
  if (event.defaultPrevented || inField(event.target) || document.querySelector("dialog[open]")) return undefined;
  const single = singleKeys();
  const key = event instanceof KeyboardEvent ? event : null;
  return table.find((candidate) => {
    const on = candidate.on ?? "keydown";
    if (on !== event.type && !(on === "keyup" && event.type === "keydown")) return false;
    if (key && !candidate.keys.some((name) => matches(name, key))) return false;
    return (single || !isSingle(candidate)) && (candidate.when?.(event) ?? true);
  });
}

/** Space on a card that is selected already has nothing left to select. @param {Event} event */
function offControlsButSelected(event) { return offControls(event) || (event.target instanceof Element && event.target.closest(".node.sel") !== null); }

/** What works on every page with a stage, and the one listener for all rows. @param {Stage} stage */
export function shortcuts(stage) {
  const playing = t("Playback");
  const editing = t("Editing");
  addShortcuts(
    { keys: ["Mod+Enter"], words: t("Run"), group: playing, when: () => !stage.underWay, act: () => stage.start() },
    { keys: ["Space"], words: t("Play and pause; with a drag, move the view"), group: playing, on: "keyup", when: offControlsButSelected, act: () => stage.play(!stage.playhead.playing) },
    { keys: ["."], words: t("One event on"), group: playing, act: () => stage.step(1) },
    { keys: [","], words: t("One event back"), group: playing, act: () => stage.step(-1) },
    { keys: ["Escape"], words: t("Select nothing"), group: t("Selection"), when: () => stage.selection.size > 0, act: () => stage.select([]) },
  );
  if (stage.mode === "edit") {
    addShortcuts(
      { keys: ["Mod+Z"], words: t("Undo"), group: editing, act: () => stage.history("undo") },
      { keys: ["Mod+Shift+Z", "Mod+Y"], words: t("Redo"), group: editing, act: () => stage.history("redo") },
    );
  }
  for (const type of ["keydown", "keyup", "copy", "cut", "paste"]) {
    addEventListener(type, (event) => {
      const found = row(event);
      if (!found) return;
      if (event.type !== "keyup" && found.keys[0] !== "Escape") event.preventDefault();
      if ((found.on ?? "keydown") === event.type) found.act(/** @type {any} */ (event));
    });
  }
}
