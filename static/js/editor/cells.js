/** The widget's cells: one for each node and link of the document. */

import { NODE, EDGE, cardRect } from "./graph.js";
import { Card } from "./card.js";

const OF_A_LINK = "link ";

/** The cell of a link, which may have the id of a node. @param {string} link */
export const edgeId = (link) => OF_A_LINK + link;

/** @param {string} edge */
export const linkOf = (edge) => edge.slice(OF_A_LINK.length);

/** Adds, changes and removes cells until they are those of the document. @param {Editor} editor @param {Scenario} doc */
export function syncCells(editor, doc) {
  const { graph, cards } = editor;
  const wanted = new Set([...doc.nodes.map(({ id }) => id), ...doc.links.map(({ id }) => edgeId(id))]);
  for (const cell of graph.getCells()) if (!wanted.has(cell.id)) graph.removeCell(cell, /** @type {any} */ ({ fromDocument: true }));
  for (const id of [...cards.keys()]) if (!graph.getCellById(id)) cards.delete(id);
  for (const node of doc.nodes) syncNode(editor, node);
  for (const link of doc.links) syncLink(editor, link);
}

/** @param {Editor} editor @param {NodeEntry} node */
function syncNode({ graph, cards, at, stage }, node) {
  const rect = cardRect(at.get(node.id) ?? { x: 0, y: 0 });
  let cell = /** @type {any} */ (graph.getCellById(node.id));
  if (cell && cards.get(node.id)?.node.type !== node.type) {
    graph.removeCell(cell);
    cell = null;
  }
  if (!cell) cell = graph.addNode({ id: node.id, shape: NODE, x: rect.x, y: rect.y, zIndex: 2 });
  else cell.position(rect.x, rect.y, { fromDocument: true });
  const group = /** @type {SVGElement} */ (graph.findViewByCell(cell)?.container);
  const card = cards.get(node.id);
  if (!card || card.group !== group) cards.set(node.id, new Card(group, node, stage.typeInfo(node.type)));
  else card.update(node);
}

/** @param {Editor} editor @param {LinkEntry} link */
function syncLink({ graph, at }, link) {
  if (!at.has(link.a) || !at.has(link.b)) return;
  const old = /** @type {any} */ (graph.getCellById(edgeId(link.id)));
  if (!old) graph.addEdge({ id: edgeId(link.id), shape: EDGE, source: { cell: link.a }, target: { cell: link.b }, zIndex: 1 });
  else {
    if (old.getSourceCellId() !== link.a) old.setSource({ cell: link.a });
    if (old.getTargetCellId() !== link.b) old.setTarget({ cell: link.b });
  }
  const group = graph.findViewByCell(edgeId(link.id))?.container;
  if (group) /** @type {SVGElement} */ (group).dataset.link = link.id;
}
