/** Messages and drops on a canvas over the graph: a function of trace and playhead, so scrubbing back needs nothing special. */

import { ROLES, DELIVERED } from "../trace/messages.js";
import { t } from "../panels/words.js";
import { Geometry } from "./geometry.js";
import { SHAPES, HOLLOW, STROKED, cross } from "./glyphs.js";
import { CARD } from "../document/places.js";
import { DropMarks } from "./drops.js";
import { Stops } from "./stops.js";

const DOTS_MAX = 12_000;
const RICH_MAX = 500;
const TRAIL = 0.13;
const DROP_ON_SCREEN_S = 0.9;

export class Scene {
  /** @param {Stage} stage @param {Editor} editor @param {HTMLCanvasElement} canvas */
  constructor(stage, editor, canvas) {
    this.stage = stage;
    this.editor = editor;
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.geometry = new Geometry(editor);
    this.stops = new Stops(editor, this.geometry);
    /** @type {Set<string>} */
    this.hidden = new Set();
    this.slots = new Int32Array(DOTS_MAX);
    this.lines = ROLES.map(() => ({ n: 0, xy: new Float32Array(DOTS_MAX * 4) }));
    this.drops = new DropMarks();
    this.stats = { flying: 0, drops: 0 };
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.readColours();
    editor.onMove(() => {
      this.geometry.forget();
      this.stops.forget();
      this.stale = true;
    });
    stage.on("document trace", () => {
      this.geometry.names = [];
      this.stops.forget();
      this.stale = true;
    });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
    this.stale = true;
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    this.colours = ROLES.map((role) => read(`--msg-${role}`));
    this.bad = read("--bad");
    this.ground = read("--canvas");
    this.raised = read("--raised");
    this.font = `500 10px ${read("--font-ui") || "sans-serif"}`;
    this.stale = true;
  }

