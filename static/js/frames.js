/** The one animation loop: the playhead advances, the canvas follows every frame, panels a few times a second. */

import { RUN_MARK } from "./stage.js";

const PANEL_MS = 100;

/**
 * @param {Stage} stage
 * @param {Editor} editor
 * @param {Scene} scene
 * @param {(() => void)[]} ticks
 */
export function startFrames(stage, editor, scene, ticks) {
  let last = performance.now();
  let lastPanels = 0;
  let lastT = -1;
  /** Something was drawn that the panels do not know of yet. */
  let owed = false;
  const samples = new Float64Array(120);
  let frames = 0;
  /** @type {TraceStore | null} */
  let seen = null;
  stage.on("seek trace chunk play verdict document pin", () => { scene.stale = true; lastPanels = 0; });

  const frame = (/** @type {number} */ now) => {
    requestAnimationFrame(frame);
    const began = performance.now();
    const { playhead, trace } = stage;
    if (trace) {
      const was = playhead.playing;
      playhead.advance((now - last) / 1000, trace);
      if (was !== playhead.playing) stage.emit("play");
    }
    last = now;
    if (playhead.t !== lastT || scene.stale) {
      owed = true;
      lastT = playhead.t;
      scene.draw();
      samples[frames++ % samples.length] = performance.now() - began;
      if (seen !== trace && scene.stats.flying && playhead.playing) {
        seen = trace;
        if (performance.getEntriesByName(RUN_MARK).length) performance.measure("netsplit:run-to-first-message", RUN_MARK);
      }
    }
    stage.emit("frame");
    if ((owed || lastPanels === 0) && now - lastPanels >= PANEL_MS) {
      owed = false;
      lastPanels = now;
      editor.showState();
      for (const tick of ticks) tick();
      stage.emit("tick");
      publish(stage, scene, samples, frames);
    }
  };
  requestAnimationFrame(frame);
}

/** What is on the canvas, as attributes: for tests, and for anyone who asks. @param {Stage} stage @param {Scene} scene @param {Float64Array} samples @param {number} frames */
function publish(stage, scene, samples, frames) {
  const { dataset } = scene.canvas;
  dataset.messages = String(scene.stats.flying);
  dataset.drops = String(scene.stats.drops);
  dataset.playheadMs = (stage.playhead.t / 1e6).toFixed(3);
  dataset.total = String(stage.trace?.messages.length ?? 0);
  dataset.totalDrops = String(stage.trace?.messages.drops.length ?? 0);
  dataset.lit = String(scene.stats.lit);
  dataset.flows = String(scene.flows.drawn);
  dataset.pinned = stage.pinned < 0 ? "" : String(stage.pinned);
  const marked = scene.marked < 0 ? null : scene.dots.place(scene.marked);
  dataset.marked = marked ? `${marked.x},${marked.y}` : "";
  dataset.faults = String(stage.trace?.activeFaults(stage.playhead.t).size ?? 0);
  const n = Math.min(frames, samples.length);
  if (n) dataset.frameMs = [...samples.subarray(0, n)].sort((a, b) => a - b)[n >> 1].toFixed(2);
}
