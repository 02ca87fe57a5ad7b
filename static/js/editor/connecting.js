/** While a link is drawn: who cannot be its other end is dimmed, and a word at the pointer says why, or what will be. */

import { askingFirst, linkDoubt, linkRefusal } from "../document/linking.js";
import { h, icon } from "../dom.js";
import { t } from "../panels/words.js";
import { dataAt } from "./gesture.js";

/** @typedef {{sort: "bad" | "warn" | "ok", words: string}} Say */

/** What a link between two nodes would be. @param {Stage} stage @param {string} a @param {string} b @returns {Say} */
export function linkWords(stage, a, b) {
  const name = (/** @type {string} */ id) => stage.doc.nodes.find((node) => node.id === id)?.label || id;
  const info = (/** @type {string} */ type) => stage.typeInfo(type);
  const refusal = linkRefusal(stage.doc, a, b);
  if (refusal === "self") return { sort: "bad", words: t("A node cannot be linked to itself.") };
  if (refusal === "linked") return { sort: "bad", words: t("{a} and {b} are linked already.", { a: name(a), b: name(b) }) };
  if (refusal === "many") return { sort: "bad", words: t("A scenario has at most 10,000 links, those of copies included.") };
  const doubt = linkDoubt(stage.doc, a, b, info);
  if (doubt === "idle") return { sort: "warn", words: t("Neither {a} nor {b} answers requests: nothing would be sent.", { a: name(a), b: name(b) }) };
  if (doubt === "mesh") return { sort: "warn", words: t("{a} and {b} are joined by their cluster already.", { a: name(a), b: name(b) }) };
  const [asks, answers] = askingFirst(stage.doc, a, b, info);
  return { sort: "ok", words: t("{a} → {b}", { a: name(asks), b: name(answers) }) };
}

export class Connecting {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {string | null} */
    this.from = null;
    this.hint = h("div", { class: "linkhint", role: "status", hidden: true });
    editor.host.append(this.hint);
    editor.graph.on("edge:added", ({ edge, options }) => {
      if (!options?.ui) return;
      this.begin(edge.getSourceCellId());
      const end = (/** @type {PointerEvent} */ event) => {
        const over = dataAt(document.elementFromPoint(event.clientX, event.clientY), "node");
        const { from } = this;
        this.end();
        if (event.type === "pointerup" && from && over && over !== from && linkRefusal(editor.stage.doc, from, over)) editor.stage.emit("toast", { text: linkWords(editor.stage, from, over).words });
      };
      addEventListener("pointerup", end, { once: true, capture: true });
      addEventListener("pointercancel", end, { once: true, capture: true });
    });
    addEventListener("pointermove", (event) => {
      if (this.from) this.over(dataAt(document.elementFromPoint(event.clientX, event.clientY), "node"), event.clientX, event.clientY);
    });
    editor.host.addEventListener("focusin", (event) => {
      const id = this.from && dataAt(event.target, "node");
      const box = id && editor.cards.get(id)?.group.getBoundingClientRect();
      if (id && box && event.target instanceof Element && event.target.matches(":focus-visible")) this.over(id, box.left + box.width / 2, box.bottom);
    });
    editor.stage.on("document", () => { if (this.from) this.#dim(); });
  }

  /** @param {string} id the end that asks */
  begin(id) {
    this.from = id;
    this.editor.cards.get(id)?.group.classList.add("from");
    this.#dim();
  }

  #dim() {
    const { from, editor } = this;
    for (const [id, card] of editor.cards) card.group.classList.toggle("cannot", from !== null && id !== from && linkRefusal(editor.stage.doc, from, id) !== null);
  }

  /** @param {string | null} id @param {number} x @param {number} y of the pointer in the window */
  over(id, x, y) {
    const { from, hint, editor } = this;
    hint.hidden = !from || !id || id === from;
    if (hint.hidden || !from || !id) return;
    const { sort, words } = linkWords(editor.stage, from, id);
    if (hint.dataset.words !== words) {
      hint.dataset.words = words;
      hint.className = `linkhint ${sort}`;
      hint.replaceChildren(icon({ bad: "i-fail", warn: "i-warn", ok: "i-link" }[sort]), h("span", {}, words));
    }
    const box = editor.host.getBoundingClientRect();
    hint.style.left = `${Math.max(8, Math.min(x - box.left + 14, box.width - hint.offsetWidth - 8))}px`;
    hint.style.top = `${Math.max(8, Math.min(y - box.top + 18, box.height - hint.offsetHeight - 8))}px`;
  }

  end() {
    this.from = null;
    this.hint.hidden = true;
    for (const { group } of this.editor.cards.values()) group.classList.remove("cannot", "from");
  }
}
