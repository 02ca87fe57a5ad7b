/** The keys of watching, as a table: playback, loop, messages on the canvas. */

import { t } from "./words.js";

/** @typedef {{keys: string[], words: string, group: string, act: () => void, when?: (event: KeyboardEvent) => boolean}} Row */

/**
 * @param {Stage} stage
 * @param {{jump: Jump, loop: Loop, speed: {toggle: () => void, change: (direction: 1 | -1) => void}, walk: MessageWalk, scene: Scene}} parts
 * @returns {Row[]}
 */
export function transportKeys(stage, { jump, loop, speed, walk, scene }) {
  const playing = t("Playback");
  const messages = t("Messages");
  const run = () => stage.trace !== null;
  const to = (/** @type {number} */ ns) => {
    stage.play(false);
    stage.seek(ns);
  };
  return [
    { keys: ["N"], words: t("To the next fault, drop, leader change, violation or failure"), group: playing, when: run, act: () => jump.go(1) },
    { keys: ["Shift+N"], words: t("To the previous one"), group: playing, when: run, act: () => jump.go(-1) },
    { keys: ["<"], words: t("Slower"), group: playing, act: () => speed.change(-1) },
    { keys: [">"], words: t("Faster"), group: playing, act: () => speed.change(1) },
    { keys: ["S"], words: t("Smart speed on and off"), group: playing, act: () => speed.toggle() },
    { keys: ["I"], words: t("Loop from the playhead on"), group: playing, when: run, act: () => loop.begin() },
    { keys: ["O"], words: t("End the loop at the playhead"), group: playing, when: run, act: () => loop.finish() },
    { keys: ["Shift+O"], words: t("Clear the loop"), group: playing, act: () => loop.clear() },
    { keys: ["Home"], words: t("To the beginning"), group: playing, when: (event) => run() && onPage(event), act: () => to(0) },
    { keys: ["End"], words: t("To the end"), group: playing, when: (event) => run() && onPage(event), act: () => to(stage.trace?.loadedTo ?? 0) },
    { keys: ["M"], words: t("Next message under way"), group: messages, when: run, act: () => walk.step(1) },
    { keys: ["Shift+M"], words: t("Previous message under way"), group: messages, when: run, act: () => walk.step(-1) },
    { keys: ["Escape"], words: t("Unpin"), group: messages, when: () => scene.marked >= 0 || stage.pinned >= 0, act: () => { walk.release(); } },
  ];
}

/** Nothing with keys of its own has the focus. @param {KeyboardEvent} event */
function onPage(event) {
  return event.target === document.body || (event.target instanceof Element && event.target.id === "canvas");
}

/** Obeys the rows, outside fields and dialogs. @param {Row[]} rows */
export function watchTransportKeys(rows) {
  addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return;
    const row = rows.find(({ keys, when }) => keys.some((key) => pressed(key, event)) && (when?.(event) ?? true));
    if (!row) return;
    event.preventDefault();
    row.act();
  });
}

/** @param {string} key "N", "Shift+N", "Home"; signs are compared as typed @param {KeyboardEvent} event */
function pressed(key, event) {
  const name = key.replace("Shift+", "");
  if (name.toLowerCase() !== event.key.toLowerCase()) return false;
  return name.toLowerCase() === name.toUpperCase() || event.shiftKey === key.startsWith("Shift+");
}