  #resize() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.canvas.clientWidth * this.ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * this.ratio);
    this.stale = true;
  }

  draw() {
    const { stage, context } = this;
    this.stale = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.stats.flying = this.stats.drops = 0;
    if (!stage.trace) return;
    this.geometry.use(stage.trace.nodes);
    const { scale, x, y } = this.editor.transform;
    const ratio = this.ratio ?? 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#collect(stage.trace, scale, x, y);
    const rich = this.stats.flying <= RICH_MAX;
    const size = Math.max(rich ? 0.7 : 0.4, Math.min(1, scale * (rich ? 1 : 1.3)));
    if (rich && !this.calm.matches) this.#drawTrails();
    for (let role = 0; role < ROLES.length; role++) this.#drawRole(role, size, rich);
    this.#drawDrops();
  }

  /** @param {TraceStore} trace @param {number} scale @param {number} dx @param {number} dy */
  #collect(trace, scale, dx, dy) {
    const { messages } = trace;
    const now = this.stage.playhead.t;
    for (const line of this.lines) line.n = 0;
    this.drops.clear();
    const hold = DROP_ON_SCREEN_S * 1e9 * this.stage.playhead.rate;
    const flying = messages.inFlight(now, this.slots);
    for (let i = 0; i < flying; i++) this.#place(messages, this.slots[i], now, hold, scale, dx, dy);
    const dropped = messages.droppedWithin(now, hold, this.slots);
    for (let i = 0; i < dropped; i++) this.#place(messages, this.slots[i], now, hold, scale, dx, dy);
    this.stats.drops = this.drops.count;
  }

  /**
   * @param {Messages} messages
   * @param {number} slot
   * @param {number} now
   * @param {number} hold how long a ✕ stays, ns
   * @param {number} scale
   * @param {number} dx
   * @param {number} dy
   */
  #place(messages, slot, now, hold, scale, dx, dy) {
    const role = messages.role.data[slot];
    if (this.hidden.size && this.hidden.has(ROLES[role])) return;
    const { src, dst, from: sent, to: settled, last, forwarded } = messages.leg(slot, now);
    const way = this.geometry.way(src, dst);
    if (!way) return;
    const whole = settled === Infinity ? 1e7 : settled - sent;
    let f = whole > 0 ? Math.min(1, (now - sent) / whole) : 1;
    const outcome = messages.outcome.data[slot];
    if (last && outcome !== DELIVERED) {
      const reason = messages.outcomes.texts[outcome];
      const stop = this.stops.at(src, dst, reason, settled, forwarded);
      if (f >= stop) {
        if (this.hidden.has("drop") || now > sent + whole * stop + Math.max(hold, 1)) return;
        this.drops.add((way[0] + (way[2] - way[0]) * stop) * scale + dx, (way[1] + (way[3] - way[1]) * stop) * scale + dy, reason, (way[2] - way[0]) * scale);
        return;
      }
    }
    if (settled === Infinity) f = Math.min(f, 0.95);
    const line = this.lines[role];
    const back = Math.max(0, f - TRAIL);
    const o = line.n * 4;
    if (o >= line.xy.length) return;
    line.xy[o] = (way[0] + (way[2] - way[0]) * f) * scale + dx;
    line.xy[o + 1] = (way[1] + (way[3] - way[1]) * f) * scale + dy;
    line.xy[o + 2] = (way[0] + (way[2] - way[0]) * back) * scale + dx;
    line.xy[o + 3] = (way[1] + (way[3] - way[1]) * back) * scale + dy;
    line.n += 1;
    this.stats.flying += 1;
  }

  #drawTrails() {
    const { context, colours = [] } = this;
    context.globalAlpha = 0.22;
    context.lineWidth = 2.5;
    context.lineCap = "round";
    for (let role = 0; role < ROLES.length; role++) {
      const { n, xy } = this.lines[role];
      if (!n) continue;
      context.strokeStyle = colours[role];
      context.beginPath();
      for (let i = 0; i < n * 4; i += 4) {
        context.moveTo(xy[i + 2], xy[i + 3]);
        context.lineTo(xy[i], xy[i + 1]);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** @param {number} role @param {number} size @param {boolean} rich with a halo that keeps dots apart from lines */
  #drawRole(role, size, rich) {
    const { n, xy } = this.lines[role];
    if (!n) return;
    const { context } = this;
    const name = ROLES[role];
    const shape = SHAPES[name];
    context.beginPath();
    for (let i = 0; i < n * 4; i += 4) shape(context, xy[i], xy[i + 1], size);
    const colour = (this.colours ?? [])[role];
    const ground = this.ground ?? "";
    context.lineCap = "round";
    if (STROKED.has(name)) {
      if (rich) this.#stroke(ground, 5);
      this.#stroke(colour, 2.2);
    } else if (HOLLOW.has(name)) {
      if (rich) this.#stroke(ground, 4.6);
      context.fillStyle = ground;
      context.fill();
      this.#stroke(colour, 2.2);
    } else {
      if (rich) this.#stroke(ground, 2.4);
      context.fillStyle = colour;
      context.fill();
    }
  }

  /** @param {string} colour @param {number} width */
  #stroke(colour, width) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.stroke();
  }

  #drawDrops() {
    const { context, drops } = this;
    if (!drops.count) return;
    context.beginPath();
    for (let i = 0; i < drops.count; i++) cross(context, drops.xy[i * 2], drops.xy[i * 2 + 1], 1);
    context.lineCap = "round";
    this.#stroke(this.ground ?? "", 5.5);
    this.#stroke(this.bad ?? "", 2.2);
    context.font = this.font ?? "";
    drops.settle(this.#cards(), { width: this.canvas.clientWidth, height: this.canvas.clientHeight }, (pill) => context.measureText(pillWords(pill)).width + 14);
    context.textBaseline = "middle";
    for (const pill of drops.pills) this.#drawPill(pill);
  }

  /** The cards as they lie on the canvas, with a little air. */
  #cards() {
    const { scale, x, y } = this.editor.transform;
    const [width, height] = [CARD.width * scale + 4, CARD.height * scale + 4];
    return [...this.editor.at.values()].map((p) => ({ x: p.x * scale + x - width / 2, y: p.y * scale + y - height / 2, width, height }));
  }

  /** @param {Pill} pill */
  #drawPill(pill) {
    const { context } = this;
    const { x, y, width, height } = pill.box;
    context.beginPath();
    context.roundRect(x, y, width, height, height / 2);
    context.fillStyle = this.raised ?? "";
    context.fill();
    this.#stroke(this.bad ?? "", 1);
    context.fillStyle = this.bad ?? "";
    context.fillText(pillWords(pill), x + 7, y + 9);
  }
}

/** @param {Pill} pill */
function pillWords({ reason, count }) {
  return count > 1 ? `${t(reason)} ×${count}` : t(reason);
}
