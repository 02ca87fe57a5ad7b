/** One chart: lines over time told apart by colour, dashes and labels; faults shaded; a press or the arrows move the playhead. */

import uPlot from "uplot";
import { h, s, icon } from "../dom.js";
import { axisWords, chartWords, figureWords } from "./chart-words.js";
import { chartCsv, chartTable, saveFile } from "./chart-table.js";
import { drawFaults, drawLabels, labelRoom } from "./chart-drawing.js";
import { t, seconds } from "./words.js";

const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [4, 2], [1, 2]];
const COLOURS = ["--cat-1", "--cat-2", "--cat-3", "--cat-4", "--cat-5", "--cat-7"];
/** @type {Record<string, string[]>} */
const OWN_COLOURS = { throughput: ["--msg-reply", "--text-2", "--msg-request"], latency: ["--msg-request", "--msg-request", "--msg-request"], lag: ["--msg-replication", "--msg-replication"], errors: ["--bad", ...COLOURS.slice(0, 5)] };
const PAGE = 10;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -PAGE, PageUp: PAGE };

export class Chart {
  /** @param {Stage} stage @param {ChartData} data @param {{seek: (s: number) => void, faults: () => Span[]}} acts */
  constructor(stage, data, { seek, faults }) {
    this.stage = stage;
    this.data = data;
    this.seek = seek;
    this.faults = faults;
    this.words = chartWords(data);
    /** @type {number[]} */
    this.times = [];
    this.width = 1;
    this.end = 1;
    /** The window that the readings are of. */
    this.shown = -1;
    /** @type {uPlot | null} */
    this.plot = null;
    this.table = false;
    this.head = h("div", { class: "ch-head" });
    this.place = h("div", { class: "plot", tabindex: 0, role: "slider", "aria-label": t("{chart}, playhead", { chart: this.words.title }), "aria-valuemin": 0 });
    this.sheet = h("div", { class: "ch-table", tabindex: 0, role: "group", "aria-label": this.words.title, hidden: true });
    this.keys = h("span", { class: "ch-keys" });
    this.toggle = h("button", { class: "b icon", "aria-pressed": "false", "aria-label": t("{chart} as a table", { chart: this.words.title }), title: t("Table") }, icon("i-table"));
    this.csv = h("button", { class: "b", "aria-label": t("Download {chart} as CSV", { chart: this.words.title }), hidden: true }, "CSV");
    this.toggle.onclick = () => this.#toggle();
    this.csv.onclick = () => saveFile(`${data.id}.csv`, chartCsv(this.data, this.times, this.width));
    const caption = h("figcaption", { title: this.words.help }, h("h2", {}, this.words.title), h("span", { class: "grow" }), this.csv, this.toggle);
    this.host = h("figure", { "data-chart": data.id }, caption, this.keys, this.place, this.sheet);
    this.place.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#show()).observe(this.place);
    /** @type {{mark: HTMLElement, text: HTMLElement}[]} */
    this.readings = [];
  }

