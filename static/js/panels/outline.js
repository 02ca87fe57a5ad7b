/** Nodes, links and faults as lists: the same selection as on the canvas, for those who do not see or use it. */

import { $, h, icon, typeIcon } from "../dom.js";
import { startOf } from "../document/faults.js";
import { faultWords } from "./fault-words.js";
import { t } from "./words.js";

/** @param {Stage} stage */
export function outline(stage) {
  const host = $("#p-outline");
  const row = (/** @type {string} */ id, /** @type {string} */ glyph, /** @type {string} */ words, /** @type {string} */ small) => {
    const button = h("button", { class: "it", "data-id": id, "aria-pressed": String(stage.selection.has(id)) }, icon(glyph), h("span", {}, words));
    if (small) button.append(h("small", {}, small));
    button.onclick = (event) => {
      const add = stage.adding || event.shiftKey || event.ctrlKey || event.metaKey;
      stage.select(add ? (stage.selection.has(id) ? [...stage.selection].filter((other) => other !== id) : [...stage.selection, id]) : [id]);
    };
    return button;
  };
  const draw = () => {
    const focused = host.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.id : null;
    const { doc } = stage;
    const name = (/** @type {string} */ id) => doc.nodes.find((node) => node.id === id)?.label || id;
    /** @type {HTMLElement[]} */
    const parts = [h("h2", { class: "gh" }, t("Nodes"))];
    for (const node of doc.nodes) {
      const info = stage.typeInfo(node.type);
      parts.push(row(node.id, typeIcon(info), node.label || node.id, (node.count ?? 1) > 1 ? `×${node.count}` : info?.title ?? ""));
    }
    if (!doc.nodes.length) parts.push(h("p", { class: "note" }, t("No nodes. Take one from Parts.")));
    if (doc.links.length) parts.push(h("h2", { class: "gh" }, t("Links")));
    for (const link of doc.links) parts.push(row(link.id, "i-link", `${name(link.a)} → ${name(link.b)}`, ""));
    if (doc.clusters?.length) parts.push(h("h2", { class: "gh" }, t("Clusters")));
    for (const cluster of doc.clusters ?? []) parts.push(row(`cluster:${cluster.id}`, "n-register", cluster.label || cluster.id, `${cluster.members.length}`));
    if (doc.faults?.length) parts.push(h("h2", { class: "gh" }, t("Faults")));
    (doc.faults ?? []).forEach((fault, i) => parts.push(row(`fault:${i}`, "i-bolt", faultWords(doc, fault), fault.when ? "" : `${(startOf(fault) / 1000).toFixed(3)}\u2009s`)));
    host.replaceChildren(...parts);
    if (focused) /** @type {HTMLElement | null} */ (host.querySelector(`[data-id="${CSS.escape(focused)}"]`))?.focus();
  };
  stage.on("document select", draw);
  draw();
}
