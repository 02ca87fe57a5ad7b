/** The canvas as a picture to take along: all of the topology, in the colours shown, with the messages at the playhead. */

import { s } from "../dom.js";
import { SvgPaper } from "../scene/svg-paper.js";
import { seconds, t } from "./words.js";

const MARGIN = 24;
const PNG_SCALE = 2;
const PNG_SIDE_MAX = 8_000;
/** What of an element's computed style is carried over. */
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "color", "font-family", "font-size", "font-weight", "letter-spacing", "text-anchor", "paint-order"];
const KEPT = new Set(["id", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "d", "width", "height", "viewBox", "transform", "dx", "dy", "href", "patternUnits", "patternTransform", "points"]);

/** @param {Stage} stage @param {Editor} editor @param {Scene} scene */
export function canvasSvg(stage, editor, scene) {
  const drawn = /** @type {SVGGElement} */ (/** @type {unknown} */ (editor.graph.view.viewport));
  const style = getComputedStyle(document.documentElement);
  const { x, y, width, height } = drawn.childElementCount ? drawn.getBBox() : { x: 0, y: 0, width: 400, height: 200 };
  const box = [x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN].map(Math.round);
  const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: box.join(" "), width: box[2], height: box[3], role: "img" }, s("title", {}, stage.doc.title));
  if (stage.trace) svg.append(s("desc", {}, t("At {time}\u2009s of the run", { time: seconds(stage.playhead.t) })));
  const defs = s("defs");
  svg.append(defs, s("rect", { x: box[0], y: box[1], width: box[2], height: box[3], fill: style.getPropertyValue("--canvas").trim() }));
  /** @type {Set<string>} */
  const used = new Set();
  for (const child of drawn.children) copy(child, svg, used);
  for (const id of used) symbol(id, defs, style);
  if (stage.trace) svg.append(messages(editor, scene));
  return { text: new XMLSerializer().serializeToString(svg), width: box[2], height: box[3] };
}

/** @param {Element} from @param {Element} into @param {Set<string>} used symbols of the page that are drawn with */
function copy(from, into, used) {
  const style = getComputedStyle(from);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  const made = document.createElementNS("http://www.w3.org/2000/svg", from.localName);
  for (const { name, value } of from.attributes) if (KEPT.has(name)) made.setAttribute(name, value);
  if (from.localName === "use") used.add((from.getAttribute("href") ?? "").slice(1));
  if (!["defs", "pattern", "g"].includes(from.localName)) for (const name of STYLES) if (tells(name, style)) made.setAttribute(name, style.getPropertyValue(name));
  const label = from.getAttribute("aria-label");
  if (label) made.append(s("title", {}, label));
  for (const child of from.childNodes) {
    if (child instanceof Element) copy(child, made, used);
    else if (child.nodeType === Node.TEXT_NODE && child.textContent) made.append(child.textContent);
  }
  into.append(made);
}

/** Whether a style says something that an SVG without it would not show. @param {string} name @param {CSSStyleDeclaration} style */
function tells(name, style) {
  const value = style.getPropertyValue(name);
  const usual = { "fill-opacity": "1", "stroke-opacity": "1", opacity: "1", "stroke-dasharray": "none", "letter-spacing": "normal", "text-anchor": "start", "paint-order": "normal" }[name];
  return value !== "" && value !== usual;
}

/** A symbol of the page's sprite, with its colours spelled out. @param {string} id @param {Element} defs @param {CSSStyleDeclaration} style */
function symbol(id, defs, style) {
  const found = document.getElementById(id);
  if (!found) return;
  const made = /** @type {Element} */ (found.cloneNode(true));
  for (const element of made.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      element.setAttribute(name, value.replace(/var\((--[\w-]+)\)/g, (_, token) => style.getPropertyValue(token).trim()));
    }
  }
  defs.append(made);
}

/** Messages and drops as they are drawn on the page, put back from its zoom. @param {Editor} editor @param {Scene} scene */
function messages(editor, scene) {
  const paper = new SvgPaper();
  const own = scene.context;
  scene.context = /** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (paper));
  try {
    scene.draw();
  } finally {
    scene.context = own;
    scene.stale = true;
  }
  const { scale, x, y } = editor.transform;
  paper.group.setAttribute("transform", `scale(${1 / scale}) translate(${-x} ${-y})`);
  return paper.group;
}

/** @param {Stage} stage @param {Editor} editor @param {Scene} scene @returns {Promise<Blob | null>} */
export async function canvasPng(stage, editor, scene) {
  const { text, width, height } = canvasSvg(stage, editor, scene);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(PNG_SCALE, PNG_SIDE_MAX / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}
