/** All that the timeline's canvas shows, in the order in which it lies one over the other. */

import { drawFaults, drawLanes, labelLanes, laneHeight } from "./timeline-lanes.js";
import { MessageLines } from "./timeline-messages.js";
import { drawGrid, drawRuler } from "./timeline-ruler.js";

const COLOURS = {
  surface: "--surface", sunken: "--sunken", line: "--line", lane: "--lane", text2: "--text-2", text3: "--text-3", bad: "--bad",
  leader: "--state-leader", candidate: "--state-candidate", paused: "--state-paused", down: "--state-down", recovering: "--state-recovering",
};

export class Picture {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.lines = new MessageLines();
    /** @type {Record<string, string>} */
    this.colours = {};
    this.lane = laneHeight(0, 0);
    this.readColours();
  }

  get width() { return this.canvas.clientWidth; }

  get height() { return this.canvas.clientHeight; }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    for (const [name, token] of Object.entries(COLOURS)) this.colours[name] = read(token);
    this.colours.font = `500 10px ${read("--font-ui") || "sans-serif"}`;
    this.colours.mono = `10px ${read("--font-mono") || "monospace"}`;
  }

  #fit() {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
  }

  /**
   * Answers where the marked message lies, if it is in view.
   * @param {Stage} stage
   * @param {TraceStore} store
   * @param {TimeWindow} window
   * @param {number} scroll
   * @param {{hidden: ReadonlySet<string>, causes: Causes | null, marked: number, looks: Looks}} what
   */
  draw(stage, store, window, scroll, { hidden, causes, marked, looks }) {
    this.#fit();
    const { context, width, height, colours } = this;
    this.lane = laneHeight(height, store.nodes.length);
    const sheet = { context, width, height, scroll, lane: this.lane, colours, window, store };
    drawLanes(sheet);
    drawGrid(sheet);
    const faults = drawFaults(sheet, stage);
    this.lines.draw(sheet, hidden, causes, looks);
    labelLanes(sheet);
    const place = marked >= 0 ? this.lines.emphasise(sheet, marked, 3) : null;
    drawRuler(sheet, faults);
    return place;
  }
}
