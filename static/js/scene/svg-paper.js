/** A drawing surface that takes the commands of a 2D canvas and keeps them as SVG: what draws messages draws their picture, too. */

import { s } from "../dom.js";

const measuring = /** @type {{context: CanvasRenderingContext2D | null}} */ ({ context: null });
const round = (/** @type {number} */ value) => Math.round(value * 100) / 100;

export class SvgPaper {
  constructor() {
    this.group = s("g");
    this.fillStyle = this.strokeStyle = "#000";
    this.lineWidth = this.globalAlpha = 1;
    this.lineCap = "butt";
    this.lineJoin = "miter";
    this.font = "10px sans-serif";
    this.textBaseline = "alphabetic";
    this.textAlign = "left";
    this.path = "";
    /** @type {number[]} */
    this.dashes = [];
  }

  // The picture is in the canvas's own pixels, and begins empty.
  setTransform() {}

  clearRect() { this.group.replaceChildren(); }

  beginPath() { this.path = ""; }

  closePath() { this.path += "Z"; }

  /** @param {number} x @param {number} y */
  moveTo(x, y) { this.path += `M${round(x)} ${round(y)}`; }

  /** @param {number} x @param {number} y */
  lineTo(x, y) { this.path += `L${round(x)} ${round(y)}`; }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) { this.path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`; }

  /** @param {number} x @param {number} y @param {number} width @param {number} height @param {number} r */
  roundRect(x, y, width, height, r) {
    const a = (/** @type {number} */ dx, /** @type {number} */ dy) => `a${round(r)} ${round(r)} 0 0 1 ${round(dx)} ${round(dy)}`;
    const [w, h] = [width - 2 * r, height - 2 * r];
    this.path += `M${round(x + r)} ${round(y)}h${round(w)}${a(r, r)}v${round(h)}${a(-r, r)}h${round(-w)}${a(-r, -r)}v${round(-h)}${a(r, -r)}Z`;
  }

  /** Whole circles only: nothing else is drawn with it. @param {number} x @param {number} y @param {number} r */
  arc(x, y, r) {
    const half = (/** @type {number} */ dx) => `a${round(r)} ${round(r)} 0 1 1 ${round(dx)} 0`;
    this.path += `M${round(x + r)} ${round(y)}${half(-2 * r)}${half(2 * r)}Z`;
  }

  /** @param {number[]} dashes */
  setLineDash(dashes) { this.dashes = dashes; }

  stroke() {
    const dashes = this.dashes.length ? this.dashes.join(" ") : null;
    this.#add(s("path", { d: this.path, fill: "none", stroke: String(this.strokeStyle), "stroke-width": this.lineWidth, "stroke-linecap": this.lineCap, "stroke-linejoin": this.lineJoin, "stroke-dasharray": dashes }));
  }

  fill() { this.#add(s("path", { d: this.path, fill: String(this.fillStyle) })); }

  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const found = /^(\S+)?\s*([\d.]+)px\s+(.*)$/.exec(this.font);
    const [, weight = "400", size = "10", family = "sans-serif"] = found ?? [];
    this.#add(s("text", {
      x: round(x), y: round(y + (this.textBaseline === "middle" ? Number(size) * 0.35 : 0)), fill: String(this.fillStyle), "font-size": size, "font-weight": weight, "font-family": family,
      "text-anchor": this.textAlign === "center" ? "middle" : "start",
    }, text));
  }

  /** @param {string} text */
  measureText(text) {
    measuring.context ??= document.createElement("canvas").getContext("2d");
    if (!measuring.context) return { width: text.length * 5.5 };
    measuring.context.font = this.font;
    return measuring.context.measureText(text);
  }

  /** @param {SVGElement} element */
  #add(element) {
    if (this.globalAlpha < 1) element.setAttribute("opacity", String(this.globalAlpha));
    this.group.append(element);
  }
}
