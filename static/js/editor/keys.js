/** The canvas by keyboard: Tab walks the nodes, Enter selects, arrows move, Delete removes. */

import { GRID } from "../document/edits.js";
import { t } from "../panels/words.js";
import { addShortcuts, offControls, onCanvas } from "../shortcuts.js";
import { dataAt } from "./gesture.js";

const FAR = 5;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Editor} editor */
export function canvasKeys(editor) {
  const { stage } = editor;
  const card = (/** @type {Event} */ event) => dataAt(event.target, "node");
  const group = t("Selection");
  addShortcuts(
    { keys: ["Enter", "Space"], words: t("Select the focused node"), group, when: (event) => card(event) !== null && (/** @type {KeyboardEvent} */ (event).key === "Enter" || !stage.selection.has(card(event) ?? "")), act: (event) => editor.press(card(event) ?? "", false) },
    { keys: ["Shift+Enter"], words: t("Select one more, or one less"), group, when: (event) => card(event) !== null, act: (event) => editor.press(card(event) ?? "", true) },
  );
  if (!editor.editable) return;
  const editing = t("Editing");
  const movable = (/** @type {Event} */ event) => onCanvas(event) && (card(event) !== null || editor.chosenNodes().length > 0);
  const move = (/** @type {KeyboardEvent} */ event, /** @type {number} */ far) => {
    const focused = card(event);
    const ids = focused !== null && !stage.selection.has(focused) ? [focused] : editor.chosenNodes();
    const [x, y] = ARROWS[event.key];
    editor.nudge(ids, x * GRID * far, y * GRID * far, `nudge:${ids.join()}`);
  };
  addShortcuts(
    { keys: Object.keys(ARROWS), words: t("Move what is selected"), group: editing, when: movable, act: (event) => move(event, 1) },
    { keys: Object.keys(ARROWS).map((key) => `Shift+${key}`), words: t("Move it further"), group: editing, when: movable, act: (event) => move(event, FAR) },
    {
      keys: ["Delete", "Backspace"], words: t("Delete what is selected"), group: editing, when: (event) => card(event) !== null || offControls(event), act: (event) => {
        const id = card(event);
        if (id !== null && !stage.selection.has(id)) stage.select([id]);
        editor.removeSelected();
      },
    },
  );
}
