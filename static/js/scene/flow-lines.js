/** Streams of messages as bands along their links: as wide as much goes there, one beside the other, arrows in the direction. */

import { ROLES, DELIVERED } from "../trace/messages.js";
import { NONE } from "../trace/groups.js";
import { Flow, smoothed } from "../trace/flow.js";
import { SHAPES } from "./glyphs.js";
import { arrow } from "./chain.js";
import { paint, stroke } from "./dots.js";

const FAINTEST = 0.15;
/** From so many messages a second on a band is as strong as it gets. */
const CLEAR_PER_S = 2.5;
const WIDEST = 4.5;
const APART = 1.5;
const ALPHA = 0.36;
const ARROWS_PX = 46;
/** How fast arrows go along, whatever the speed, px a second. */
const PACE_PX = 36;
/** Seen from far away, bands are thinner. */
const SMALLEST = 0.4;
/** Air between a card and a band. */
const CLEAR = 4;
/** The shapes of the roles stand nearer to the sender, so that those of the two directions do not meet. */
const GLYPHS_AT = 0.4;
const GLYPH_PX = 13;
const GLYPHS_ROOM = 3;

/** @typedef {{role: string, group: number, to: number, perSecond: number}} Band to: how far it comes, 0…1 */

export class FlowLines {
  constructor() {
    this.flow = new Flow();
    /** @type {TraceStore | null} */
    this.trace = null;
    /** As much of the trace as has been taken in. */
    this.taken = "";
    this.drawn = 0;
  }

  /** @param {TraceStore} trace @param {number} rate */
  prepare(trace, rate) {
    if (trace !== this.trace) {
      this.trace = trace;
      this.flow = new Flow();
      this.taken = "";
    }
    const all = `${trace.chunks}|${trace.complete}`;
    if (rate > 0 && all !== this.taken) {
      this.taken = all;
      this.flow.take(trace.messages, trace.complete);
    }
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
      const bands = bandsOf(scene, streams, trace.messages, rate, how);
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
    const faint = stage.pinned < 0 ? 1 : 0.35;
    const k = Math.max(SMALLEST, Math.min(1, scale));
    let side = APART * k;
    bands.forEach(({ role, group, to, perSecond }, i) => {
      const width = Math.min(WIDEST, 0.8 + Math.log2(1 + perSecond) * 0.42) * k;
      const off = side + width / 2;
      side += width + APART * k;
      const end = Math.min(length - CLEAR, length * to);
      const at = (/** @type {number} */ along) => /** @type {[number, number]} */ ([x1 + cos * along - sin * off, y1 + sin * along + cos * off]);
      context.lineCap = "butt";
      const strength = faint * Math.min(1, perSecond / CLEAR_PER_S);
      context.globalAlpha = ALPHA * strength;
      context.beginPath();
      context.moveTo(...at(CLEAR));
      context.lineTo(...at(end));
      stroke(context, looks.groups[group], width);
      context.globalAlpha = strength;
      if (i === 0) {
        context.beginPath();
        for (let along = CLEAR + march; along < end; along += ARROWS_PX) arrow(context, ...at(along), angle, k);
        stroke(context, looks.groups[group], 1.3 * k);
      }
      if (length > bands.length * GLYPH_PX * GLYPHS_ROOM * k) {
        context.beginPath();
        SHAPES[role](context, ...at(end * GLYPHS_AT + (i - (bands.length - 1) / 2) * GLYPH_PX * k), 0.75 * k);
        paint(context, role, looks.groups[group], looks.ground, k > 0.7);
      }
      this.drawn += 1;
    });
    context.globalAlpha = 1;
  }
}

/** What flows over one link one way, by role and colour, the most first. @param {Scene} scene @param {FlowStream[]} streams @param {Messages} messages @param {number} rate @param {{shown: (slot: number) => boolean, group: (slot: number) => number}} how @returns {Band[]} */
function bandsOf({ stage: { playhead }, stops, looks }, streams, messages, rate, { shown, group }) {
  /** @type {Band[]} */
  const bands = [];
  for (const stream of streams) {
    if (!stream.flowing || !shown(stream.slot)) continue;
    const perSecond = smoothed(stream, playhead.t, rate);
    if (perSecond < FAINTEST) continue;
    const { src, dst, outcome, slot } = stream;
    const role = ROLES[messages.role.data[slot]];
    // Many requests flow at once; none of their colours would be theirs.
    const colour = looks.colouring === "request" ? NONE : group(slot);
    const to = outcome === DELIVERED ? 1 : stops.at(src, dst, messages.outcomes.texts[outcome], playhead.t, stream.forwarded);
    const same = bands.find((band) => band.role === role && band.group === colour && band.to === to);
    if (same) same.perSecond += perSecond;
    else bands.push({ role, group: colour, to, perSecond });
  }
  return bands.sort((a, b) => b.perSecond - a.perSecond);
}
