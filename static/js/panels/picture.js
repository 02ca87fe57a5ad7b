/** A topology as a small picture, drawn with the same glyphs as the canvas. */

import { places } from "../document/places.js";
import { s, typeIcon } from "../dom.js";

const WIDTH = 320;
const HEIGHT = 164;
const MARGIN = 30;

/** @param {SVGSVGElement} svg @param {Scenario} doc */
export function draw(svg, doc) {
  const at = places(doc);
  const points = [...at.values()];
  if (!points.length) return;
  const left = Math.min(...points.map((p) => p.x));
  const top = Math.min(...points.map((p) => p.y));
  const width = Math.max(...points.map((p) => p.x)) - left;
  const height = Math.max(...points.map((p) => p.y)) - top;
  const scale = Math.min((WIDTH - 2 * MARGIN - 20) / Math.max(width, 1), (HEIGHT - 2 * MARGIN) / Math.max(height, 1), 0.62);
  const x = (/** @type {number} */ value) => WIDTH / 2 + (value - left - width / 2) * scale;
  const y = (/** @type {number} */ value) => HEIGHT / 2 + (value - top - height / 2) * scale;
  const size = Math.max(12, Math.min(34, (WIDTH - 40) / Math.sqrt(points.length) / 3));
  svg.replaceChildren(...zones(doc, x, y), ...groups(doc, at, x, y, size), ...lines(doc, at, x, y), ...doc.nodes.flatMap((node) => card(node, at.get(node.id), x, y, size)));
}

/** @param {Scenario} doc @param {(v: number) => number} x @param {(v: number) => number} y */
function zones(doc, x, y) {
  return (doc.zones ?? []).flatMap((zone) => (zone.x === undefined || zone.y === undefined ? [] : [
    s("rect", { class: "pz", x: x(zone.x), y: y(zone.y), width: x(zone.x + (zone.width ?? 0)) - x(zone.x), height: y(zone.y + (zone.height ?? 0)) - y(zone.y), rx: 6 }),
  ]));
}

/** @param {Scenario} doc @param {Map<string, Point>} at @param {(v: number) => number} x @param {(v: number) => number} y @param {number} size */
function groups(doc, at, x, y, size) {
  return (doc.clusters ?? []).flatMap((cluster) => {
    const points = cluster.members.flatMap((id) => at.get(id) ?? []);
    if (!points.length) return [];
    const [l, t] = [Math.min(...points.map((p) => x(p.x))), Math.min(...points.map((p) => y(p.y)))];
    const [r, b] = [Math.max(...points.map((p) => x(p.x))), Math.max(...points.map((p) => y(p.y)))];
    const pad = size * 0.75;
    const mesh = cluster.cables === "drawn" ? [] : points.flatMap((p, i) => points.slice(i + 1).map((q) => s("line", { class: "pe", x1: x(p.x), y1: y(p.y), x2: x(q.x), y2: y(q.y) })));
    return [s("rect", { class: "pg", x: l - pad, y: t - pad, width: r - l + 2 * pad, height: b - t + 2 * pad, rx: 8 }), ...mesh];
  });
}

/** @param {Scenario} doc @param {Map<string, Point>} at @param {(v: number) => number} x @param {(v: number) => number} y */
function lines(doc, at, x, y) {
  return doc.links.flatMap(({ a, b }, i) => {
    const [p, q] = [at.get(a), at.get(b)];
    if (!p || !q) return [];
    const [x1, y1, x2, y2] = [x(p.x), y(p.y), x(q.x), y(q.y)];
    const line = s("line", { class: "pe", x1, y1, x2, y2 });
    const dot = (/** @type {number} */ f, /** @type {string} */ name, /** @type {number} */ r) => s("circle", { class: name, cx: x1 + (x2 - x1) * f, cy: y1 + (y2 - y1) * f, r });
    if (i % 3 === 0) return [line, dot(0.42, "pr", 4)];
    return i % 3 === 1 ? [line, dot(0.58, "pp", 3.4)] : [line];
  });
}

/** @param {NodeEntry} node @param {Point | undefined} p @param {(v: number) => number} x @param {(v: number) => number} y @param {number} size */
function card(node, p, x, y, size) {
  if (!p) return [];
  const [w, h] = [size, size * 0.65];
  const box = (/** @type {number} */ o) => s("rect", { class: "pn", x: x(p.x) - w / 2 + o, y: y(p.y) - h / 2 + o, width: w, height: h, rx: 4 });
  const g = h * 0.64;
  return [...((node.count ?? 1) > 1 ? [box(3)] : []), box(0), s("use", { class: "pi", href: `#${typeIcon(node)}`, x: x(p.x) - g / 2, y: y(p.y) - g / 2, width: g, height: g })];
}

/** Draws every picture of the page from the scenario beside it. */
export function drawAll() {
  for (const svg of /** @type {SVGSVGElement[]} */ ([...document.querySelectorAll("svg[data-picture]")])) {
    const data = svg.parentElement?.querySelector('script[type="application/json"]')?.textContent;
    if (data) draw(svg, JSON.parse(data));
  }
}
