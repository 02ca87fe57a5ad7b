/** Connections of the selected node, and a way to add one by keyboard. */

import { h, icon } from "../dom.js";
import { t } from "./words.js";

/** @param {Stage} stage @param {Editor} editor @param {HTMLElement} host @param {string | null} id of the node, null for none */
export function showLinks(stage, editor, host, id) {
  const before = host.querySelector("[data-links]");
  if (id === null || stage.mode !== "edit") return before?.remove();
  const { doc } = stage;
  // Made anew only when it would differ: somebody may have the focus on it.
  const key = JSON.stringify([id, stage.editable, doc.nodes.map((node) => [node.id, node.label]), doc.links.map((link) => [link.id, link.a, link.b])]);
  if (before?.getAttribute("data-links") === key) return undefined;
  before?.remove();
  const name = (/** @type {string} */ other) => doc.nodes.find((node) => node.id === other)?.label || other;
  const box = h("div", { class: "sect", "data-links": key }, h("h3", { class: "sec-t" }, t("Links")));
  for (const link of doc.links.filter(({ a, b }) => a === id || b === id)) {
    const button = h("button", { class: "it" }, icon("i-link"), h("span", {}, link.a === id ? `→ ${name(link.b)}` : `← ${name(link.a)}`));
    button.onclick = () => stage.select([link.id]);
    box.append(h("div", { class: "linkrow" }, button));
  }
  const free = !stage.editable ? [] : doc.nodes.filter((node) => node.id !== id && !doc.links.some(({ a, b }) => (a === id && b === node.id) || (b === id && a === node.id)));
  if (free.length) {
    const select = h("select", { class: "sel", "aria-label": t("Connect to") }, ...free.map((node) => h("option", { value: node.id }, node.label || node.id)));
    const button = h("button", { class: "b line", "data-act": "connect" }, t("Connect"));
    button.onclick = () => editor.connect(id, select.value);
    box.append(h("div", { class: "linkrow" }, h("span", { class: "selw" }, select, icon("i-down", "s")), button));
  }
  return host.append(box);
}
