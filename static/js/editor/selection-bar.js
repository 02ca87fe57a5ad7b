/** The bar over several selected nodes: put in line, spread, group, duplicate, delete; and the keys for the same. */

import { bounds } from "../document/places.js";
import { h, icon } from "../dom.js";
import { t } from "../panels/words.js";
import { addShortcuts, offPanels } from "../shortcuts.js";
import { align, clusterObstacle, distribute, duplicate, groupCluster, groupsToOpen, groupZone, layOut, selectAlike, selectAll, ungroup } from "./arranging.js";

const GAP = 14;
const EDGE = 8;
const CLUSTER_PX = 38;

/** @typedef {{name: string, glyph: string, words: string, keys: string[], act: () => void, needs?: number}} Act */

export class SelectionBar {
  /** @param {Stage} stage @param {Editor} editor */
  constructor(stage, editor) {
    this.stage = stage;
    this.editor = editor;
    const parts = this.#acts();
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
    this.bar = h("div", { class: "float selbar", role: "toolbar", "aria-label": t("Selected nodes"), hidden: true }, ...parts.map((acts) => h("span", { class: "part" }, ...acts.map((act) => this.#button(act)))));
    editor.host.append(this.bar);
    this.bar.addEventListener("keydown", (event) => this.#walk(event));
    this.#keys(parts.flat());
    stage.on("select document", () => this.show());
    editor.onMove(() => this.place());
  }

  /** @returns {Act[][]} */
  #acts() {
    const { editor } = this;
    return [
      [
        { name: "left", glyph: "i-al-left", words: t("Align left"), keys: ["Alt+A"], act: () => align(editor, "left") },
        { name: "centre", glyph: "i-al-centre", words: t("Align centres"), keys: ["Alt+H"], act: () => align(editor, "centre") },
        { name: "right", glyph: "i-al-right", words: t("Align right"), keys: ["Alt+D"], act: () => align(editor, "right") },
        { name: "top", glyph: "i-al-top", words: t("Align top"), keys: ["Alt+W"], act: () => align(editor, "top") },
        { name: "middle", glyph: "i-al-middle", words: t("Align middles"), keys: ["Alt+V"], act: () => align(editor, "middle") },
        { name: "bottom", glyph: "i-al-bottom", words: t("Align bottom"), keys: ["Alt+S"], act: () => align(editor, "bottom") },
        { name: "horizontal", glyph: "i-di-h", words: t("Distribute horizontally"), keys: ["Alt+Shift+H"], needs: 3, act: () => distribute(editor, "horizontal") },
        { name: "vertical", glyph: "i-di-v", words: t("Distribute vertically"), keys: ["Alt+Shift+V"], needs: 3, act: () => distribute(editor, "vertical") },
      ],
      [
        { name: "zone", glyph: "n-zone", words: t("Group into a zone"), keys: ["Mod+G"], act: () => groupZone(editor) },
        { name: "cluster", glyph: "n-register", words: t("Group into a cluster"), keys: ["K"], act: () => groupCluster(editor) },
        { name: "ungroup", glyph: "i-ungroup", words: t("Take the zone or cluster away, keep its nodes"), keys: ["Mod+Shift+G"], act: () => ungroup(editor) },
      ],
      [
        { name: "duplicate", glyph: "i-dup", words: t("Duplicate"), keys: ["Mod+D"], act: () => duplicate(editor) },
        { name: "delete", glyph: "i-trash", words: t("Delete"), keys: [], act: () => editor.removeSelected() },
      ],
    ];
  }

  /** @param {Act} act */
  #button({ name, glyph, words, act }) {
    const button = h("button", { class: "b icon", "data-arrange": name, "aria-label": words, title: words }, icon(glyph));
    button.onclick = act;
    this.buttons.set(name, button);
    return button;
  }

  /** @param {Act[]} acts */
  #keys(acts) {
    const { editor } = this;
    const [arranging, selecting] = [t("Arranging"), t("Selection")];
    addShortcuts(
      ...acts.filter(({ keys }) => keys.length).map(({ keys, words, act, name }) => ({ keys, words, group: name === "duplicate" ? t("Editing") : arranging, act })),
      { keys: ["Mod+Shift+L"], words: t("Lay out the whole canvas"), group: arranging, act: () => { layOut(editor); } },
      { keys: ["Mod+A"], words: t("Select all nodes"), group: selecting, when: offPanels, act: () => selectAll(editor) },
      { keys: ["T"], words: t("Select all of the same type"), group: selecting, act: () => selectAlike(editor) },
    );
  }

  /** As in every toolbar, arrows go from button to button. @param {KeyboardEvent} event */
  #walk(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const open = [...this.buttons.values()].filter((button) => !button.disabled);
    const at = open.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    open[(at + step + open.length) % open.length].focus();
  }

  show() {
    const ids = this.editor.chosenNodes();
    const hide = ids.length < 2;
    if (hide && this.bar.contains(document.activeElement)) this.editor.cards.values().next().value?.group.focus({ preventScroll: true });
    this.bar.hidden = hide;
    if (hide) return;
    const obstacle = clusterObstacle(this.editor);
    const cluster = this.buttons.get("cluster");
    cluster?.setAttribute("aria-disabled", String(obstacle !== ""));
    if (cluster) cluster.title = obstacle || t("Group into a cluster");
    for (const name of ["horizontal", "vertical"]) /** @type {HTMLButtonElement} */ (this.buttons.get(name)).disabled = ids.length < 3;
    /** @type {HTMLButtonElement} */ (this.buttons.get("ungroup")).disabled = !groupsToOpen(this.editor).length;
    this.place();
  }

  /** Above what is selected, or below where there is no room, and always in view. */
  place() {
    if (this.bar.hidden) return;
    const { bar, editor } = this;
    const { scale, x, y } = editor.transform;
    const box = areaOf(this.stage.doc, editor);
    const [left, right] = [box.x * scale + x, (box.x + box.width) * scale + x];
    const [top, bottom] = [box.y * scale + y - GAP - bar.offsetHeight, (box.y + box.height) * scale + y + GAP];
    const { clientWidth: width, clientHeight: height } = editor.host;
    const inside = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) => Math.max(low, Math.min(value, high));
    const margin = width < 600 ? EDGE : 56;
    bar.style.left = `${inside((left + right) / 2 - bar.offsetWidth / 2, Math.min(margin, width - bar.offsetWidth - EDGE), width - bar.offsetWidth - EDGE)}px`;
    bar.style.top = `${inside(top >= EDGE ? top : bottom, EDGE, height - bar.offsetHeight - EDGE)}px`;
  }
}

/** The selected cards, with the zones and clusters that they are all of, so that no name is covered. @param {Scenario} doc @param {Editor} editor @returns {Rect} */
function areaOf(doc, editor) {
  const chosen = editor.chosenNodes();
  const zones = (doc.zones ?? []).filter(({ id, x }) => x !== undefined && wholly(doc.nodes.filter((node) => node.zone === id).map((node) => node.id), chosen));
  const box = bounds({ ...doc, zones }, new Map(chosen.flatMap((id) => (editor.at.has(id) ? [[id, /** @type {Point} */ (editor.at.get(id))]] : []))));
  const clustered = (doc.clusters ?? []).some(({ members }) => wholly(members, chosen));
  return clustered ? { x: box.x, y: box.y - CLUSTER_PX, width: box.width, height: box.height + 2 * CLUSTER_PX } : box;
}

/** @param {string[]} members @param {string[]} chosen */
function wholly(members, chosen) { return members.length > 0 && members.every((id) => chosen.includes(id)); }
