/** What the inspector shows while no part has a form: how much there is, and what the scenario is about. */

import { h } from "../dom.js";
import { emptied } from "../document/starts.js";
import { t, tn } from "./words.js";

/** @param {Stage} stage @param {HTMLElement} head @param {HTMLElement} host */
export function showNothing(stage, head, host) {
  const { doc, selection } = stage;
  const many = selection.size > 1;
  const title = many ? t("{n} selected", { n: selection.size }) : t("Nothing selected");
  const words = many ? t("Move or delete them together, or put them on one side of a partition. Nodes alone, or links alone, are changed together here.")
    : stage.mode === "edit" ? t("Select a node or a link to see its state and to change it. Drag parts from the left; drag from the edge of a node to connect it.") : t("Select a node or a link to see its state at the playhead.");
  const counts = [tn("{n} node", "{n} nodes", doc.nodes.length), tn("{n} link", "{n} links", doc.links.length), tn("{n} fault", "{n} faults", doc.faults?.length ?? 0)].join(", ");
  head.replaceChildren(h("div", { class: "ih" }, h("div", {}, h("h2", {}, title), h("p", {}, counts))));
  host.replaceChildren(h("p", { class: "note" }, words));
  if (!many && stage.mode === "edit" && doc.nodes.length) host.append(h("div", { class: "linkrow" }, clearButton(stage)));
  if (doc.summary && !many && stage.mode === "edit") host.append(h("div", { class: "about" }, h("h3", {}, t("About this scenario")), ...paragraphs(doc.summary)));
}

/** @param {Stage} stage */
function clearButton(stage) {
  const button = h("button", { class: "b line", "data-act": "clear" }, t("Start from an empty canvas"));
  button.onclick = () => {
    stage.store.change(t("Clear the canvas"), emptied(stage.doc, t("Untitled scenario")));
    stage.emit("toast", { text: t("The canvas is empty."), undo: true });
  };
  return button;
}

/** The summary is Markdown; here only its words are shown. @param {string} text */
function paragraphs(text) {
  const plain = (/** @type {string} */ part) => part.replace(/\[([^\]]*)\]\([^)]*\)|[*_`#]/g, (_, words) => words ?? "").trim();
  return text.split(/\n{2,}/).map((part) => {
    const [lead, ...items] = part.split(/(?:^|\n)[-*] /);
    if (!items.length) return h("p", {}, plain(part));
    return h("div", {}, ...(lead.trim() ? [h("p", {}, plain(lead))] : []), h("ul", {}, ...items.map((item) => h("li", {}, plain(item)))));
  });
}
