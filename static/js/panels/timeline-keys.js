/** The diagram by keyboard: the playhead, the messages one by one, zoom and pan. */

import { shownIn } from "../trace/visible.js";
import { laneY } from "./timeline-lanes.js";

const STEPS = 50;
const ZOOM = 1.5;
const PAN = 0.5;

/** @param {Timeline} timeline */
export function timelineKeys(timeline) {
  const { plot, stage, window } = timeline;
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const acts = {
    ArrowLeft: (event) => sideways(timeline, event, -1),
    ArrowRight: (event) => sideways(timeline, event, 1),
    ArrowUp: () => next(timeline, -1),
    ArrowDown: () => next(timeline, 1),
    Enter: () => { if (timeline.marked >= 0) timeline.pin(timeline.marked); },
    "+": () => timeline.zoom(1 / ZOOM),
    "=": () => timeline.zoom(1 / ZOOM),
    "-": () => timeline.zoom(ZOOM),
    0: () => timeline.toggleWhole(),
    PageUp: () => timeline.pan(-window.span * PAN),
    PageDown: () => timeline.pan(window.span * PAN),
    Home: () => jump(0),
    End: () => jump(stage.trace?.loadedTo ?? 0),
  };
  const jump = (/** @type {number} */ ns) => {
    stage.play(false);
    stage.seek(ns);
  };
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && (stage.pinned >= 0 || timeline.marked >= 0)) {
      event.stopPropagation();
      timeline.mark(-1);
      stage.pin(-1);
      return;
    }
    const act = acts[event.key];
    if (!act || !stage.trace) return;
    event.preventDefault();
    act(event);
  });
}

/** @param {Timeline} timeline @param {KeyboardEvent} event @param {1 | -1} direction */
function sideways(timeline, event, direction) {
  const { stage, window } = timeline;
  const step = (window.span / STEPS) * direction;
  if (event.shiftKey) {
    timeline.pan(step * 5);
    return;
  }
  stage.play(false);
  stage.seek(stage.playhead.t + step);
}

/** To the message sent before or after the one that is named, or, with none, about the playhead; of many, to those that are drawn. @param {Timeline} timeline @param {1 | -1} direction */
function next(timeline, direction) {
  const { stage, window, marked, picture, scroller, hidden } = timeline;
  const { messages } = /** @type {TraceStore} */ (stage.trace);
  const { stride } = picture.lines.view;
  const shows = shownIn(messages, hidden);
  const shown = (/** @type {number} */ i) => i % stride === 0 && shows(i);
  let slot = marked >= 0 ? marked + direction : messages.sentUpTo(stage.playhead.t) - (direction > 0 ? 0 : 1);
  while (slot >= 0 && slot < messages.length && !shown(slot)) slot += direction;
  if (slot < 0 || slot >= messages.length) return;
  window.reveal(messages.sent.data[slot]);
  timeline.mark(slot);
  const { lane } = picture;
  const y = laneY({ scroll: scroller.scrollTop, lane }, messages.src.data[slot]);
  if (y < 2 * lane || y > scroller.clientHeight - lane) scroller.scrollTop += y - scroller.clientHeight / 2;
}
