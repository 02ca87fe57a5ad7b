/** The slanted lines of the timeline: every message in view from its sender's lane to its receiver's, and what a press would hit. */

import { ROLES, DELIVERED } from "../trace/messages.js";
import { View, places, away } from "../trace/diagram.js";
import { relation } from "../trace/causes.js";
import { GROUPS_MAX, groupsOf } from "../trace/groups.js";
import { shownIn } from "../trace/visible.js";
import { SHAPES, HOLLOW, STROKED, cross } from "../scene/glyphs.js";
import { reachOf } from "../scene/stops.js";
import { RULER, laneY } from "./timeline-lanes.js";

/** Up to so many messages carry the shape of their role. */
const SHAPED_MAX = 240;
const SHAPED_LENGTH_MIN = 26;
/** More drops than this are smaller and paler, or they would be one red field. */
const CROSSES_MAX = 150;
const GLYPH = 0.62;
const HIT_PX = 7;
const DIM = 0.16;
const PLACES_MAX = 64;
const SEGMENTS_MAX = 60_000;
const CHAIN_DRAWN_MAX = 600;

export class MessageLines {
  constructor() {
    this.view = new View();
    this.place = new Float64Array(PLACES_MAX * 2);
    /** x1, y1, x2, y2 of every line drawn. */
    this.xy = new Float32Array(SEGMENTS_MAX * 4);
    this.owner = new Int32Array(SEGMENTS_MAX);
    this.n = 0;
    /** The lines of each colour, apart for those that are dimmed. */
    this.order = Array.from({ length: GROUPS_MAX }, () => ({ clear: /** @type {number[]} */ ([]), dim: /** @type {number[]} */ ([]) }));
    /** The lines that end in a drop. */
    this.lost = { clear: /** @type {number[]} */ ([]), dim: /** @type {number[]} */ ([]) };
    /** @type {string[]} */
    this.colours = [];
    /** The colour of a message, as its place among them. @type {(slot: number) => number} */
    this.group = () => 0;
  }

  /**
   * @param {TimelineSheet} sheet
   * @param {ReadonlySet<string>} hidden roles and kinds that are not drawn
   * @param {Causes | null} causes
   * @param {Looks} looks how messages are coloured
   */
  draw(sheet, hidden, causes, looks) {
    const { messages } = sheet.store;
    this.colours = looks.groups;
    this.group = groupsOf(messages, looks.colouring);
    this.view.find(messages, sheet.window.from, sheet.window.to);
    this.n = 0;
    for (const lists of [...this.order, this.lost]) {
      lists.clear = [];
      lists.dim = [];
    }
    const shows = shownIn(messages, hidden);
    const shown = new Set();
    for (let i = 0; i < this.view.n; i++) {
      const slot = this.view.slots[i];
      if (!shows(slot)) continue;
      shown.add(slot);
      const which = !causes || relation(messages, causes, slot) !== "" ? "clear" : "dim";
      const last = this.#add(sheet, slot, this.order[this.group(slot)][which]);
      if (messages.outcome.data[slot] !== DELIVERED && last >= 0) this.lost[which].push(last);
    }
    this.#stroke(sheet, "dim", DIM);
    this.#stroke(sheet, "clear", causes ? 0.6 : 0.9);
    const shaped = !causes && shown.size <= SHAPED_MAX;
    if (shaped) for (const { clear } of this.order) this.#shapes(sheet, clear);
    if (!hidden.has("drop")) {
      this.#crosses(sheet, this.lost.dim, 0.3);
      this.#crosses(sheet, this.lost.clear, 1);
    }
    if (causes) this.#chain(sheet, causes);
  }

