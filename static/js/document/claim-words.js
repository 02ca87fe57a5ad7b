/** The sides of a claim, as people read them: a metric with where and when, or a formula over several. */

const PARTS_MAX = 4;
/** @type {Record<string, string>} */
const SIGNS = { "<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "-": "−", "*": "×", "/": "÷" };

/** @param {string} op */
export function signOf(op) { return SIGNS[op] ?? op; }

/** @param {unknown} value */
export function figureOf(value) {
  return typeof value === "number" ? value.toLocaleString(undefined, { maximumSignificantDigits: 5 }) : String(value);
}

/** The unit of a metric, by its name; "" where it is a plain number. @param {Json} side */
export function unitOf(side) {
  const name = side && typeof side === "object" && !Array.isArray(side) ? String(side.metric ?? "") : "";
  if (/_ms(\.|$)/.test(name)) return "ms";
  if (/per_s$/.test(name)) return "/s";
  return /(^|\.)bytes$/.test(name) ? "bytes" : "";
}

/** @param {number} value @param {string} unit */
export function withUnit(value, unit) {
  return unit === "" ? figureOf(value) : unit.startsWith("/") ? `${figureOf(value)}${unit}` : `${figureOf(value)}\u2009${unit}`;
}

/** @param {Json | undefined} side @param {string} [drawn] what to call the run of the scenario as drawn, where that has to be said @returns {string} */
export function sideWords(side, drawn = "") {
  if (side === null || side === undefined) return "";
  if (typeof side !== "object") return figureOf(side);
  if (Array.isArray(side)) return side.map((part) => sideWords(part, drawn)).join(", ");
  if (typeof side.metric === "string") return metricWords(side, drawn);
  const [name, parts] = Object.entries(side)[0] ?? ["", []];
  const words = fewOf((Array.isArray(parts) ? parts : [parts]).map((part) => {
    const inner = sideWords(part, drawn);
    return isFormula(part) && !/^[a-z]+\(/.test(inner) ? `(${inner})` : inner;
  }));
  return /^[a-z]/.test(name) ? `${name}(${words.join(", ")})` : words.join(` ${signOf(name)} `);
}

/** Of many the first two and the last: a row of them is alike. @param {string[]} words */
function fewOf(words) { return words.length > PARTS_MAX ? [...words.slice(0, 2), "…", words[words.length - 1]] : words; }

/** @param {Json} side */
function isFormula(side) { return side !== null && typeof side === "object" && !Array.isArray(side) && side.metric === undefined; }

/** @param {{[key: string]: Json}} side @param {string} drawn */
function metricWords({ metric, variant, window_ms: window, where }, drawn) {
  const details = [];
  if (variant || drawn) details.push(String(variant || drawn));
  if (Array.isArray(window)) details.push(`${figureOf(Number(window[0]) / 1000)}–${figureOf(Number(window[1]) / 1000)}\u2009s`);
  if (where && typeof where === "object") details.push(...Object.entries(where).map(([name, value]) => `${name} ${value}`));
  return details.length ? `${metric} (${details.join(", ")})` : String(metric);
}
