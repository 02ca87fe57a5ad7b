/** Copy, cut and paste through the system's clipboard, as a scenario's own text: also from one tab to another. */

import { GRID, snap } from "../document/edits.js";
import { LINKS_MAX, NODES_MAX, fragmentOf, fragmentText, middleOf, pasted, readFragment } from "../document/fragment.js";
import { t, tn } from "../panels/words.js";
import { addShortcuts } from "../shortcuts.js";

const STEP = 24;

/** @param {Editor} editor */
export function clipboard(editor) {
  const { stage } = editor;
  const group = t("Editing");
  const last = { text: "", times: 0, x: NaN, y: NaN };
  const copy = (/** @type {ClipboardEvent} */ event) => {
    const fragment = fragmentOf(stage.doc, stage.selection);
    if (!fragment) {
      stage.emit("toast", { text: t("Select nodes to copy them. Links go with the nodes at both their ends.") });
      return false;
    }
    event.clipboardData?.setData("text/plain", fragmentText(fragment));
    last.text = "";
    stage.emit("say", tn("{n} node copied", "{n} nodes copied", fragment.nodes.length));
    return true;
  };
  // Text that is marked somewhere is what somebody wants to copy.
  const unmarked = () => stage.selection.size > 0 && (getSelection()?.isCollapsed ?? true);
  // While the view is moved with the middle button, some browsers would paste.
  addShortcuts(
    { keys: ["Mod+C"], on: "copy", words: t("Copy"), group, when: unmarked, act: copy },
    { keys: ["Mod+X"], on: "cut", words: t("Cut"), group, when: unmarked, act: (event) => { if (copy(event)) cut(editor); } },
    { keys: ["Mod+V"], on: "paste", words: t("Paste"), group, when: () => !editor.held, act: (event) => paste(editor, event.clipboardData?.getData("text/plain") ?? "", last) },
  );
}

/** Links between them, zones and clusters come back with a paste; faults do not, and what goes with the nodes is said. @param {Editor} editor */
function cut(editor) {
  const { stage } = editor;
  const before = stage.doc.faults?.length ?? 0;
  const nodes = editor.chosenNodes().length;
  editor.removeSelected(tn("Cut {n} node", "Cut {n} nodes", nodes));
  const lost = before - (stage.doc.faults?.length ?? 0);
  if (lost > 0) stage.emit("toast", { text: tn("{n} fault on them is gone, and is not pasted with them.", "{n} faults on them are gone, and are not pasted with them.", lost), undo: true });
}

/** @param {Editor} editor @param {string} text @param {{text: string, times: number, x: number, y: number}} last */
function paste(editor, text, last) {
  const { stage } = editor;
  const read = readFragment(text);
  if ("problem" in read) return stage.emit("toast", { text: trouble(read.problem) });
  const { fragment } = read;
  const here = stage.doc.nodes.reduce((sum, node) => sum + (node.count ?? 1), 0);
  const more = fragment.nodes.reduce((sum, node) => sum + (node.count ?? 1), 0);
  if (here + more > NODES_MAX) return stage.emit("toast", { text: t("Not pasted: {more} nodes would come to {here}, and a scenario has at most {most}.", { more: more.toLocaleString(), here: here.toLocaleString(), most: NODES_MAX.toLocaleString() }) });
  const links = [...stage.doc.links, ...fragment.links].length;
  if (links > LINKS_MAX) return stage.emit("toast", { text: t("Not pasted: a scenario has at most {most} links.", { most: LINKS_MAX.toLocaleString() }) });
  const shift = shiftFor(editor, middleOf(fragment), text, last);
  const { doc, ids } = pasted(stage.doc, fragment, shift);
  if (!stage.store.change(tn("Paste {n} node", "Paste {n} nodes", ids.length), doc)) return undefined;
  stage.select(ids);
  const words = tn("{n} node pasted", "{n} nodes pasted", ids.length);
  return more > 100 ? stage.emit("toast", { text: `${words}.`, undo: true }) : stage.emit("say", words);
}

/** Under the pointer; else beside where it was, if that can be seen; else in the middle of the view. Again and again: a step further each time. @param {Editor} editor @param {Point} middle @param {string} text @param {{text: string, times: number, x: number, y: number}} last */
function shiftFor(editor, middle, text, last) {
  const under = editor.pointer;
  const target = under ?? (editor.sees(middle) ? { x: middle.x + STEP, y: middle.y + STEP } : editor.middle());
  const again = text === last.text && Math.abs(target.x - last.x) < GRID && Math.abs(target.y - last.y) < GRID;
  Object.assign(last, { text, times: again ? last.times + 1 : 0, x: target.x, y: target.y });
  return { x: snap(target.x - middle.x) + last.times * STEP, y: snap(target.y - middle.y) + last.times * STEP };
}

/** @param {"huge" | "foreign" | "empty" | "many"} problem */
function trouble(problem) {
  if (problem === "huge") return t("Not pasted: the clipboard holds more than 1\u2009MB of text, and no scenario is that long.");
  if (problem === "many") return t("Not pasted: the clipboard holds more than {n} nodes, and a scenario has at most that many.", { n: NODES_MAX.toLocaleString() });
  if (problem === "empty") return t("Not pasted: the scenario on the clipboard has no nodes.");
  return t("Not pasted: the clipboard holds no Netsplit parts. Copy nodes first, here or in another tab.");
}
