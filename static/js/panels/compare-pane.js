/** The second run on a canvas of its own, read-only: it follows the playhead, the view and the selection of the first. */

import { Stage } from "../stage.js";
import { Editor } from "../editor/editor.js";
import { Scene } from "../scene/scene.js";
import { h } from "../dom.js";
import { t } from "./words.js";

const CARDS_MS = 100;

export class ComparePane {
  /**
   * @param {Stage} main
   * @param {Editor} editor
   * @param {Scene} scene
   * @param {HTMLElement} place
   * @param {() => void} changed called when more is known of the second run
   */
  constructor(main, editor, scene, place, changed) {
    this.main = main;
    this.mainEditor = editor;
    this.mainScene = scene;
    this.place = place;
    this.changed = changed;
    /** @type {{stage: Stage, editor: Editor, scene: Scene, host: HTMLElement} | null} */
    this.shown = null;
    this.following = false;
    this.lastT = -1;
    this.lastCards = 0;
    editor.onMove(() => { if (this.shown) this.#follow(editor, this.shown.editor); });
    main.on("select", () => { if (this.shown) this.#select(main, this.shown.stage); });
    main.on("frame", () => this.#frame());
    main.on("roles", () => { if (this.shown) this.shown.scene.stale = true; });
    addEventListener("themechange", () => this.shown?.scene.readColours());
  }

  get stage() { return this.shown?.stage ?? null; }

  /** @param {Scenario} doc @param {string | null} variant @param {string} viewing */
  open(doc, variant, viewing) {
    this.close();
    const container = h("div", { id: "other-graph", role: "group", "aria-label": t("Topology of run B") });
    const canvas = h("canvas", { id: "other-messages", "aria-hidden": "true" });
    const host = h("div", { class: "other-host static" }, container, canvas);
    this.place.prepend(host);
    const stage = new Stage({ ...this.main.data, mode: "embed", document: doc, draft: null, viewing: null, branches: null, variant });
    const editor = new Editor(stage, host, container);
    const scene = new Scene(stage, editor, canvas);
    scene.hidden = this.mainScene.hidden;
    editor.fitted = true;
    this.shown = { stage, editor, scene, host };
    editor.onMove(() => this.#follow(editor, this.mainEditor));
    stage.on("select", () => this.#select(stage, this.main));
    stage.on("chunk verdict run trouble", () => this.changed());
    stage.on("chunk seek trace", () => {
      scene.stale = true;
      this.lastT = -1; // the cards, too, though nothing moves
    });
    this.#follow(this.mainEditor, editor);
    stage.watch(viewing, doc, { variant, at_ns: this.main.playhead.t, play: false });
  }

  close() {
    if (!this.shown) return;
    const { stage, editor, host } = this.shown;
    this.shown = null;
    stage.view?.close();
    editor.graph.dispose();
    host.remove();
  }

  /** Pan and zoom are common. @param {Editor} from @param {Editor} to */
  #follow(from, to) {
    if (this.following || !this.shown) return;
    this.following = true;
    const { scale, x, y } = from.transform;
    to.graph.scale(scale, scale);
    to.graph.translate(x, y);
    this.following = false;
  }

  /** What both runs have is selected in both. @param {Stage} from @param {Stage} to */
  #select(from, to) {
    const known = new Set([...to.doc.nodes, ...to.doc.links].map(({ id }) => id));
    const ids = [...from.selection].filter((id) => known.has(id));
    if (ids.length !== to.selection.size || ids.some((id) => !to.selection.has(id))) to.select(ids);
  }

  #frame() {
    if (!this.shown) return;
    const { stage, scene, editor } = this.shown;
    const { playhead } = this.main;
    stage.playhead.speed = playhead.speed;
    stage.playhead.smart = playhead.smart;
    stage.playhead.t = playhead.t;
    if (playhead.t === this.lastT && !scene.stale) return;
    const now = performance.now();
    if (now - this.lastCards >= CARDS_MS) {
      this.lastCards = now;
      this.lastT = playhead.t;
      editor.showState();
    }
    scene.draw();
    const { dataset } = scene.canvas;
    dataset.messages = String(scene.stats.flying);
    dataset.playheadMs = (playhead.t / 1e6).toFixed(3);
    dataset.total = String(stage.trace?.messages.length ?? 0);
  }
}
