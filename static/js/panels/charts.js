/** Throughput and latency over the run, as lines or as the same numbers in a table. */

import uPlot from "../../vendor/uplot.js";
import { $, h, s, icon } from "../dom.js";
import { t } from "./words.js";

const WINDOWS = 60;
const AGAIN_MS = 400;

export class Charts {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#p-charts");
    this.table = false;
    this.drawn = 0;
    this.timer = 0;
    /** @type {uPlot[]} */
    this.plots = [];
    this.toggle = h("button", { class: "b", "aria-pressed": "false" }, icon("i-table", "s"), t("Table"));
    this.toggle.onclick = () => {
      this.table = !this.table;
      this.toggle.setAttribute("aria-pressed", String(this.table));
      this.draw();
    };
    $("#dock-options").append(this.toggle);
    stage.on("trace chunk", () => this.later());
    addEventListener("themechange", () => this.draw());
    new ResizeObserver(() => this.later()).observe(this.host);
    this.draw();
  }

  later() {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.draw();
    }, Math.max(0, this.drawn + AGAIN_MS - performance.now()));
  }

  draw() {
    this.toggle.hidden = this.host.hidden;
    if (this.host.hidden || !this.host.clientWidth) return;
    this.drawn = performance.now();
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    const { trace } = this.stage;
    if (!trace || !trace.operations.done.length) {
      this.host.replaceChildren(h("p", { class: "note" }, h("b", {}, t("No measurements yet")), t("Press Run: answered and failed operations a second, and how long they took, are drawn here.")));
      return;
    }
    const numbers = trace.operations.statistics(trace.end, WINDOWS);
    if (this.table) this.#drawTable(numbers);
    else this.#drawLines(numbers, trace.end / 1e9);
  }

  /** @param {ReturnType<TraceStore["operations"]["statistics"]>} n */
  #drawTable(n) {
    const cell = (/** @type {number | null} */ value, digits = 1) => h("td", { class: "num" }, value === null ? "–" : value.toFixed(digits));
    const rows = n.times.map((time, i) => h("tr", {}, cell(time, 2), cell(n.ok[i], 0), cell(n.failed[i], 0), cell(n.p50[i]), cell(n.p99[i])));
    const heads = [t("Time, s"), t("Answered/s"), t("Failed/s"), t("Median, ms"), t("p99, ms")].map((text) => h("th", { class: "num", scope: "col" }, text));
    this.host.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)));
  }

  /** @param {ReturnType<TraceStore["operations"]["statistics"]>} n @param {number} end_s */
  #drawLines(n, end_s) {
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const frame = h("div", { class: "charts2" });
    this.host.replaceChildren(frame);
    this.#figure(frame, t("Throughput"), "/s", end_s, [n.times, n.ok, n.failed],
      [{ label: t("Answered"), stroke: colour("--msg-reply") }, { label: t("Failed"), stroke: colour("--bad"), dash: [4, 3] }], colour);
    this.#figure(frame, t("Latency"), " ms", end_s, [n.times, n.p50, n.p99],
      [{ label: t("median"), stroke: colour("--msg-request") }, { label: "p99", stroke: colour("--msg-request"), dash: [4, 3] }], colour);
  }

  /**
   * @param {HTMLElement} frame
   * @param {string} title
   * @param {string} unit
   * @param {number} end_s
   * @param {(number | null)[][]} data
   * @param {{label: string, stroke: string, dash?: number[]}[]} lines
   * @param {(name: string) => string} colour
   */
  #figure(frame, title, unit, end_s, data, lines, colour) {
    const place = h("div", { class: "plot" });
    const caption = h("figcaption", {}, title);
    for (const line of lines) {
      const sample = s("svg", { viewBox: "0 0 16 8", "aria-hidden": "true" }, s("path", { d: "M0 4H16", stroke: line.stroke, "stroke-width": 1.5, "stroke-dasharray": line.dash?.join(" ") }));
      caption.append(h("span", { class: "key" }, sample, line.label));
    }
    frame.append(h("figure", {}, caption, place));
    const axis = { stroke: colour("--text-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `10px ${colour("--font-mono")}`, size: 46 };
    const options = /** @type {uPlot.Options} */ ({
      width: Math.max(80, place.clientWidth), height: Math.max(60, place.clientHeight), legend: { show: false }, cursor: { y: false, points: { show: false } },
      scales: { x: { time: false, range: [0, end_s] }, y: { range: (/** @type {unknown} */ _u, /** @type {number} */ _low, /** @type {number} */ high) => [0, Math.max(1, high * 1.08)] } },
      axes: [{ ...axis, size: 22, values: (/** @type {unknown} */ _u, /** @type {number[]} */ at) => at.map((v, i) => (i === 0 ? `${v}\u2009s` : `${v}`)) }, { ...axis, values: (/** @type {unknown} */ _u, /** @type {number[]} */ at) => at.map((v) => `${v}${unit}`) }],
      series: [{}, ...lines.map((line) => ({ ...line, width: 1.5, points: { show: false }, spanGaps: false }))],
      hooks: { draw: [(/** @type {uPlot} */ plot) => drawHead(plot, this.stage.playhead.t / 1e9, colour("--playhead"))] },
    });
    const plot = new uPlot(options, /** @type {uPlot.AlignedData} */ (/** @type {unknown} */ (data)), place);
    plot.over.addEventListener("click", () => this.#seek(plot));
    this.plots.push(plot);
  }

  /** @param {uPlot} plot */
  #seek(plot) {
    const left = plot.cursor.left ?? -1;
    if (left < 0) return;
    this.stage.play(false);
    this.stage.seek(plot.posToVal(left, "x") * 1e9);
  }

  /** The line of the playhead follows, a few times a second. */
  tick() {
    if (this.host.hidden) return;
    for (const plot of this.plots) plot.redraw(false, false);
  }
}

/** @param {uPlot} plot @param {number} now_s @param {string} colour */
function drawHead(plot, now_s, colour) {
  const x = Math.round(plot.valToPos(now_s, "x", true));
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.setLineDash([]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
