/** The canvas by keyboard: Tab walks the nodes, Enter selects, arrows move, Delete removes. */

const STEP = 8;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** @param {Editor} editor @param {HTMLElement} container */
export function watchKeys(editor, container) {
  container.addEventListener("keydown", (event) => {
    const group = event.target instanceof Element ? event.target.closest("[data-node]") : null;
    const id = group instanceof SVGElement ? group.dataset.node : undefined;
    if (!id) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      editor.pick(id, event.shiftKey || event.ctrlKey || event.metaKey);
    } else if (ARROWS[event.key] && editor.editable) {
      event.preventDefault();
      const ids = editor.stage.selection.has(id) ? [...editor.stage.selection] : [id];
      const far = event.shiftKey ? 5 : 1;
      editor.nudge(ids, ARROWS[event.key][0] * far, ARROWS[event.key][1] * far, `nudge:${ids.join()}`);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      event.stopPropagation();
      if (!editor.stage.selection.has(id)) editor.stage.select([id]);
      editor.removeSelected();
    }
  });
}
