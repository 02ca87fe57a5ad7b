/** One press of a pointer, from down to up: while it lasts, the graph widget hears nothing of it. */

/**
 * @param {Editor} editor
 * @param {PointerEvent} down
 * @param {{move?: (event: PointerEvent) => void, up?: (event: PointerEvent) => void, cancel?: () => void}} acts cancel: Esc, or a second finger
 */
export function gesture(editor, down, acts) {
  // Without this the browser would make mouse presses of a touch, and the widget would see them.
  down.preventDefault();
  editor.held = true;
  const mine = (/** @type {Event} */ event) => /** @type {PointerEvent} */ (event).pointerId === down.pointerId;
  const move = (/** @type {PointerEvent} */ event) => { if (mine(event)) acts.move?.(event); };
  const up = (/** @type {PointerEvent} */ event) => {
    if (!mine(event)) return;
    over();
    acts.up?.(event);
  };
  const cancel = () => {
    over();
    acts.cancel?.();
  };
  const cancelled = (/** @type {PointerEvent} */ event) => { if (mine(event)) cancel(); };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    cancel();
  };
  const over = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancelled);
    removeEventListener("keydown", key, true);
    editor.cancelGesture = null;
    // A touch's own end comes after the pointer's.
    setTimeout(() => { if (!editor.cancelGesture) editor.held = false; });
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", cancelled);
  addEventListener("keydown", key, true);
  editor.cancelGesture = cancel;
}

/** @param {EventTarget | null} target @param {string} name @returns {string | null} the value of `data-<name>` at or about the target */
export function dataAt(target, name) {
  return target instanceof Element ? target.closest(`[data-${name}]`)?.getAttribute(`data-${name}`) ?? null : null;
}
