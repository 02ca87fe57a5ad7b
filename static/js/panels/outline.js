/** Nodes, links and faults as lists: the same selection as on the canvas, for those who do not see or use it. */

import { $, h, icon, typeIcon } from "../dom.js";
import { startOf } from "../document/faults.js";
import { aboutFaults, faultWords } from "./fault-words.js";
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
    for (const cluster of doc.clusters ?? []) parts.push(row(`cluster:${cluster.id}`, "n-quorum", cluster.label || cluster.id, `${cluster.members.length}`));
    if (doc.faults?.length) parts.push(h("h2", { class: "gh" }, t("Faults")));
    (doc.faults ?? []).forEach((fault, i) => parts.push(row(`fault:${i}`, "i-bolt", faultWords(doc, fault), fault.when ? "" : `${(startOf(fault) / 1000).toFixed(3)}\u2009s`)));
    host.replaceChildren(...parts);
    if (focused) /** @type {HTMLElement | null} */ (host.querySelector(`[data-id="${CSS.escape(focused)}"]`))?.focus();
  };
  stage.on("document select", draw);
  draw();
}

/** What keeps the scenario from running. @param {Stage} stage */
export function problems(stage) {
  const host = $("#p-problems");
  const count = $("#problem-count");
  const draw = () => {
    count.hidden = !stage.mistakes.length;
    count.textContent = String(stage.mistakes.length);
    if (!stage.mistakes.length) {
      host.replaceChildren(h("p", { class: "note" }, h("b", {}, t("No problems")), t("What keeps the scenario from running, or is hardly meant, is listed here.")));
      return;
    }
    host.replaceChildren(...stage.mistakes.map(({ path, message, doubtful }) => {
      const id = entryOf(stage.doc, path);
      const fault = doubtful && id?.startsWith("fault:") ? stage.doc.faults?.[Number(id.slice(6))] : undefined;
      const place = fault ? [h("span", { class: "mut" }, faultWords(stage.doc, fault))] : path ? [h("code", {}, path)] : [];
      const box = h(id ? "button" : "div", { class: `pb${doubtful ? " doubt" : ""}` }, icon(doubtful ? "i-warn" : "i-fail"), h("span", {}, h("b", {}, aboutFaults(stage.doc, message)), ...place));
      if (id) box.onclick = () => stage.select([id]);
      return box;
    }));
  };
  stage.on("mistakes", draw);
  draw();
}

/** The part that a mistake's path names. @param {Scenario} doc @param {string} path */
function entryOf(doc, path) {
  const found = /^(nodes|links|clusters|faults)\[(\d+)\]/.exec(path);
  if (!found) return null;
  const [, list, index] = found;
  if (list === "faults") return `fault:${index}`;
  const id = /** @type {any} */ (doc)[list]?.[Number(index)]?.id;
  return id ? (list === "clusters" ? `cluster:${id}` : id) : null;
}
