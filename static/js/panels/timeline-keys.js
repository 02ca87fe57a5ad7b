/** The diagram by keyboard: the playhead, the messages one by one, zoom and pan. */

import { addShortcuts } from "../shortcuts.js";
import { shownIn } from "../trace/visible.js";
import { laneY } from "./timeline-lanes.js";
import { t } from "./words.js";

const STEPS = 50;
const ZOOM = 1.5;
const PAN = 0.5;

/** @param {Timeline} timeline */
export function timelineKeys(timeline) {
  const { plot, stage, window } = timeline;
  const group = t("Timeline, while it has the focus");
  const jump = (/** @type {string} */ key) => {
    stage.play(false);
    if (key === "Home") stage.seek(0);
    else stage.seekEnd();
  };
  const here = (/** @type {Event} */ event) => event.target === plot && stage.trace !== null;
  /** @type {[string[], string, (event: KeyboardEvent) => void][]} */
  const rows = [
    [["ArrowLeft", "ArrowRight"], t("Move the playhead"), (event) => sideways(timeline, event, event.key === "ArrowLeft" ? -1 : 1)],
    [["Shift+ArrowLeft", "Shift+ArrowRight"], t("Move the window"), (event) => sideways(timeline, event, event.key === "ArrowLeft" ? -1 : 1)],
    [["PageUp", "PageDown"], t("Move the window by half of it"), ({ key }) => timeline.pan(window.span * (key === "PageUp" ? -PAN : PAN))],
    [["ArrowUp", "ArrowDown"], t("Message before, message after"), ({ key }) => next(timeline, key === "ArrowUp" ? -1 : 1)],
    [["Enter"], t("Pin the message, light its causes"), () => { if (timeline.marked >= 0) timeline.pin(timeline.marked); }],
    [["+", "="], t("Zoom in"), () => timeline.zoom(1 / ZOOM)],
    [["-"], t("Zoom out"), () => timeline.zoom(ZOOM)],
    [["0"], t("The whole run, and back"), () => timeline.toggleWhole()],
    [["Home", "End"], t("Start and end of the run"), ({ key }) => jump(key)],
  ];
  addShortcuts(...rows.map(([keys, words, act]) => ({ keys, words, group, act, when: here })));
  plot.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(stage.pinned >= 0 || timeline.marked >= 0)) return;
    event.stopPropagation();
    timeline.mark(-1);
    stage.pin(-1);
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
