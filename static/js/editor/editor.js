/** The canvas: keeps the widget equal to the document, and turns gestures into commands. */

import { places, bounds, CARD } from "../document/places.js";
import { addLink, addNode, moveNodes } from "../document/edits.js";
import { removeItems } from "../document/removal.js";
import { t } from "../panels/words.js";
import { makeGraph, cardRect, NODE, EDGE } from "./graph.js";
import { Card } from "./card.js";
import { cardState } from "./node-state.js";
import { Backdrop } from "./backdrop.js";
import { watchKeys } from "./keys.js";

/** On a phone a part of the topology in readable size is worth more than all of it too small to read. */
const READABLE = 0.72;
const TAP_MS = 350;

export class Editor {
  /** @param {Stage} stage @param {HTMLElement} host @param {HTMLElement} container */
  constructor(stage, host, container) {
    this.stage = stage;
    this.host = host;
    this.editable = stage.mode === "edit";
    this.graph = makeGraph(container, this.editable);
    this.backdrop = new Backdrop(this.graph.view.primer, stage);
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.at = places(stage.doc);
    this.fitted = false;
    this.last = { id: "", at: 0 };
    /** @type {(() => void)[]} */
    this.moved = [];
    this.#gestures();
    watchKeys(this, container);
    this.sync();
    stage.on("document", () => this.sync());
    stage.on("select", () => this.showSelection());
    stage.on("trace", () => this.showState());
    new ResizeObserver(() => this.#resized()).observe(host);
  }

  /** @param {() => void} listener called when the view or a place changes */
  onMove(listener) { this.moved.push(listener); }

  #changed() { for (const listener of this.moved) listener(); }

  #resized() {
    this.graph.resize(this.host.clientWidth, this.host.clientHeight);
    if (!this.fitted) this.fit();
    this.#changed();
  }

