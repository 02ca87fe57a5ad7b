/** Keys that work anywhere outside a field. */

/** @param {Stage} stage @param {Editor} editor */
export function shortcuts(stage, editor) {
  addEventListener("keydown", (event) => {
    const target = event.target;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return;
    if (document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (command && key === "z") {
      event.preventDefault();
      stage.history(event.shiftKey ? "redo" : "undo");
    } else if (command && key === "y") {
      event.preventDefault();
      stage.history("redo");
    } else if (command && key === "enter") {
      event.preventDefault();
      stage.start();
    } else if (!command && !event.altKey) plain(stage, editor, event);
  });
}

/** @param {Stage} stage @param {Editor} editor @param {KeyboardEvent} event */
function plain(stage, editor, event) {
  const onControl = event.target instanceof Element && event.target.closest("button, a, [role=button], [role=slider], [role=tab]");
  if (event.key === " " && !onControl) {
    event.preventDefault();
    stage.play(!stage.playhead.playing);
  } else if (event.key === ".") stage.step(1);
  else if (event.key === ",") stage.step(-1);
  else if ((event.key === "Delete" || event.key === "Backspace") && !onControl) editor.removeSelected();
  else if (event.key === "Escape") stage.select([]);
}
