/** The run in figures over time: a chart for everything it has figures for, each with a table of the same. */

import { $, h } from "../dom.js";
import { Series } from "../trace/series.js";
import { Chart } from "./chart.js";
import { t } from "./words.js";

const AGAIN_MS = 400;

export class Charts {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#p-charts");
    this.drawn = 0;
    this.timer = 0;
    /** @type {Series | null} */
    this.series = null;
    /** @type {Map<string, Chart>} */
    this.charts = new Map();
    /** @type {Span[]} */
    this.faults = [];
    this.empty = h("p", { class: "note" }, h("b", {}, t("No measurements yet")), t("Press Run: what clients got and how long it took, what waited where, and how far copies are behind are drawn here."));
    this.frame = h("div", { class: "charts2" });
    this.host.replaceChildren(this.empty, this.frame);
    stage.on("trace", () => { this.series = null; });
    stage.on("trace chunk", () => {
      this.#take();
      this.later();
    });
    addEventListener("themechange", () => this.#anew());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#anew());
    new ResizeObserver(() => this.later()).observe(this.host);
    this.draw();
  }

  /** Every chunk is taken in as it comes, seen or not. */
  #take() {
    const { trace, ran } = this.stage;
    if (!trace?.nodes.length) return;
    if (this.series?.end !== Math.max(1, trace.end)) {
      const groups = (ran?.clusters ?? []).map(({ members }) => members.map((id) => trace.nodes.indexOf(id)).filter((node) => node >= 0));
      this.series = new Series(trace.end, groups);
    }
    this.series.take(trace);
  }

  #anew() {
    for (const chart of this.charts.values()) chart.forget();
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
    const { stage, series } = this;
    const any = Boolean(series && stage.trace?.operations.done.length);
    this.empty.hidden = any;
    this.frame.hidden = !any;
    if (!series || !stage.trace || !any || !this.host.clientWidth) return;
    this.drawn = performance.now();
    this.faults = spansOf(stage.trace.faults);
    const list = series.charts((node) => stage.nameOf(node));
    for (const id of this.charts.keys()) if (!list.some((chart) => chart.id === id)) this.#remove(id);
    for (const data of list) if (!this.charts.has(data.id)) this.charts.set(data.id, new Chart(stage, data, { seek: (s) => this.#seek(s), faults: () => this.faults }));
    const hosts = list.map((data) => /** @type {Chart} */ (this.charts.get(data.id)).host);
    if (hosts.some((host, i) => this.frame.children[i] !== host)) this.frame.replaceChildren(...hosts);
    const axis = { times: series.times, width: series.width / 1e9, end: series.end / 1e9 };
    for (const data of list) this.charts.get(data.id)?.update(data, axis);
  }

  /** @param {string} id */
  #remove(id) {
    const chart = this.charts.get(id);
    chart?.forget();
    chart?.host.remove();
    this.charts.delete(id);
  }

  /** @param {number} s */
  #seek(s) {
    this.stage.play(false);
    this.stage.seek(s * 1e9);
  }

  /** The line of the playhead follows, a few times a second. */
  tick() {
    if (!this.host.clientWidth) return;
    for (const chart of this.charts.values()) chart.tick();
  }
}

/** When something was broken, as the run had it. @param {{time: number, fault: number, phase: string}[]} rows @returns {Span[]} */
function spansOf(rows) {
  /** @type {Map<number, Span>} */
  const open = new Map();
  /** @type {Span[]} */
  const spans = [];
  for (const { time, fault, phase } of rows) {
    const span = open.get(fault);
    if (phase === "start") {
      const next = { from_ms: time / 1e6, until_ms: Infinity };
      open.set(fault, next);
      spans.push(next);
    } else if (span) span.until_ms = time / 1e6;
  }
  return spans;
}
