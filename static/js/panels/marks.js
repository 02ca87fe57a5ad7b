/** The message glyphs as small drawings for lists and legends. */

import { s } from "../dom.js";

/** @type {Record<string, [keyof SVGElementTagNameMap, Record<string, string | number>]>} */
const GLYPHS = {
  request: ["circle", { r: 5, fill: "currentColor" }],
  reply: ["circle", { r: 4.2, fill: "none", stroke: "currentColor", "stroke-width": 2.2 }],
  replication: ["rect", { x: -4.6, y: -4.6, width: 9.2, height: 9.2, rx: 1, fill: "currentColor" }],
  heartbeat: ["path", { d: "M-4.5 0h9M0-4.5v9", stroke: "currentColor", "stroke-width": 2.2, "stroke-linecap": "round" }],
  vote: ["path", { d: "M0-5.6 5.6 4.6H-5.6Z", fill: "currentColor" }],
  event: ["path", { d: "M0-6.2 6.2 0 0 6.2-6.2 0Z", fill: "currentColor" }],
  drop: ["path", { d: "m-4-4 8 8m0-8-8 8", stroke: "currentColor", "stroke-width": 2.2, "stroke-linecap": "round" }],
};

/** @param {string} role */
export function mark(role) {
  const known = GLYPHS[role];
  const svg = s("svg", { viewBox: "-6 -6 12 12", class: role, "aria-hidden": "true" });
  if (known) svg.append(s(known[0], known[1]));
  return svg;
}