  /** @param {TimelineSheet} sheet @param {Causes} causes */
  #chain(sheet, causes) {
    let drawn = 0;
    for (const slot of causes.chain) if (drawn < CHAIN_DRAWN_MAX && this.emphasise(sheet, slot, 2)) drawn += 1;
    this.emphasise(sheet, causes.slot, 3);
  }

  /** Answers the number of the message's last line. @param {TimelineSheet} sheet @param {number} slot @param {number[]} list */
  #add(sheet, slot, list) {
    const { width, window, store } = sheet;
    const count = places(store.messages, slot, store.loadedTo, reachOf, this.place);
    for (let i = 1; i < count && this.n < SEGMENTS_MAX; i++) {
      const o = this.n * 4;
      this.xy[o] = window.x(this.place[i * 2 - 2], width);
      this.xy[o + 1] = laneY(sheet, this.place[i * 2 - 1]);
      this.xy[o + 2] = window.x(this.place[i * 2], width);
      this.xy[o + 3] = laneY(sheet, this.place[i * 2 + 1]);
      this.owner[this.n] = slot;
      list.push(this.n);
      this.n += 1;
    }
    return list[list.length - 1] ?? -1;
  }

  /** @param {TimelineSheet} sheet @param {"clear" | "dim"} which @param {number} alpha */
  #stroke({ context }, which, alpha) {
    context.globalAlpha = alpha;
    context.lineWidth = 1.25;
    context.lineCap = "butt";
    this.order.forEach((lists, group) => {
      if (!lists[which].length) return;
      context.beginPath();
      for (const i of lists[which]) this.#line(context, i);
      context.strokeStyle = this.colours[group];
      context.stroke();
    });
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {number} i */
  #line(context, i) {
    const o = i * 4;
    context.moveTo(this.xy[o], this.xy[o + 1]);
    context.lineTo(this.xy[o + 2], this.xy[o + 3]);
  }

  /** The shape of its role in the middle of a line that is long enough. @param {TimelineSheet} sheet @param {number[]} list */
  #shapes(sheet, list) {
    const { messages } = sheet.store;
    for (const i of list) {
      const o = i * 4;
      const [x1, y1, x2, y2] = this.xy.subarray(o, o + 4);
      if (Math.hypot(x2 - x1, y2 - y1) < SHAPED_LENGTH_MIN) continue;
      const { x, y } = middle(this.xy.subarray(o, o + 4), sheet.width);
      shape(sheet, ROLES[messages.role.data[this.owner[i]]], this.colours[this.group(this.owner[i])], x, y);
    }
  }

  /** @param {TimelineSheet} sheet @param {number[]} list @param {number} alpha */
  #crosses({ context, colours }, list, alpha) {
    context.beginPath();
    const many = list.length > CROSSES_MAX;
    for (const i of list) cross(context, this.xy[i * 4 + 2], this.xy[i * 4 + 3], many ? 0.4 : 0.75);
    context.strokeStyle = colours.bad;
    context.lineWidth = many ? 1 : 1.8;
    context.globalAlpha = many ? alpha / 2 : alpha;
    context.stroke();
    context.globalAlpha = 1;
  }

  /** One message drawn strongly, over all others. @param {TimelineSheet} sheet @param {number} slot @param {number} lineWidth */
  emphasise(sheet, slot, lineWidth) {
    const { context, colours, window, store } = sheet;
    if (store.messages.sent.data[slot] > window.to || store.messages.settled.data[slot] < window.from) return null;
    const before = this.n;
    /** @type {number[]} */
    const list = [];
    this.#add(sheet, slot, list);
    for (const [colour, wide] of /** @type {[string, number][]} */ ([[colours.surface, lineWidth + 3], [this.colours[this.group(slot)], lineWidth]])) {
      context.beginPath();
      for (const i of list) this.#line(context, i);
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.stroke();
    }
    this.#shapes(sheet, list);
    if (store.messages.outcome.data[slot] !== DELIVERED) this.#crosses(sheet, list.slice(-1), 1);
    const o = (list[list.length >> 1] ?? before) * 4;
    return list.length ? middle(this.xy.subarray(o, o + 4), sheet.width) : null;
  }

  /** The message drawn nearest to a place, −1 when none is near. @param {number} x @param {number} y */
  at(x, y) {
    let found = -1;
    let least = HIT_PX ** 2;
    if (y < RULER) return found;
    for (let i = this.n - 1; i >= 0; i--) {
      const o = i * 4;
      const d = away(x, y, this.xy[o], this.xy[o + 1], this.xy[o + 2], this.xy[o + 3]);
      if (d < least) [found, least] = [this.owner[i], d];
    }
    return found;
  }

  /** The messages drawn, in the order of their sending. */
  drawn() { return [...new Set(this.owner.subarray(0, this.n))].sort((a, b) => a - b); }
}

/** The middle of what is in view of a line. @param {Float32Array} line @param {number} width */
function middle([x1, y1, x2, y2], width) {
  const at = (/** @type {number} */ x) => (x2 > x1 ? Math.max(0, Math.min(1, (x - x1) / (x2 - x1))) : 0);
  const f = (at(0) + at(width)) / 2 || 0.5;
  return { x: x1 + (x2 - x1) * f, y: y1 + (y2 - y1) * f };
}

/** @param {TimelineSheet} sheet @param {string} role @param {string} colour @param {number} x @param {number} y */
function shape({ context, colours }, role, colour, x, y) {
  context.beginPath();
  SHAPES[role](context, x, y, GLYPH);
  context.strokeStyle = colours.surface;
  context.lineWidth = 3.4;
  context.stroke();
  context.strokeStyle = context.fillStyle = colour;
  if (HOLLOW.has(role)) context.fillStyle = colours.surface;
  if (!STROKED.has(role)) context.fill();
  context.lineWidth = 1.6;
  if (HOLLOW.has(role) || STROKED.has(role)) context.stroke();
}
