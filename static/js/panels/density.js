/** The density of a distribution under its numbers, with median and p99 marked. */

import { s } from "../dom.js";
import { t } from "./words.js";

const WIDTH = 256;
const BASE = 48;
const STEPS = 120;

/**
 * Density and quantiles of what the fields say; null for a constant or unfinished input.
 * @param {string} kind
 * @param {Record<string, number>} n
 * @returns {{density: (x: number) => number, median: number, p99: number} | null}
 */
export function distribution(kind, n) {
  if (kind === "uniform" && n.high_ms > n.low_ms) {
    const width = n.high_ms - n.low_ms;
    return { density: (x) => (x >= n.low_ms && x <= n.high_ms ? 1 / width : 0), median: n.low_ms + width / 2, p99: n.low_ms + width * 0.99 };
  }
  if (kind === "exponential" && n.mean_ms > 0) return { density: (x) => Math.exp(-x / n.mean_ms) / n.mean_ms, median: n.mean_ms * Math.LN2, p99: n.mean_ms * Math.log(100) };
  if (kind === "normal" && n.sd_ms > 0) {
    return { density: (x) => Math.exp(-(((x - n.mean_ms) / n.sd_ms) ** 2) / 2), median: Math.max(0, n.mean_ms), p99: Math.max(0, n.mean_ms + 2.326 * n.sd_ms) };
  }
  if (kind === "lognormal" && n.median_ms > 0 && n.p99_ms > n.median_ms) {
    const mu = Math.log(n.median_ms);
    const sigma = (Math.log(n.p99_ms) - mu) / 2.326;
    return { density: (x) => (x > 0 ? Math.exp(-(((Math.log(x) - mu) / sigma) ** 2) / 2) / x : 0), median: n.median_ms, p99: n.p99_ms };
  }
  if (kind === "pareto" && n.scale_ms > 0 && n.shape > 1) {
    return { density: (x) => (x >= n.scale_ms ? (n.scale_ms / x) ** (n.shape + 1) : 0), median: n.scale_ms * 2 ** (1 / n.shape), p99: n.scale_ms * 100 ** (1 / n.shape) };
  }
  if (kind === "gamma" && n.mean_ms > 0 && n.shape > 0) {
    const scale = n.mean_ms / n.shape;
    const most = Math.max(0, n.shape - 1); // the mode, where the density is 1
    const density = (/** @type {number} */ x) => Math.exp((n.shape - 1) * Math.log(x / scale / (most || 1)) - x / scale + most);
    return { density, median: gammaQuantile(n, 0), p99: gammaQuantile(n, 2.326) };
  }
  return null;
}

/** Wilson and Hilferty's: the cube root of a gamma variable is about normal. @param {Record<string, number>} n @param {number} z */
function gammaQuantile(n, z) {
  const ninth = 1 / (9 * n.shape);
  return n.mean_ms * Math.max(0, 1 - ninth + z * Math.sqrt(ninth)) ** 3;
}

/** @param {HTMLElement} field */
export function drawDensity(field) {
  const host = /** @type {HTMLElement | null} */ (field.querySelector("[data-density]"));
  const set = field.querySelector("fieldset:not([hidden])");
  if (!host || !set) return;
  /** @type {Record<string, number>} */
  const numbers = {};
  for (const input of /** @type {HTMLInputElement[]} */ ([...set.querySelectorAll("input")])) numbers[input.name.split(".")[1]] = Number(input.value);
  const shape = distribution(/** @type {HTMLElement} */ (set).dataset.kind ?? "", numbers);
  host.hidden = !shape;
  if (!shape) return;
  const end = shape.p99 * 1.25 || 1;
  const x = (/** @type {number} */ value) => (value / end) * WIDTH;
  const values = Array.from({ length: STEPS + 1 }, (_, i) => shape.density(((i + 0.5) / STEPS) * end));
  const most = Math.max(...values) || 1;
  const path = values.map((value, i) => `L${((i / STEPS) * WIDTH).toFixed(1)} ${(BASE - (value / most) * 42).toFixed(1)}`).join("");
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} 64`, role: "img", "aria-label": t("Density, median {m} ms, 99th percentile {p} ms", { m: shape.median.toPrecision(3), p: shape.p99.toPrecision(3) }) },
    s("path", { class: "fill", d: `M0 ${BASE}${path}L${WIDTH} ${BASE}Z` }), s("path", { class: "line", d: `M0 ${BASE}${path}` }), s("path", { class: "base", d: `M0 ${BASE + 0.5}H${WIDTH}` }));
  for (const [at, words] of /** @type {[number, string][]} */ ([[shape.median, t("median")], [shape.p99, "p99"]])) {
    svg.append(s("path", { class: "mark", d: `M${x(at)} 12V${BASE}` }), s("text", { class: "dl", x: x(at) + 4, y: 20 }, words));
  }
  for (let i = 0; i <= 3; i++) {
    const value = Number(((end * i) / 3).toPrecision(2));
    svg.append(s("text", { class: "ax", x: (WIDTH * i) / 3, y: 60, "text-anchor": i === 0 ? "start" : i === 3 ? "end" : "middle" }, i === 3 ? `${value}\u2009ms` : String(value)));
  }
  host.replaceChildren(svg);
}
