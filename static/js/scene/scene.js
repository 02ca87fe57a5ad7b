/** Messages and drops on a canvas over the graph: a function of trace, playhead and rate, so scrubbing back needs nothing special. */

import { ROLES, DELIVERED } from "../trace/messages.js";
import { chainOf } from "../trace/causes.js";
import { groupsOf } from "../trace/groups.js";
import { shownIn } from "../trace/visible.js";
import { t } from "../panels/words.js";
import { Geometry } from "./geometry.js";
import { cross } from "./glyphs.js";
import { CARD } from "../document/places.js";
import { Chain } from "./chain.js";
import { Dots, ring, stroke } from "./dots.js";
import { DropMarks } from "./drops.js";
import { FlowLines } from "./flow-lines.js";
import { Looks } from "./looks.js";
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
    this.looks = new Looks();
    /** Roles, `kind:` and a kind, and `drop`. @type {Set<string>} */
    this.hidden = new Set();
    /** Slot of a message that is pointed at, −1 for none. */
    this.marked = -1;
    this.slots = new Int32Array(DOTS_MAX);
    this.dots = new Dots(DOTS_MAX);
    this.chain = new Chain();
    this.flows = new FlowLines();
    this.drops = new DropMarks();
    this.stats = { flying: 0, drops: 0, lit: 0 };
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    editor.onMove(() => {
      this.geometry.forget();
      this.stops.forget();
      this.chain.forget();
      this.stale = true;
    });
    stage.on("document trace", () => {
      this.geometry.names = [];
      this.stops.forget();
      this.chain.forget();
      this.stale = true;
    });
    stage.on("trace", () => { this.marked = -1; });
    stage.on("pin roles", () => { this.stale = true; });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
    this.stale = true;
  }

  readColours() {
    this.looks.read();
    this.stale = true;
  }

  #resize() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.canvas.clientWidth * this.ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * this.ratio);
    this.stale = true;
  }

  draw() {
    const { stage, context, editor } = this;
    this.stale = false;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.stats.flying = this.stats.drops = this.stats.lit = 0;
    this.dots.clear();
    if (!stage.trace) return;
    this.geometry.use(stage.trace.nodes);
    const ratio = this.ratio ?? 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const rate = stage.playhead.pace;
    const how = { shown: shownIn(stage.trace.messages, this.hidden), group: groupsOf(stage.trace.messages, this.looks.colouring) };
    this.flows.prepare(stage.trace, rate);
    const causes = this.#useChain(stage.trace);
    this.#collect(stage.trace, how, causes);
    const rich = this.dots.n <= RICH_MAX;
    const { scale } = editor.transform;
    const size = Math.max(rich ? 0.7 : 0.4, Math.min(1, scale * (rich ? 1 : 1.3)));
    this.flows.draw(this, stage.trace, rate, how);
    if (causes) this.chain.draw(context, this.geometry, editor.transform, this.looks.accent);
    this.dots.draw(context, this.looks, { size, rich, trails: rich && !this.calm.matches, dim: causes !== null });
    this.#drawRing(stage.pinned, size);
    if (this.marked !== stage.pinned) this.#drawRing(this.marked, size);
    this.#drawDrops();
  }

  /** @param {TraceStore} trace */
  #useChain({ messages }) {
    const causes = chainOf(this.stage.trace, this.stage.pinned);
    this.chain.use(messages, causes, (slot, { src, dst, to, forwarded }) => {
      const outcome = messages.outcome.data[slot];
      return outcome === DELIVERED ? 1 : this.stops.at(src, dst, messages.outcomes.texts[outcome], to, forwarded);
    });
    return causes;
  }

  /** @param {TraceStore} trace @param {{shown: (slot: number) => boolean, group: (slot: number) => number}} how @param {Causes | null} causes */
  #collect({ messages }, how, causes) {
    const { playhead } = this.stage;
    this.drops.clear();
    const hold = DROP_ON_SCREEN_S * 1e9 * playhead.rate;
    const what = { messages, now: playhead.t, hold, view: this.editor.transform, lit: causes?.chain ?? null, ...how };
    const flying = messages.inFlight(playhead.t, this.slots);
    for (let i = 0; i < flying; i++) if (how.shown(this.slots[i])) this.#place(this.slots[i], what);
    const dropped = messages.droppedWithin(playhead.t, hold, this.slots);
    for (let i = 0; i < dropped; i++) if (how.shown(this.slots[i])) this.#place(this.slots[i], what);
    this.stats.drops = this.drops.count;
  }

  /**
   * @param {number} slot
   * @param {{messages: Messages, now: number, hold: number, view: {scale: number, x: number, y: number}, lit: Set<number> | null, group: (slot: number) => number}} what hold: how long a ✕ stays, ns
   */
  #place(slot, { messages, now, hold, view: { scale, x, y }, lit, group }) {
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
        this.drops.add((way[0] + (way[2] - way[0]) * stop) * scale + x, (way[1] + (way[3] - way[1]) * stop) * scale + y, reason, (way[2] - way[0]) * scale);
        return;
      }
    }
    this.stats.flying += 1;
    const isLit = lit !== null && lit.has(slot);
    if (isLit) this.stats.lit += 1;
    if (this.flows.flow.flows(src, dst, messages.kind.data[slot], last ? outcome : DELIVERED)) return;
    if (settled === Infinity) f = Math.min(f, 0.95);
    const back = Math.max(0, f - TRAIL);
    const [dx, dy] = [way[2] - way[0], way[3] - way[1]];
    this.dots.add(slot, messages.role.data[slot], group(slot), isLit, (way[0] + dx * f) * scale + x, (way[1] + dy * f) * scale + y, (way[0] + dx * back) * scale + x, (way[1] + dy * back) * scale + y);
  }

  /** Round the message that is pinned, or pointed at. @param {number} slot @param {number} size */
  #drawRing(slot, size) {
    const at = slot < 0 ? null : this.dots.place(slot);
    if (!at) return;
    const { context, looks } = this;
    context.beginPath();
    ring(context, at.x, at.y, Math.max(1.1, size * 1.3));
    stroke(context, looks.ground, 4);
    stroke(context, looks.accent, 2);
  }

  #drawDrops() {
    const { context, drops, looks } = this;
    if (!drops.count) return;
    context.beginPath();
    for (let i = 0; i < drops.count; i++) cross(context, drops.xy[i * 2], drops.xy[i * 2 + 1], 1);
    context.lineCap = "round";
    stroke(context, looks.ground, 5.5);
    stroke(context, looks.bad, 2.2);
    context.font = looks.font;
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
    const { context, looks } = this;
    const { x, y, width, height } = pill.box;
    context.beginPath();
    context.roundRect(x, y, width, height, height / 2);
    context.fillStyle = looks.raised;
    context.fill();
    stroke(context, looks.bad, 1);
    context.fillStyle = looks.bad;
    context.fillText(pillWords(pill), x + 7, y + 9);
  }
}

/** @param {Pill} pill */
function pillWords({ reason, count }) {
  return count > 1 ? `${t(reason)} ×${count}` : t(reason);
}
