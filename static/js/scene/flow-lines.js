/** Streams of messages as bands along their links: as wide as much goes there, one beside the other, arrows in the direction. */

import { ROLES } from "../trace/messages.js";
import { NONE } from "../trace/groups.js";
import { Flow, smoothed } from "../trace/flow.js";
import { SHAPES } from "./glyphs.js";
import { arrow } from "./chain.js";
import { paint, stroke } from "./dots.js";

const FAINTEST = 0.05;
const WIDEST = 7;
const APART = 2;
const ARROWS_PX = 30;
/** How fast arrows go along, whatever the speed, px a second. */
const PACE_PX = 36;
const GLYPH_ROOM_PX = 46;

/** @typedef {{role: string, group: number, perSecond: number}} Band */

export class FlowLines {
  constructor() {
    this.flow = new Flow();
    /** @type {TraceStore | null} */
    this.trace = null;
    this.drawn = 0;
  }

  /** @param {TraceStore} trace @param {number} rate */
  prepare(trace, rate) {
    if (trace !== this.trace) {
      this.trace = trace;
      this.flow = new Flow();
    }
    if (rate > 0) this.flow.take(trace.messages, trace.complete);
    this.flow.judge(rate);
  }

  /**
   * @param {Scene} scene
   * @param {TraceStore} trace
   * @param {number} rate
   * @param {{shown: (slot: number) => boolean, group: (slot: number) => number}} how
   */
  draw(scene, trace, rate, how) {
    this.drawn = 0;
    if (!(rate > 0)) return;
    const { t } = scene.stage.playhead;
    const march = scene.calm.matches ? 0 : ((t / 1e9 / rate) * PACE_PX) % ARROWS_PX;
    for (const streams of this.flow.links.values()) {
      const bands = bandsOf(streams, trace.messages, t, rate, how, scene.looks.colouring);
      if (bands.length) this.#link(scene, streams[0], bands, march);
    }
  }

  /** @param {Scene} scene @param {FlowStream} stream @param {Band[]} bands @param {number} march */
  #link({ context, geometry, looks, editor, stage }, { src, dst }, bands, march) {
    const way = geometry.way(src, dst);
    if (!way) return;
    const { scale, x, y } = editor.transform;
    const [x1, y1, x2, y2] = [way[0] * scale + x, way[1] * scale + y, way[2] * scale + x, way[3] * scale + y];
    const length = Math.hypot(x2 - x1, y2 - y1);
    const angle = Math.atan2(y2 - y1, x2 - x1);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    let side = APART;
    for (const { role, group, perSecond } of bands) {
      const width = Math.min(WIDEST, 1 + Math.log2(1 + perSecond) * 0.7);
      const off = side + width / 2;
      side += width + APART;
      const at = (/** @type {number} */ along) => /** @type {[number, number]} */ ([x1 + cos * along - sin * off, y1 + sin * along + cos * off]);
      const colour = looks.groups[group];
      context.lineCap = "butt";
      context.globalAlpha = (stage.pinned < 0 ? 0.42 : 0.2) * Math.min(1, perSecond / 2 + 0.3);
      context.beginPath();
      context.moveTo(...at(0));
      context.lineTo(...at(length));
      stroke(context, colour, width);
      context.globalAlpha = stage.pinned < 0 ? 1 : 0.3;
      context.beginPath();
      for (let along = ARROWS_PX / 2 + march; along < length; along += ARROWS_PX) if (Math.abs(along - length / 2) > 9) arrow(context, ...at(along), angle);
      stroke(context, colour, 1.4);
      if (length > GLYPH_ROOM_PX) {
        context.beginPath();
        SHAPES[role](context, ...at(length / 2), 0.8);
        paint(context, role, colour, looks.ground, true);
      }
      this.drawn += 1;
    }
    context.globalAlpha = 1;
  }
}

/** What flows over one link one way, by role and colour. @param {FlowStream[]} streams @param {Messages} messages @param {number} t @param {number} rate @param {{shown: (slot: number) => boolean, group: (slot: number) => number}} how @param {string} colouring @returns {Band[]} */
function bandsOf(streams, messages, t, rate, { shown, group }, colouring) {
  /** @type {Band[]} */
  const bands = [];
  for (const stream of streams) {
    if (!stream.flowing || !shown(stream.slot)) continue;
    const perSecond = smoothed(stream, t, rate);
    if (perSecond < FAINTEST) continue;
    const role = ROLES[messages.role.data[stream.slot]];
    // Many requests flow at once; none of their colours would be theirs.
    const colour = colouring === "request" ? NONE : group(stream.slot);
    const same = bands.find((band) => band.role === role && band.group === colour);
    if (same) same.perSecond += perSecond;
    else bands.push({ role, group: colour, perSecond });
  }
  return bands;
}
