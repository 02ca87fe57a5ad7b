/** On the diagram: a press pins a message or moves the playhead; a drag pans; on the ruler, or holding the playhead's line, it seeks. */

import { RULER } from "./timeline-lanes.js";

const STILL_PX = 4;
const LINE_PX = 6;

/** @param {Timeline} timeline */
export function pressing(timeline) {
  const { plot, window, stage } = timeline;
  /** @type {{x: number, y: number, seeks: boolean, moved: boolean} | null} */
  let held = null;
  const place = (/** @type {PointerEvent} */ event) => {
    const box = plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const seek = (/** @type {number} */ x) => timeline.seek(window.time(x, plot.clientWidth));
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !stage.trace) return;
    const { x, y } = place(event);
    plot.setPointerCapture(event.pointerId);
    held = { x, y, seeks: y < RULER || Math.abs(x - window.x(stage.playhead.t, plot.clientWidth)) < LINE_PX, moved: false };
    if (y < RULER) seek(x);
  });
  plot.addEventListener("pointermove", (event) => {
    const { x, y } = place(event);
    if (!held) {
      const near = timeline.picture.lines.at(x, y);
      plot.classList.toggle("on-line", near >= 0);
      timeline.mark(near);
      return;
    }
    if (!held.moved && Math.hypot(x - held.x, y - held.y) < STILL_PX) return;
    if (held.seeks) seek(x);
    else timeline.pan(-((x - held.x) / plot.clientWidth) * window.span, held.y - y);
    held = { ...held, moved: true, ...(held.seeks ? {} : { x, y }) };
    plot.classList.toggle("panning", !held.seeks);
  });
  plot.addEventListener("pointerup", (event) => {
    const { x, y } = place(event);
    if (held && !held.moved && y >= RULER) {
      const near = timeline.picture.lines.at(x, y);
      if (near >= 0) timeline.pin(near);
      else seek(x);
    }
    held = null;
    plot.classList.remove("panning");
  });
  plot.addEventListener("pointercancel", () => {
    held = null;
    plot.classList.remove("panning");
  });
  plot.addEventListener("pointerleave", () => { if (!held) timeline.mark(-1); });
}
