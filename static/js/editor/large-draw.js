/** A large topology on a canvas: links as one path, cards as few; with less room there is less on each of them. */

import { CARD } from "../document/places.js";

/** From this scale on cards carry their line of state, and from this on their names. */
const LINE_SCALE = 0.62;
const NAME_SCALE = 0.3;
const NAME_MAX = 13;
const LINE_MAX = 15;
const RADIUS = 6;

/**
 * @typedef {{id: string, x: number, y: number, title: string, line: string, bar: number | null, up: boolean, ill: boolean, selected: boolean}} LargeCard
 * @typedef {{x1: number, y1: number, x2: number, y2: number, cut: boolean, selected: boolean}} LargeLink
 */

/** Only what is in view. @param {{x: number, y: number}} p @param {{scale: number, x: number, y: number}} at @param {number} width @param {number} height */
export function inView(p, at, width, height) {
  const [x, y] = [p.x * at.scale + at.x, p.y * at.scale + at.y];
  const [w, h] = [(CARD.width / 2 + 8) * at.scale, (CARD.height / 2 + 8) * at.scale];
  return x > -w && y > -h && x < width + w && y < height + h;
}

/** @param {string} text @param {number} max */
function short(text, max) { return text.length > max ? `${text.slice(0, max - 1)}…` : text; }

/** @param {CanvasRenderingContext2D} context @param {LargeLink[]} links @param {Record<string, string>} colours @param {number} scale */
export function drawLinks(context, links, colours, scale) {
  const kinds = /** @type {[(link: LargeLink) => boolean, string, number, number[]][]} */ ([
    [(link) => !link.cut && !link.selected, colours.edge, 1.3, []],
    [(link) => link.cut && !link.selected, colours.cut, 1.3, [4, 4]],
    [(link) => link.selected, colours.accent, 2.5, []],
  ]);
  for (const [belongs, colour, width, dash] of kinds) {
    context.beginPath();
    for (const link of links) {
      if (!belongs(link)) continue;
      context.moveTo(link.x1, link.y1);
      context.lineTo(link.x2, link.y2);
    }
    context.strokeStyle = colour;
    context.lineWidth = width / Math.max(scale, 0.35);
    context.setLineDash(dash.map((length) => length / scale));
    context.stroke();
  }
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {LargeCard[]} cards @param {Record<string, string>} colours @param {number} scale */
export function drawCards(context, cards, colours, scale) {
  const thin = 1 / Math.max(scale, NAME_SCALE);
  const ground = scale < NAME_SCALE ? colours.block : colours.surface; // a border alone would be lost
  outline(context, cards.filter((card) => card.up && !card.ill), ground, colours.line, thin, []);
  outline(context, cards.filter((card) => card.up && card.ill), ground, colours.warn, thin * 1.8, []);
  const down = cards.filter((card) => !card.up);
  outline(context, down, colours.surface, colours.down, thin * 1.5, [5, 3]);
  crosses(context, down, colours.down, thin * 1.5);
  outline(context, cards.filter((card) => card.selected), "", colours.accent, 2.5 / Math.max(scale, 0.3), []);
  bars(context, cards, colours);
  if (scale < NAME_SCALE) return;
  context.textBaseline = "alphabetic";
  context.fillStyle = colours.text;
  context.font = `600 13px ${colours.ui}`;
  const lower = scale < LINE_SCALE ? 5 : -4;
  for (const card of cards) context.fillText(short(card.title, NAME_MAX), card.x - CARD.width / 2 + 12, card.y + lower);
  if (scale < LINE_SCALE) return;
  context.fillStyle = colours.quiet;
  context.font = `400 10px ${colours.mono}`;
  for (const card of cards) context.fillText(short(card.line, LINE_MAX), card.x - CARD.width / 2 + 12, card.y + 10);
}

/** @param {CanvasRenderingContext2D} context @param {LargeCard[]} cards @param {string} fill "" for none @param {string} stroke @param {number} width @param {number[]} dash */
function outline(context, cards, fill, stroke, width, dash) {
  if (!cards.length) return;
  context.beginPath();
  for (const { x, y } of cards) context.roundRect(x - CARD.width / 2, y - CARD.height / 2, CARD.width, CARD.height, RADIUS);
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

/** Down is told by a cross at the right, not by the colour of the border alone. @param {CanvasRenderingContext2D} context @param {LargeCard[]} cards @param {string} colour @param {number} width */
function crosses(context, cards, colour, width) {
  context.beginPath();
  for (const { x, y } of cards) {
    const [right, size] = [x + CARD.width / 2 - 16, 7];
    context.moveTo(right - size, y - size);
    context.lineTo(right + size, y + size);
    context.moveTo(right + size, y - size);
    context.lineTo(right - size, y + size);
  }
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

/** How full what fills up is. @param {CanvasRenderingContext2D} context @param {LargeCard[]} cards @param {Record<string, string>} colours */
function bars(context, cards, colours) {
  for (const { x, y, bar, up } of cards) {
    if (!bar || !up) continue;
    context.fillStyle = bar >= 0.9 ? colours.full : colours.load;
    context.fillRect(x - CARD.width / 2 + 1, y + CARD.height / 2 - 5, Math.min(1, bar) * (CARD.width - 2), 4);
  }
}

/** The name of what is pointed at, where it is too small to be read. @param {CanvasRenderingContext2D} context @param {string} words @param {number} x @param {number} y @param {Record<string, string>} colours */
export function drawLabel(context, words, x, y, colours) {
  context.font = `500 12px ${colours.ui}`;
  const width = context.measureText(words).width + 14;
  context.beginPath();
  context.roundRect(x - width / 2, y - 24, width, 20, 4);
  context.fillStyle = colours.surface;
  context.fill();
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = colours.text;
  context.textBaseline = "middle";
  context.fillText(words, x - width / 2 + 7, y - 13.5);
}
