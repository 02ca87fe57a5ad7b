/** The table twin of a chart: the same figures, window by window, on the page or as a file. */

import { h } from "../dom.js";
import { chartWords } from "./chart-words.js";
import { t } from "./words.js";

const DIGITS = 4;

/** @param {ChartData} chart @param {number[]} times s @param {number} width of a window, s */
function rows(chart, times, width) {
  const { name } = chartWords(chart);
  const digits = Math.max(0, Math.ceil(-Math.log10(width) - 1e-9));
  const heads = [t("From, s"), ...chart.lines.map((line) => `${name(line.id)}${chart.unit ? `, ${chart.unit}` : ""}`)];
  const known = times.filter((_, w) => chart.lines.some((line) => line.values[w] !== null));
  return { heads, body: known.map((time) => [time.toFixed(digits), ...chart.lines.map((line) => line.values[times.indexOf(time)])]) };
}

/** @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? value.toLocaleString(undefined, { maximumSignificantDigits: DIGITS }) : String(value);
}

/** @param {ChartData} chart @param {number[]} times @param {number} width */
export function chartTable(chart, times, width) {
  const { heads, body } = rows(chart, times, width);
  return h("table", {}, h("caption", { class: "vh" }, chartWords(chart).title), h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { class: "num", scope: "col" }, text)))),
    h("tbody", {}, ...body.map((values) => h("tr", {}, ...values.map((value, i) => (i ? h("td", { class: "num" }, cell(value)) : h("th", { class: "num", scope: "row" }, cell(value))))))));
}

/** @param {ChartData} chart @param {number[]} times @param {number} width */
export function chartCsv(chart, times, width) {
  const { heads, body } = rows(chart, times, width);
  const quoted = (/** @type {unknown} */ value) => (value === null ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return `${[heads, ...body].map((values) => values.map(quoted).join(",")).join("\n")}\n`;
}

/** Gives somebody a file. @param {string} name @param {string} text */
export function saveFile(name, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
