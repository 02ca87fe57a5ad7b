/** What the inspector shows while no part has a form: how much there is, and what the scenario is about. */

import { h, icon } from "../dom.js";
import { emptied } from "../document/starts.js";
import { variantNote } from "./variants.js";
import { t, tn } from "./words.js";

/** Changes with what is told of the scenario, and of its variant. @param {Stage} stage */
export const aboutKey = ({ doc: { nodes, links, faults, summary, predict }, base, variant }) => [nodes.length, links.length, faults?.length, summary, predict, variant && JSON.stringify(base.variants?.[variant])].join("|");

/** @param {Stage} stage @param {HTMLElement} head @param {HTMLElement} host */
export function showNothing(stage, head, host) {
  const { doc, selection } = stage;
  const many = selection.size > 1;
  const title = many ? t("{n} selected", { n: selection.size }) : t("Nothing selected");
  const words = many ? t("Move or delete them together, or put them on one side of a partition. Nodes alone, or links alone, are changed together here.")
    : stage.editable ? t("Select a node or a link to see its state and to change it. Drag parts from the left; drag from the edge of a node to connect it.") : t("Select a node or a link to see its state at the playhead.");
  const counts = [tn("{n} node", "{n} nodes", doc.nodes.length), tn("{n} link", "{n} links", doc.links.length), tn("{n} fault", "{n} faults", doc.faults?.length ?? 0)].join(", ");
  head.replaceChildren(h("div", { class: "ih" }, h("div", {}, h("h2", {}, title), h("p", {}, counts))));
  host.replaceChildren(h("p", { class: "note" }, words));
  if (stage.variant !== null && !many) host.append(variantNote(stage));
  if (!many && stage.editable && doc.nodes.length) host.append(h("div", { class: "linkrow" }, clearButton(stage)));
  if ((doc.summary || doc.predict) && !many && stage.mode === "edit") host.append(h("div", { class: "about" }, h("h3", {}, t("About this scenario")), ...question(doc.predict), ...paragraphs(doc.summary ?? "")));
}

/** What to guess before the run. @param {string | undefined} text */
function question(text) {
  return text ? [h("div", { class: "pred" }, icon("i-eye"), h("span", {}, h("b", {}, t("Predict first.")), ` ${plain(text)}`))] : [];
}

/** @param {Stage} stage */
function clearButton(stage) {
  const button = h("button", { class: "b line", "data-act": "clear" }, t("Start from an empty canvas"));
  button.onclick = () => {
    if (stage.store.change(t("Clear the canvas"), emptied(stage.doc, t("Untitled scenario")))) stage.emit("toast", { text: t("The canvas is empty."), undo: true });
  };
  return button;
}

/** The words of some Markdown. @param {string} part */
const plain = (part) => part.replace(/\[([^\]]*)\]\([^)]*\)|[*`#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, (_, words) => words ?? "").trim();

/** The summary is Markdown; here only its words are shown. @param {string} text */
function paragraphs(text) {
  return text.split(/\n{2,}/).flatMap((part) => {
    const table = tableIn(part);
    if (table) return [...(table.lead ? [h("p", {}, plain(table.lead))] : []), tableOf(table.rows)];
    const [lead, ...items] = part.split(/(?:^|\n)[-*] /);
    if (!items.length) return h("p", {}, plain(part));
    return h("div", {}, ...(lead.trim() ? [h("p", {}, plain(lead))] : []), h("ul", {}, ...items.map((item) => h("li", {}, plain(item)))));
  });
}

/** A table in a part of the text, and what stands before it; null where there is none. @param {string} part */
export function tableIn(part) {
  const lines = part.trim().split("\n");
  const rule = lines.findIndex((line, i) => i > 0 && /^[\s|:-]*-[\s|:-]*$/.test(line) && line.includes("|") && lines[i - 1].includes("|"));
  if (rule < 0) return null;
  const rows = [lines[rule - 1], ...lines.slice(rule + 1)].map((line) => line.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => plain(cell.replaceAll("\\|", "|"))));
  return { lead: lines.slice(0, rule - 1).join("\n"), rows };
}

/** It scrolls in a box of its own where it is wider than the panel. @param {string[][]} rows */
function tableOf([head, ...body]) {
  const row = (/** @type {"th" | "td"} */ cell, /** @type {string[]} */ words) => h("tr", {}, ...words.map((one) => h(cell, {}, one)));
  return h("div", { class: "tablebox", tabindex: "0" }, h("table", {}, h("thead", {}, row("th", head)), h("tbody", {}, ...body.map((words) => row("td", words)))));
}
