/** What is done to several parts at once: put in line, grouped, ungrouped, duplicated, laid out. */

import { aligned, distributed } from "../document/arrange.js";
import { moveNodes } from "../document/edits.js";
import { fragmentOf, pasted } from "../document/fragment.js";
import { clusterOf, groupsAround, whyNoCluster, zoneOf } from "../document/grouping.js";
import { laidOut } from "../document/layout.js";
import { removeItems } from "../document/removal.js";
import { t, tn } from "../panels/words.js";

const OFFSET = 24;
/** What takes longer than a moment is announced. */
const PROMPT_MAX = 150;

/** @param {Editor} editor */
function chosenPlaces(editor) {
  return new Map(editor.chosenNodes().flatMap((id) => {
    const p = editor.at.get(id);
    return p ? [[id, p]] : [];
  }));
}

/** @param {Editor} editor @param {AlignEdge} edge */
export function align(editor, edge) {
  const at = chosenPlaces(editor);
  if (at.size > 1) editor.stage.store.change(t("Align {n} nodes", { n: at.size }), moveNodes(editor.stage.doc, aligned(at, edge)));
}

/** @param {Editor} editor @param {SpreadWay} direction */
export function distribute(editor, direction) {
  const at = chosenPlaces(editor);
  if (at.size > 2) editor.stage.store.change(t("Distribute {n} nodes", { n: at.size }), moveNodes(editor.stage.doc, distributed(at, direction)));
}

/** @param {Editor} editor */
export function duplicate(editor) {
  const { stage } = editor;
  const fragment = fragmentOf(stage.doc, stage.selection);
  if (!fragment) return stage.emit("toast", { text: t("Select nodes first. Links go with the nodes at both their ends.") });
  const { doc, ids } = pasted(stage.doc, fragment, { x: OFFSET, y: OFFSET });
  if (!stage.store.change(tn("Duplicate {n} node", "Duplicate {n} nodes", ids.length), doc)) return undefined;
  stage.select(ids);
  return stage.emit("say", tn("{n} node duplicated", "{n} nodes duplicated", ids.length));
}

/** @param {Editor} editor */
export function groupZone(editor) {
  const { stage } = editor;
  const ids = editor.chosenNodes();
  if (!ids.length) return stage.emit("toast", { text: t("Select the nodes of the zone first.") });
  const made = zoneOf(stage.doc, ids, (n) => t("Zone {n}", { n }));
  const members = made.doc.nodes.filter((node) => node.zone === made.id).map((node) => node.id);
  if (!stage.store.change(t("Group into a zone"), made.doc)) return undefined;
  stage.select(members);
  stage.emit("say", tn("A zone of {n} node", "A zone of {n} nodes", members.length));
  return members.length > ids.length ? stage.emit("toast", { text: t("What runs on the same machine is in the zone, too.") }) : undefined;
}

/** Why the selected nodes cannot be a cluster, in words; nothing when they can. @param {Editor} editor */
export function clusterObstacle(editor) {
  const { stage } = editor;
  const ids = editor.chosenNodes();
  const why = whyNoCluster(stage.doc, ids, (type) => stage.typeInfo(type));
  if (why === "types") return t("A cluster is of one type of node; these are of several.");
  if (why === "member") return t("A node is in one cluster only, and one of these is in one already.");
  if (why !== "alone") return "";
  const type = stage.doc.nodes.find((node) => node.id === ids[0])?.type ?? "";
  return t("{type} nodes do not form clusters.", { type: stage.typeInfo(type)?.title ?? type });
}

/** @param {Editor} editor */
export function groupCluster(editor) {
  const { stage } = editor;
  const ids = editor.chosenNodes();
  const obstacle = ids.length ? clusterObstacle(editor) : t("Select the members of the cluster first.");
  if (obstacle) return stage.emit("toast", { text: obstacle });
  const made = stage.store.change(t("Group into a cluster"), clusterOf(stage.doc, ids).doc);
  return made && stage.emit("say", t("A cluster of {n} nodes", { n: ids.length }));
}

/** Of what is selected, clusters are taken apart before zones. @param {Editor} editor */
export function groupsToOpen(editor) {
  const { stage } = editor;
  const all = groupsAround(stage.doc, stage.selection);
  const clusters = all.filter((id) => id.startsWith("cluster:"));
  return clusters.length ? clusters : all;
}

/** @param {Editor} editor */
export function ungroup(editor) {
  const { stage } = editor;
  const groups = groupsToOpen(editor);
  if (!groups.length) return stage.emit("toast", { text: t("Nothing that is selected is in a zone or a cluster.") });
  const text = groups[0].startsWith("cluster:") ? tn("Take {n} cluster apart", "Take {n} clusters apart", groups.length) : tn("Take {n} zone away", "Take {n} zones away", groups.length);
  const kept = [...stage.selection].filter((id) => !groups.includes(id));
  if (!stage.store.change(text, removeItems(stage.doc, groups))) return undefined;
  stage.select(kept);
  return stage.emit("toast", { text: t("{what}. Its nodes stay.", { what: text }), undo: true });
}

/** @param {Editor} editor */
export function selectAll(editor) {
  const { stage } = editor;
  const ids = stage.doc.nodes.map((node) => node.id);
  stage.select(ids);
  stage.emit("say", tn("{n} node selected", "{n} nodes selected", ids.length));
}

/** @param {Editor} editor */
export function selectAlike(editor) {
  const { stage } = editor;
  const types = new Set(stage.doc.nodes.filter((node) => stage.selection.has(node.id)).map((node) => node.type));
  const ids = stage.doc.nodes.filter((node) => types.has(node.type)).map((node) => node.id);
  if (!ids.length) return stage.emit("toast", { text: t("Select a node of that type first.") });
  stage.select(ids);
  return stage.emit("say", tn("{n} node selected", "{n} nodes selected", ids.length));
}

/** @param {Editor} editor */
export async function layOut(editor) {
  const { stage } = editor;
  if (!stage.doc.nodes.length || !stage.mayEdit()) return;
  if (stage.doc.nodes.length > PROMPT_MAX) {
    stage.emit("toast", { text: t("Laying out {n} nodes.", { n: stage.doc.nodes.length.toLocaleString() }) });
    await new Promise((done) => { setTimeout(done, 50); });
  }
  stage.store.change(t("Lay out the canvas"), laidOut(stage.doc, (type) => stage.typeInfo(type)));
  editor.open();
  stage.emit("toast", { text: t("Laid out from those who ask to those who answer."), undo: true });
}
