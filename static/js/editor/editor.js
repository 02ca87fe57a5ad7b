/** The canvas: keeps the widget equal to the document, and turns gestures into commands. */

import { places, bounds, CARD } from "../document/places.js";
import { addLink, addNode, moveNodes } from "../document/edits.js";
import { rezoned } from "../document/grouping.js";
import { linkDoubt, linkRefusal } from "../document/linking.js";
import { removeItems } from "../document/removal.js";
import { t } from "../panels/words.js";
import { makeGraph, cardRect } from "./graph.js";
import { edgeId, linkOf, syncCells } from "./cells.js";
import { fitting, opening, zoomed } from "./camera.js";
import { cardState } from "./node-state.js";
import { Backdrop } from "./backdrop.js";
import { Connecting, linkWords } from "./connecting.js";
import { dataAt } from "./gesture.js";
import { LargeView, forWidget, scaleMin } from "./large-view.js";

const TAP_MS = 350;

export class Editor {
  /** @param {Stage} stage @param {HTMLElement} host @param {HTMLElement} container */
  constructor(stage, host, container) {
    this.stage = stage;
    this.host = host;
    this.editable = stage.mode === "edit";
    /** A press is a gesture's own, and not the widget's. */
    this.held = false;
    /** Space is down: whatever is dragged moves the view. */
    this.panning = false;
    this.lassoing = false;
    /** @type {(() => void) | null} */
    this.cancelGesture = null;
    /** @type {((id: string) => void) | null} who takes a pressed node in place of the selection */
    this.picked = null;
    /** @type {Point | null} where the pointer is, in graph coordinates, while it is over the canvas */
    this.pointer = null;
    this.graph = makeGraph(container, this.editable, { guard: () => this.held, mayLink: (a, b) => linkRefusal(stage.doc, a, b) === null });
    this.backdrop = new Backdrop(this.graph.view.primer, stage);
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.at = places(stage.doc);
    this.fitted = false;
    this.last = { id: "", at: 0 };
    /** @type {(() => void)[]} */
    this.moved = [];
    this.connecting = new Connecting(this);
    this.large = new LargeView(this);
    this.#gestures();
    this.sync();
    stage.on("document", () => this.sync());
    stage.on("variant", (before) => this.#another(before));
    stage.on("select", () => this.showSelection());
    stage.on("trace", () => this.showState());
    new ResizeObserver(() => this.#resized()).observe(host);
  }

  /** @param {() => void} listener called when the view or a place changes */
  onMove(listener) { this.moved.push(listener); }

  #changed() { for (const listener of this.moved) listener(); }

  #resized() {
    this.graph.resize(this.host.clientWidth, this.host.clientHeight);
    if (!this.fitted) this.open();
    this.#changed();
  }

  #gestures() {
    const { graph, stage } = this;
    for (const name of ["scale", "translate"]) graph.on(name, () => this.#changed());
    graph.on("node:click", ({ node, e }) => this.#pressed(node.id, e));
    graph.on("edge:click", ({ edge, e }) => this.#pressed(linkOf(edge.id), e));
    graph.on("blank:click", ({ e }) => {
      const cluster = dataAt(e.target, "cluster");
      if (cluster === null) this.blank();
      else stage.select([`cluster:${cluster}`]);
    });
    this.host.addEventListener("pointermove", (event) => { this.pointer = event.pointerType === "mouse" ? this.graph.clientToLocal(event.clientX, event.clientY) : null; });
    this.host.addEventListener("pointerleave", () => { this.pointer = null; });
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
    if (!again || !(add || this.stage.adding)) this.press(id, add);
  }

  /** A node or link is pressed, or chosen by key. @param {string} id @param {boolean} add */
  press(id, add) {
    if (this.picked && this.cards.has(id)) this.picked(id);
    else this.pick(id, add);
  }

  /** The ground is pressed. */
  blank() {
    this.stage.adding = false;
    this.stage.select([]);
  }

  /** @param {string} id @param {boolean} add */
  pick(id, add) {
    const { stage } = this;
    if (!add && !stage.adding) stage.select([id]);
    else stage.select(stage.selection.has(id) ? [...stage.selection].filter((other) => other !== id) : [...stage.selection, id]);
  }

  /** The selected nodes, in the order in which they were selected. */
  chosenNodes() { return [...this.stage.selection].filter((id) => this.cards.has(id)); }

  /** Cards on their way; the document follows when they are put down. @param {Map<string, Point>} before @param {string[]} ids @param {Point} by */
  showMoved(before, ids, by) {
    for (const id of ids) {
      const p = before.get(id);
      if (!p) continue;
      this.at.set(id, { x: p.x + by.x, y: p.y + by.y });
      const rect = cardRect({ x: p.x + by.x, y: p.y + by.y });
      /** @type {any} */ (this.graph.getCellById(id))?.position(rect.x, rect.y);
    }
    this.backdrop.draw(this.at);
    this.#changed();
  }

  /** @param {string[]} ids @param {number} dx @param {number} dy @param {string} [key] @param {string | null} [zone] that is moved with its nodes */
  nudge(ids, dx, dy, key, zone = null) {
    const { doc } = this.stage;
    const before = places(doc);
    /** @type {Record<string, Point>} */
    const next = {};
    for (const id of ids) {
      const p = before.get(id);
      if (p) next[id] = { x: p.x + dx, y: p.y + dy };
    }
    if (!Object.keys(next).length) return;
    const after = rezoned(doc, moveNodes(doc, next), ids, { x: dx, y: dy }, zone);
    if (this.stage.store.change(ids.length === 1 ? t("Move {name}", { name: ids[0] }) : t("Move {n} nodes", { n: ids.length }), after, key)) this.#sayZones(doc, after, ids);
  }

  /** A zone is more than a drawing: latencies go by it. @param {Scenario} before @param {Scenario} after @param {string[]} ids */
  #sayZones(before, after, ids) {
    const zone = (/** @type {Scenario} */ doc) => doc.nodes.filter((node) => ids.includes(node.id)).map((node) => node.zone ?? "");
    const changed = zone(after).filter((id, i) => id !== zone(before)[i]);
    if (!changed.length) return;
    const name = after.zones?.find(({ id }) => id === changed[0])?.label || changed[0];
    this.stage.emit("toast", { text: changed[0] ? t("Now in the zone “{name}”.", { name }) : t("Now in no zone."), undo: true });
  }

  /** @param {string} a @param {string} b @returns {boolean} whether there is a new link */
  connect(a, b) {
    const { stage } = this;
    const { words } = linkWords(stage, a, b);
    const doubt = linkDoubt(stage.doc, a, b, (type) => stage.typeInfo(type));
    const made = linkRefusal(stage.doc, a, b) ? null : addLink(stage.doc, a, b);
    if (made && !stage.store.change(t("Connect {a} to {b}", { a, b }), made.doc)) return false;
    if (made) stage.select([made.id]);
    if (!made || doubt) stage.emit("toast", { text: words, undo: made !== null });
    else stage.emit("say", t("Linked: {what}", { what: words }));
    return made !== null;
  }

  /** @param {string} type @param {Point} at in graph coordinates @returns {string | null} its id */
  place(type, at) {
    const { doc, id } = addNode(this.stage.doc, type, at);
    if (!this.stage.store.change(t("Add {name}", { name: id }), doc)) return null;
    this.stage.select([id]);
    return id;
  }

  /** The middle of the view, in graph coordinates. @returns {Point} */
  middle() {
    const box = this.host.getBoundingClientRect();
    return this.graph.clientToLocal(box.left + box.width / 2, box.top + box.height / 2);
  }

  /** Whether a point is in view. @param {Point} p */
  sees(p) {
    const { scale, x, y } = this.transform;
    const [left, top] = [p.x * scale + x, p.y * scale + y];
    return left > 0 && top > 0 && left < this.host.clientWidth && top < this.host.clientHeight;
  }

  /** @param {string} [words] what it is called */
  removeSelected(words) {
    const ids = [...this.stage.selection];
    if (!ids.length || !this.editable) return;
    const label = words ? words : ids.length === 1 ? t("Delete {name}", { name: ids[0] }) : t("Delete {n} items", { n: ids.length });
    const focused = this.host.contains(document.activeElement);
    if (!this.stage.store.change(label, removeItems(this.stage.doc, ids))) return;
    this.stage.select([]);
    if (focused && !this.host.contains(document.activeElement)) [...this.cards.values()][0]?.group.focus({ preventScroll: true });
    this.stage.emit("toast", { text: `${label}.`, undo: true });
  }

  /** Makes the widget equal to the document. */
  sync() {
    const doc = forWidget(this.stage.doc);
    this.at = places(this.stage.doc);
    syncCells(this, doc);
    this.backdrop.draw(this.at);
    this.large.sync();
    this.showSelection();
    this.showState();
    this.#changed();
  }

  showSelection() {
    const { selection } = this.stage;
    for (const [id, card] of this.cards) {
      card.group.classList.toggle("sel", selection.has(id));
      card.group.setAttribute("aria-pressed", String(selection.has(id)));
    }
    for (const link of forWidget(this.stage.doc).links) this.graph.findViewByCell(edgeId(link.id))?.container.classList.toggle("sel", selection.has(link.id));
  }

  /** Cards and backdrop as of the playhead. */
  showState() {
    const { stage } = this;
    for (const [id, card] of this.cards) {
      const node = stage.doc.nodes.find((entry) => entry.id === id);
      if (node) card.show(stage.trace ? cardState(stage, node, card.info, stage.playhead.t) : null);
    }
    const cut = this.backdrop.showFaults(stage.playhead.t, this.at);
    for (const link of forWidget(stage.doc).links) this.graph.findViewByCell(edgeId(link.id))?.container.classList.toggle("cut", cut.has(link.id));
    this.large.show(cut);
  }

  /** Another variant: where it has other nodes they are brought into view. @param {Scenario} before */
  #another(before) {
    const ids = (/** @type {Scenario} */ { nodes }) => nodes.map(({ id }) => id).join(" ");
    if (ids(before) !== ids(this.stage.doc)) this.open();
  }

  /** Shows a topology that has just come. */
  open() {
    const { large, stage } = this;
    this.fit([], large.shown ? scaleMin(stage.doc) : opening(this.host.clientWidth, scaleMin(stage.doc)));
  }

  /** @param {string[]} [ids] of nodes; without any: everything @param {number} [least] how small it may become */
  fit(ids = [], least = scaleMin(this.stage.doc)) {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width < 40 || height < 40) return;
    const { doc } = this.stage;
    const box = ids.length ? bounds({ ...doc, zones: [] }, new Map([...this.at].filter(([id]) => ids.includes(id)))) : bounds(doc, this.at);
    this.#show(fitting(box, { width, height }, this.editable, least, this.large.shown));
    this.fitted = true;
    this.#changed();
  }

  /** @param {number} factor @param {Point} [about] what stays where it is, in the host; the middle */
  zoom(factor, about) {
    this.#show(zoomed(this.transform, factor, about ?? { x: this.host.clientWidth / 2, y: this.host.clientHeight / 2 }, scaleMin(this.stage.doc)));
  }

  /** @param {CanvasView} view */
  #show({ scale, x, y }) {
    this.graph.scale(scale, scale);
    this.graph.translate(x, y);
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    const { tx, ty } = this.graph.translate();
    this.graph.translate(tx + dx, ty + dy);
  }

  get transform() {
    const { tx, ty } = this.graph.translate();
    return { scale: this.graph.scale().sx, x: tx, y: ty };
  }
}
