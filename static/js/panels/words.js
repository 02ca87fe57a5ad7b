/** Texts for people. The page may carry translations as a JSON map; without them the English text stands. */

/** @type {Record<string, string> | null} */
let map = null;

function translations() {
  if (map === null) {
    const element = typeof document === "undefined" ? null : document.getElementById("words");
    map = element ? JSON.parse(element.textContent || "{}") : {};
  }
  return /** @type {Record<string, string>} */ (map);
}

/**
 * @param {string} text with {names} to fill in
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values) {
  const found = translations()[text] ?? text;
  return values ? found.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : found;
}

/** 12 661 000 000 ns → "12.661" @param {number} ns */
export function seconds(ns) {
  return (ns / 1e9).toFixed(3);
}

/**
 * One text for one, another for many.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 */
export function tn(one, many, n) {
  return t(n === 1 ? one : many, { n });
}

/** @param {number} n */
export function ordinal(n) {
  const tail = n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th";
  return `${n}${tail}`;
}
