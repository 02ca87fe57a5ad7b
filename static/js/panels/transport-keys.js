/** The keys of watching: playback, loop, messages on the canvas. */

import { addShortcuts } from "../shortcuts.js";
import { t } from "./words.js";

/**
 * @param {Stage} stage
 * @param {{jump: Jump, loop: Loop, speed: {toggle: () => void, change: (direction: 1 | -1) => void}, walk: MessageWalk, scene: Scene}} parts
 */
export function transportKeys(stage, { jump, loop, speed, walk, scene }) {
  const playing = t("Playback");
  const messages = t("Messages");
  const run = () => stage.trace !== null;
  const stopped = (/** @type {() => void} */ act) => () => {
    stage.play(false);
    act();
  };
  addShortcuts(
    { keys: ["N"], words: t("To the next fault, drop, leader change, violation or failure"), group: playing, when: run, act: () => jump.go(1) },
    { keys: ["Shift+N"], words: t("To the previous one"), group: playing, when: run, act: () => jump.go(-1) },
    { keys: ["<"], words: t("Slower"), group: playing, act: () => speed.change(-1) },
    { keys: [">"], words: t("Faster"), group: playing, act: () => speed.change(1) },
    { keys: ["S"], words: t("Smart speed on and off"), group: playing, act: () => speed.toggle() },
    { keys: ["I"], words: t("Loop from the playhead on"), group: playing, when: run, act: () => loop.begin() },
    { keys: ["O"], words: t("End the loop at the playhead"), group: playing, when: run, act: () => loop.finish() },
    { keys: ["Shift+O"], words: t("Clear the loop"), group: playing, act: () => loop.clear() },
    { keys: ["Home"], words: t("To the beginning"), group: playing, when: (event) => run() && onPage(event), act: stopped(() => stage.seek(0)) },
    { keys: ["End"], words: t("To the end"), group: playing, when: (event) => run() && onPage(event), act: stopped(() => stage.seekEnd()) },
    { keys: ["M"], words: t("Next message under way"), group: messages, when: run, act: () => walk.step(1) },
    { keys: ["Shift+M"], words: t("Previous message under way"), group: messages, when: run, act: () => walk.step(-1) },
    { keys: ["Escape"], words: t("Unpin"), group: messages, when: () => scene.marked >= 0 || stage.pinned >= 0, act: () => { walk.release(); } },
  );
}

/** Nothing with keys of its own has the focus. @param {Event} event */
function onPage(event) {
  return event.target === document.body || (event.target instanceof Element && event.target.id === "canvas");
}