  #toggle() {
    this.table = !this.table;
    this.toggle.setAttribute("aria-pressed", String(this.table));
    this.csv.hidden = this.sheet.hidden = !this.table;
    this.place.hidden = this.keys.hidden = this.table;
    this.host.classList.toggle("as-table", this.table);
    this.#show();
  }

  /** @param {ChartData} data @param {{times: number[], width: number, end: number}} axis seconds */
  update(data, { times, width, end }) {
    const before = this.data.lines.map((line) => line.id).join();
    const same = this.plot !== null && before === data.lines.map((line) => line.id).join() && this.end === end && this.times.length === times.length;
    Object.assign(this, { data, times, width, end });
    if (!same) this.forget();
    this.#show();
  }

  /** The drawing is made anew, as after another theme. */
  forget() {
    this.plot?.destroy();
    this.plot = null;
  }

  #show() {
    if (this.table) {
      this.sheet.replaceChildren(chartTable(this.data, this.times, this.width));
      return;
    }
    const { clientWidth: width, clientHeight: height } = this.place;
    if (!width || !height || !this.times.length) return;
    const columns = /** @type {uPlot.AlignedData} */ ([this.times.map((time) => time + this.width / 2), ...this.data.lines.map((line) => line.values)]);
    if (!this.plot) this.#make(columns);
    else if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
    this.plot?.setData(columns);
    this.tick(true);
  }

  /** @param {uPlot.AlignedData} columns */
  #make(columns) {
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const lines = this.data.lines.map((line, i) => ({ name: this.words.name(line.id), stroke: colour((OWN_COLOURS[this.data.id] ?? COLOURS)[i]), dash: DASHES[i] }));
    const axis = { stroke: colour("--text-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `10px ${colour("--font-mono")}` };
    const options = /** @type {uPlot.Options} */ ({
      width: this.place.clientWidth, height: this.place.clientHeight, legend: { show: false }, padding: [6, labelRoom(lines, colour), 0, 0], cursor: { show: false },
      scales: { x: { time: false, range: [0, this.end] }, y: { range: (/** @type {unknown} */ _u, /** @type {number} */ _low, /** @type {number} */ high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [{ ...axis, size: 18, gap: 3, values: (/** @type {unknown} */ _u, /** @type {number[]} */ at) => at.map((v, i) => (i === at.length - 1 ? `${v}\u2009s` : `${v}`)) }, { ...axis, size: 40, gap: 4, space: 22, values: (/** @type {unknown} */ _u, /** @type {number[]} */ at) => at.map(axisWords) }],
      series: [{}, ...lines.map(({ stroke, dash }) => ({ stroke, dash, width: 1.5, points: { show: false }, spanGaps: true }))],
      hooks: { drawClear: [(/** @type {uPlot} */ plot) => drawFaults(plot, this.faults(), colour)], draw: [(/** @type {uPlot} */ plot) => drawLabels(plot, lines, colour)] },
    });
    this.plot = new uPlot(options, columns, this.place);
    this.plot.over.append(this.head);
    this.#press(this.plot);
    this.readings = lines.map(({ name, stroke, dash }) => {
      const sample = s("svg", { viewBox: "0 0 16 8", "aria-hidden": "true" }, s("path", { d: "M0 4H16", stroke, "stroke-width": 1.5, "stroke-dasharray": dash.join(" ") || null }));
      const text = h("b", { class: "mono" });
      return { mark: h("span", { class: "key" }, sample, name, text), text };
    });
    this.keys.replaceChildren(...this.readings.map(({ mark }) => mark));
  }

  /** A press moves the playhead, a drag takes it along. @param {uPlot} plot */
  #press({ over }) {
    let held = false;
    const go = (/** @type {PointerEvent} */ event) => {
      const box = over.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.end);
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      over.setPointerCapture(event.pointerId);
      go(event);
    });
    over.addEventListener("pointermove", (event) => { if (held) go(event); });
    for (const name of ["pointerup", "pointercancel"]) over.addEventListener(name, () => { held = false; });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
    const now = this.stage.playhead.t / 1e9;
    const to = step ? now + step * this.width : { Home: 0, End: this.end }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.seek(Math.max(0, Math.min(this.end, to)));
  }

  /** Called as the playhead moves. @param {boolean} [anew] the figures have changed */
  tick(anew = false) {
    if (!this.plot || this.table) return;
    const now = this.stage.playhead.t / 1e9;
    this.head.style.transform = `translateX(${(now / this.end) * this.plot.over.clientWidth}px)`;
    this.place.setAttribute("aria-valuenow", now.toFixed(3));
    this.place.setAttribute("aria-valuemax", this.end.toFixed(3));
    const w = Math.min(this.times.length - 1, Math.floor(now / this.width + 1e-9));
    if (w === this.shown && !anew) return;
    this.shown = w;
    const words = this.data.lines.map((line, i) => {
      const text = figureWords(line.values[w], this.data.unit);
      this.readings[i].text.textContent = text;
      return `${this.words.name(line.id)} ${text}`;
    });
    this.place.setAttribute("aria-valuetext", `${seconds(this.stage.playhead.t)} s: ${words.join(", ")}`);
  }
}