  #gestures() {
    const { graph, stage } = this;
    for (const name of ["scale", "translate"]) graph.on(name, () => this.#changed());
    graph.on("node:change:position", ({ node, options }) => {
      if (options?.fromDocument) return;
      const p = node.position();
      this.at.set(node.id, { x: p.x + CARD.width / 2, y: p.y + CARD.height / 2 });
      this.backdrop.draw(this.at);
      this.#changed();
    });
    graph.on("node:moved", ({ node }) => this.#drop(node.id));
    graph.on("node:click", ({ node, e }) => this.#pressed(node.id, e));
    graph.on("edge:click", ({ edge, e }) => this.#pressed(edge.id, e));
    graph.on("blank:click", () => {
      stage.adding = false;
      stage.select([]);
    });
    graph.on("edge:connected", ({ edge, isNew }) => {
      if (!isNew) return;
      const [a, b] = [edge.getSourceCellId(), edge.getTargetCellId()];
      edge.remove({ fromDocument: true });
      this.connect(a, b);
    });
  }

  /** A tap comes twice, as a touch and as the mouse press that browsers make of it; it counts once. @param {string} id @param {any} event */
  #pressed(id, event) {
    const now = performance.now();
    const again = this.last.id === id && now - this.last.at < TAP_MS;
    this.last = { id, at: now };
    const add = event.shiftKey || event.metaKey || event.ctrlKey;
    if (!again || !(add || this.stage.adding)) this.pick(id, add);
  }

  /** @param {string} id @param {boolean} add */
  pick(id, add) {
    const { stage } = this;
    if (!add && !stage.adding) stage.select([id]);
    else stage.select(stage.selection.has(id) ? [...stage.selection].filter((other) => other !== id) : [...stage.selection, id]);
  }

  /** A dragged node takes the rest of the selection with it. @param {string} id */
  #drop(id) {
    const { stage } = this;
    const before = places(stage.doc);
    const from = before.get(id);
    const to = this.at.get(id);
    if (!from || !to) return;
    const ids = stage.selection.has(id) ? [...stage.selection].filter((other) => before.has(other)) : [id];
    this.nudge(ids, to.x - from.x, to.y - from.y);
  }

  /** @param {string[]} ids @param {number} dx @param {number} dy @param {string} [key] */
  nudge(ids, dx, dy, key) {
    const before = places(this.stage.doc);
    /** @type {Record<string, Point>} */
    const next = {};
    for (const id of ids) {
      const p = before.get(id);
      if (p) next[id] = { x: p.x + dx, y: p.y + dy };
    }
    const label = ids.length === 1 ? t("Move {name}", { name: ids[0] }) : t("Move {n} nodes", { n: ids.length });
    if (Object.keys(next).length) this.stage.store.change(label, moveNodes(this.stage.doc, next), key);
  }

  /** @param {string} a @param {string} b */
  connect(a, b) {
    const made = addLink(this.stage.doc, a, b);
    if (!made) return this.stage.emit("toast", { text: t("{a} and {b} are linked already.", { a: this.#name(a), b: this.#name(b) }) });
    this.stage.store.change(t("Connect {a} to {b}", { a, b }), made.doc);
    this.stage.select([made.id]);
  }

  /** @param {string} id */
  #name(id) { return this.stage.doc.nodes.find((node) => node.id === id)?.label || id; }

  /** @param {string} type @param {Point} at in graph coordinates */
  place(type, at) {
    const { doc, id } = addNode(this.stage.doc, type, at);
    this.stage.store.change(t("Add {name}", { name: id }), doc);
    this.stage.select([id]);
    return id;
  }

  /** A free place in view, for placing by keyboard. */
  freePlace() {
    const middle = this.graph.clientToLocal(...this.#clientMiddle());
    for (let ring = 0; ring < 12; ring++) {
      const p = { x: middle.x + (ring % 3) * 160, y: middle.y + Math.floor(ring / 3) * 88 };
      if (![...this.at.values()].some((q) => Math.abs(p.x - q.x) < CARD.width + 8 && Math.abs(p.y - q.y) < CARD.height + 12)) return p;
    }
    return { x: middle.x, y: middle.y };
  }

  /** @returns {[number, number]} */
  #clientMiddle() {
    const box = this.host.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  removeSelected() {
    const ids = [...this.stage.selection];
    if (!ids.length || !this.editable) return;
    const label = ids.length === 1 ? t("Delete {name}", { name: ids[0] }) : t("Delete {n} items", { n: ids.length });
    this.stage.store.change(label, removeItems(this.stage.doc, ids));
    this.stage.select([]);
    this.stage.emit("toast", { text: `${label}.`, undo: true });
  }

  /** Makes the widget equal to the document. */
  sync() {
    const { graph, stage } = this;
    const doc = stage.doc;
    this.at = places(doc);
    const wanted = new Set([...doc.nodes, ...doc.links].map((entry) => entry.id));
    for (const cell of graph.getCells()) if (!wanted.has(cell.id)) graph.removeCell(cell, /** @type {any} */ ({ fromDocument: true }));
    for (const id of [...this.cards.keys()]) if (!graph.getCellById(id)) this.cards.delete(id);
    for (const node of doc.nodes) this.#syncNode(node);
    for (const link of doc.links) this.#syncLink(link);
    this.backdrop.draw(this.at);
    this.showSelection();
    this.showState();
    this.#changed();
  }

  /** @param {NodeEntry} node */
  #syncNode(node) {
    const rect = cardRect(this.at.get(node.id) ?? { x: 0, y: 0 });
    let cell = /** @type {any} */ (this.graph.getCellById(node.id));
    if (cell && this.cards.get(node.id)?.node.type !== node.type) {
      this.graph.removeCell(cell);
      cell = null;
    }
    if (!cell) cell = this.graph.addNode({ id: node.id, shape: NODE, x: rect.x, y: rect.y, zIndex: 2 });
    else cell.position(rect.x, rect.y, { fromDocument: true });
    const group = /** @type {SVGElement} */ (this.graph.findViewByCell(cell)?.container);
    const card = this.cards.get(node.id);
    if (!card || card.group !== group) this.cards.set(node.id, new Card(group, node, this.stage.typeInfo(node.type)));
    else card.update(node);
  }

  /** @param {LinkEntry} link */
  #syncLink(link) {
    if (!this.at.has(link.a) || !this.at.has(link.b)) return;
    const old = /** @type {any} */ (this.graph.getCellById(link.id));
    if (!old) this.graph.addEdge({ id: link.id, shape: EDGE, source: { cell: link.a }, target: { cell: link.b }, zIndex: 1 });
    else {
      if (old.getSourceCellId() !== link.a) old.setSource({ cell: link.a });
      if (old.getTargetCellId() !== link.b) old.setTarget({ cell: link.b });
    }
    const group = this.graph.findViewByCell(link.id)?.container;
    if (group) /** @type {SVGElement} */ (group).dataset.link = link.id;
  }

  showSelection() {
    const { selection } = this.stage;
    for (const [id, card] of this.cards) {
      card.group.classList.toggle("sel", selection.has(id));
      card.group.setAttribute("aria-pressed", String(selection.has(id)));
    }
    for (const link of this.stage.doc.links) this.graph.findViewByCell(link.id)?.container.classList.toggle("sel", selection.has(link.id));
  }

  /** Cards and backdrop as of the playhead. */
  showState() {
    const { stage } = this;
    for (const [id, card] of this.cards) {
      const node = stage.doc.nodes.find((entry) => entry.id === id);
      if (node) card.show(stage.trace ? cardState(stage, node, card.info, stage.playhead.t) : null);
    }
    const cut = this.backdrop.showFaults(stage.playhead.t, this.at);
    for (const link of stage.doc.links) this.graph.findViewByCell(link.id)?.container.classList.toggle("cut", cut.has(link.id));
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width < 40 || height < 40) return;
    const box = bounds(this.stage.doc, this.at);
    const narrow = width < 600;
    const short = height < 320;
    const pad = { left: narrow ? 16 : this.editable ? 64 : 32, right: narrow ? 16 : 32, top: short ? 14 : narrow ? 28 : 44, bottom: short ? 14 : narrow ? 48 : 60 };
    const scale = Math.min(1.1, Math.max(narrow ? READABLE : 0.2, Math.min((width - pad.left - pad.right) / box.width, (height - pad.top - pad.bottom) / box.height)));
    this.graph.scale(scale, scale);
    // What does not fit begins at its beginning: a card cut off at both sides tells nobody anything.
    const free = (/** @type {number} */ room) => Math.max(0, room) / 2;
    const x = pad.left + free(width - pad.left - pad.right - box.width * scale) - box.x * scale;
    const y = pad.top + free(height - pad.top - pad.bottom - box.height * scale) - box.y * scale;
    this.graph.translate(x, y);
    this.fitted = true;
    this.#changed();
  }

  /** @param {number} factor */
  zoom(factor) {
    const { clientWidth: width, clientHeight: height } = this.host;
    const now = this.graph.scale().sx;
    const { tx, ty } = this.graph.translate();
    const next = Math.min(2.5, Math.max(0.2, now * factor));
    this.graph.scale(next, next);
    this.graph.translate(width / 2 - ((width / 2 - tx) / now) * next, height / 2 - ((height / 2 - ty) / now) * next);
  }

  get transform() {
    const { tx, ty } = this.graph.translate();
    return { scale: this.graph.scale().sx, x: tx, y: ty };
  }
}
