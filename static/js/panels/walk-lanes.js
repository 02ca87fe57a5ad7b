/** The numbers of the evidence's steps on the timeline's lanes, each at its moment. */

import { h } from "../dom.js";
import { laneY, RULER } from "./timeline-lanes.js";

const HALF = 8;

/** @param {Stage} stage @param {Timeline} timeline @param {Walk} walk */
export function walkOnLanes(stage, timeline, walk) {
  const layer = h("div", { class: "walk-marks", "aria-hidden": "true" });
  timeline.plot.append(layer);
  /** @type {HTMLElement[]} */
  let marks = [];
  stage.on("walk", () => {
    marks = walk.found.map((_, i) => h("span", { class: `no${i === walk.at ? " on" : ""}` }, String(i + 1)));
    layer.replaceChildren(...marks);
  });
  stage.on("frame", () => {
    const { plot, window, scroller, picture } = timeline;
    if (!marks.length || !plot.clientWidth) return;
    walk.found.forEach(({ t, client }, i) => {
      const y = laneY({ scroll: scroller.scrollTop, lane: picture.lane }, client);
      marks[i].hidden = client < 0 || !window.has(t) || y < RULER;
      marks[i].style.transform = `translate(${window.x(t, plot.clientWidth) - HALF}px, ${y - HALF}px)`;
    });
  });
}
