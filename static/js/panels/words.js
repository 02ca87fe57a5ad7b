/** Texts for people. Translations come from Django's catalog, loaded by the page; without one the English text stands. */

/**
 * @param {string} text with {names} to fill in
 * @param {Record<string, string | number>} [values]
 */
export function t(text, values) {
  const found = typeof globalThis.gettext === "function" ? globalThis.gettext(text) : text;
  return values ? found.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) => String(values[name] ?? whole)) : found;
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
