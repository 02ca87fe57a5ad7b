/** Small helpers for making elements. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | null | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** A glyph from the page's sprite. @param {string} name @param {string} [extra] */
export function icon(name, extra = "") {
  return s("svg", { class: `i ${extra}`.trim(), "aria-hidden": "true", focusable: "false" }, s("use", { href: `#${name}` }));
}

/** A glyph at a place inside a drawing. @param {string} name @param {number} x @param {number} y @param {number} size @param {string} [className] */
export function glyph(name, x, y, size, className = "") {
  return s("svg", { x, y, width: size, height: size, viewBox: "0 0 16 16", class: `i g ${className}`.trim() }, s("use", { href: `#${name}`, width: 16, height: 16 }));
}

/** @template {HTMLElement} [T=HTMLElement] @param {string} selector @param {ParentNode} [root] @returns {T} */
export function $(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/** The glyph of a node type, by its icon's name or its own; of a type without one, a service's. @param {{icon?: string, type: string} | undefined} info */
export function typeIcon(info) {
  return [info?.icon, info?.type].map((name) => `n-${name}`).find((id) => document.getElementById(id)) ?? "n-service";
}
