/** A small map on phones, where only a part of the topology is in view; a press on it moves the view. */

import { bounds, CARD } from "../document/places.js";
import { s } from "../dom.js";

/** @param {Editor} editor */
export function minimap(editor) {
  const svg = /** @type {SVGSVGElement | null} */ (/** @type {unknown} */ (document.getElementById("minimap")));
  if (!svg) return;
  const frame = s("rect", { class: "mf", rx: 8 });
  const nodes = s("g");
  svg.append(nodes, frame);
  const draw = () => {
    if (!svg.clientWidth) return;
    const { scale, x, y } = editor.transform;
    const { clientWidth: width, clientHeight: height } = editor.host;
    const box = bounds(editor.stage.doc, editor.at);
    svg.setAttribute("viewBox", `${box.x - 60} ${box.y - 60} ${box.width + 120} ${box.height + 120}`);
    nodes.replaceChildren(...[...editor.at.values()].map((p) => s("rect", { class: "mn", x: p.x - CARD.width / 2, y: p.y - CARD.height / 2, width: CARD.width, height: CARD.height, rx: 8 })));
    for (const [name, value] of Object.entries({ x: -x / scale, y: -y / scale, width: width / scale, height: height / scale })) frame.setAttribute(name, String(value));
  };
  svg.addEventListener("pointerdown", (event) => {
    const matrix = svg.getScreenCTM();
    if (!matrix) return;
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const { scale } = editor.transform;
    editor.graph.translate(editor.host.clientWidth / 2 - p.x * scale, editor.host.clientHeight / 2 - p.y * scale);
  });
  editor.onMove(draw);
  draw();
}
