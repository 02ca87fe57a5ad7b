/** The graph widget: it draws what the document says and reports gestures; it decides nothing. */

import { Config, Graph } from "@antv/x6";
import { CARD } from "../document/places.js";

const NODE = "netsplit-node";
const EDGE = "netsplit-edge";

Config.autoInsertCSS = false;

function register() {
  const port = (/** @type {string} */ position) => ({ position, attrs: { circle: { r: 4, magnet: true, class: "port" } } });
  Graph.registerNode(NODE, {
    width: CARD.width, height: CARD.height,
    markup: [
      { tagName: "rect", selector: "copies", className: "copies" },
      { tagName: "rect", selector: "body", className: "box" },
      { tagName: "g", selector: "content", className: "content" },
    ],
    attrs: {
      body: { refWidth: "100%", refHeight: "100%", rx: 6, ry: 6 },
      copies: { x: 4, y: 4, width: CARD.width, height: CARD.height, rx: 6, ry: 6 },
    },
    ports: {
      groups: { top: port("top"), right: port("right"), bottom: port("bottom"), left: port("left") },
      items: ["top", "right", "bottom", "left"].map((group) => ({ id: group, group })),
    },
  }, true);
  Graph.registerEdge(EDGE, {
    inherit: "edge",
    markup: [
      { tagName: "path", selector: "wrap", className: "wrap", attrs: { fill: "none" } },
      { tagName: "path", selector: "line", className: "edge", attrs: { fill: "none", "pointer-events": "none" } },
    ],
    attrs: { line: { connection: true, targetMarker: null, sourceMarker: null }, wrap: { connection: true } },
    zIndex: 1,
  }, true);
}

/**
 * @param {HTMLElement} container
 * @param {boolean} editable
 * @param {{guard: () => boolean, mayLink: (a: string, b: string) => boolean}} ask guard: whether a press is somebody else's
 */
export function makeGraph(container, editable, { guard, mayLink }) {
  register();
  return new Graph({
    container, async: false, autoResize: true, grid: { size: 8, visible: false },
    panning: { enabled: true, eventTypes: ["leftMouseDown", "mouseWheel"] },
    mousewheel: { enabled: true, modifiers: ["ctrl", "meta"], factor: 1.1, minScale: 0.2, maxScale: 2.5 },
    scaling: { min: 0.2, max: 2.5 },
    guard,
    // Cards are moved by the editor, along guides and together.
    interacting: editable ? { nodeMovable: false, edgeMovable: false, edgeLabelMovable: false, magnetConnectable: true } : false,
    // A link may be dropped anywhere on a card or near it; why one cannot be is said by the editor.
    connecting: {
      allowBlank: false, allowLoop: false, allowMulti: true, allowEdge: false, allowNode: true, allowPort: true, snap: { radius: 24, anchor: "bbox" }, highlight: true,
      connector: "normal", router: "normal", anchor: "nodeCenter", connectionPoint: "anchor",
      createEdge() { return this.createEdge({ shape: EDGE }); },
      validateMagnet: () => editable,
      validateConnection: ({ sourceCell, targetCell }) => Boolean(sourceCell && targetCell && mayLink(sourceCell.id, targetCell.id)),
    },
    highlighting: { magnetAvailable: { name: "className", args: { className: "available" } }, magnetAdsorbed: { name: "className", args: { className: "target" } } },
    moveThreshold: 3, clickThreshold: 3,
  });
}

/** @param {Point} centre */
export function cardRect(centre) {
  return { x: centre.x - CARD.width / 2, y: centre.y - CARD.height / 2, width: CARD.width, height: CARD.height };
}

export { NODE, EDGE };
