/**
 * The simplified view of a large topology: the graph widget keeps zoom and pan, nodes and links are drawn on a canvas over it.
 * A list of the nodes beside its words lets everybody go to any of them.
 */

import { h, icon } from "../dom.js";
import { CARD } from "../document/places.js";
import { away } from "../trace/diagram.js";
import { t } from "../panels/words.js";
import { cardState } from "./node-state.js";
import { drawCards, drawLabel, drawLinks, inView } from "./large-draw.js";
import { LargeGestures } from "./large-gestures.js";

/** More nodes than this are drawn on a canvas. */
const NODES_MAX = 400;
const LINK_NEAR_PX = 6;
/** Below this scale a name on a card cannot be read. */
const READABLE = 0.5;
/** @type {Record<string, string>} */
const ROLES = { edge: "--edge", cut: "--cut", accent: "--accent", surface: "--surface", line: "--line-strong", block: "--lane-state", warn: "--warn", down: "--state-down", text: "--text", quiet: "--text-3", ui: "--font-ui", mono: "--font-mono", load: "--text-3", full: "--state-slow" };

/** @param {Scenario} doc */
export function isLarge(doc) { return doc.nodes.length > NODES_MAX; }

/** What the graph widget is to draw of a document. @param {Scenario} doc @returns {Scenario} */
export function forWidget(doc) { return isLarge(doc) ? { ...doc, nodes: [], links: [] } : doc; }

/** How small a topology may become. @param {Scenario} doc */
export function scaleMin(doc) { return isLarge(doc) ? 0.05 : 0.2; }

export class LargeView {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.canvas = h("canvas", { class: "large-view", role: "img", hidden: true });
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.choice = h("select", { class: "sel", "aria-label": t("Go to a node") });
    this.words = h("span");
    this.note = h("div", { class: "large-note float", hidden: true }, icon("i-info", "s"), this.words, h("span", { class: "selw" }, this.choice, icon("i-down", "s")));
    editor.graph.container.after(this.canvas);
    editor.host.append(this.note);
    /** @type {string} what the pointer is on */
    this.hovered = "";
    /** @type {Set<string>} */
    this.cut = new Set();
    /** @type {Map<string, NodeEntry>} */
    this.nodes = new Map();
    this.waiting = false;
    this.colours = readColours();
    this.gestures = new LargeGestures(this);
    this.choice.onchange = () => this.goTo(this.choice.value);
    addEventListener("themechange", () => {
      this.colours = readColours();
      this.redraw();
    });
    editor.onMove(() => this.redraw());
    editor.stage.on("select", () => this.redraw());
  }

  get shown() { return !this.canvas.hidden; }

  /** The document has changed. */
  sync() {
    const { doc } = this.editor.stage;
    const large = isLarge(doc);
    this.canvas.hidden = this.note.hidden = !large;
    this.editor.host.classList.toggle("large", large);
    const least = scaleMin(doc);
    Object.assign(this.editor.graph.options.scaling, { min: least });
    Object.assign(this.editor.graph.options.mousewheel, { minScale: least });
    if (!large) return;
    this.nodes = new Map(doc.nodes.map((node) => [node.id, node]));
    const words = t("Simplified view of {n} nodes. Drag moves them; the rest is done in the panels.", { n: doc.nodes.length.toLocaleString() });
    this.words.textContent = this.editor.editable ? words : t("Simplified view of {n} nodes.", { n: doc.nodes.length.toLocaleString() });
    this.canvas.setAttribute("aria-label", t("Topology, simplified: {n} nodes and {m} links", { n: doc.nodes.length, m: doc.links.length }));
    this.choice.replaceChildren(h("option", { value: "" }, t("Go to a node")), ...doc.nodes.map((node) => h("option", { value: node.id }, node.label || node.id)));
    this.redraw();
  }

  /** The playhead has moved. @param {Set<string>} cut links that carry nothing */
  show(cut) {
    this.cut = cut;
    this.redraw();
  }

  /** With the next frame, however often it is asked for. */
  redraw() {
    if (!this.shown || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  /** @param {string} id */
  goTo(id) {
    const p = this.editor.at.get(id);
    if (!p) return;
    const { graph, host, stage } = this.editor;
    stage.select([id]);
    if (graph.scale().sx < READABLE) graph.scale(READABLE, READABLE);
    const scale = graph.scale().sx;
    graph.translate(host.clientWidth / 2 - p.x * scale, host.clientHeight / 2 - p.y * scale);
    this.choice.value = "";
  }

  draw() {
    const { canvas, context, editor } = this;
    const { clientWidth: width, clientHeight: height } = editor.host;
    const ratio = Math.min(2, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const at = editor.transform;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * at.scale, 0, 0, ratio * at.scale, ratio * at.x, ratio * at.y);
    const cards = this.#cards(at, width, height);
    drawLinks(context, this.#links(), this.colours, at.scale);
    drawCards(context, cards, this.colours, at.scale);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const p = editor.at.get(this.hovered);
    if (p && at.scale < READABLE) drawLabel(context, this.nodes.get(this.hovered)?.label || this.hovered, p.x * at.scale + at.x, (p.y - CARD.height / 2) * at.scale + at.y, this.colours);
    canvas.dataset.cards = String(cards.length);
  }

  /** The cards in view, as of the playhead. @param {{scale: number, x: number, y: number}} at @param {number} width @param {number} height */
  #cards(at, width, height) {
    const { stage, at: places } = this.editor;
    const cards = [];
    for (const [id, p] of places) {
      const node = this.nodes.get(id);
      if (!node || !inView(p, at, width, height)) continue;
      const info = stage.typeInfo(node.type);
      const state = stage.trace ? cardState(stage, node, info, stage.playhead.t) : null;
      cards.push({ id, x: p.x, y: p.y, title: node.label || id, line: state?.line || info?.title || node.type, bar: state?.bar ?? null, up: state?.up ?? true, ill: Boolean(state?.ill), selected: stage.selection.has(id) });
    }
    return cards;
  }

  #links() {
    const { stage, at } = this.editor;
    const links = [];
    for (const link of stage.doc.links) {
      const [p, q] = [at.get(link.a), at.get(link.b)];
      if (p && q) links.push({ x1: p.x, y1: p.y, x2: q.x, y2: q.y, cut: this.cut.has(link.id), selected: stage.selection.has(link.id) });
    }
    return links;
  }

  /** What is at a place of the window: a node, else a link, else nothing. @param {number} clientX @param {number} clientY @returns {{node?: string, link?: string} | null} */
  hit(clientX, clientY) {
    const { editor } = this;
    const { x, y } = editor.graph.clientToLocal(clientX, clientY);
    for (const [id, p] of editor.at) if (Math.abs(p.x - x) <= CARD.width / 2 && Math.abs(p.y - y) <= CARD.height / 2) return { node: id };
    const near = (LINK_NEAR_PX / editor.transform.scale) ** 2;
    for (const link of editor.stage.doc.links) {
      const [p, q] = [editor.at.get(link.a), editor.at.get(link.b)];
      if (p && q && away(x, y, p.x, p.y, q.x, q.y) <= near) return { link: link.id };
    }
    return null;
  }

  /** @param {string} id */
  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.redraw();
  }
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [name, style.getPropertyValue(role).trim()]));
}
