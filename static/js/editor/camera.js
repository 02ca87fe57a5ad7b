/** How large the canvas is shown, and where it begins. */

const PHONE_PX = 600;
/** On a phone a page opens with a part of the topology in readable size: it tells more than all of it too small to read. */
const READABLE = 0.72;
/** Where the words of the simplified view stand. */
const NOTE = 24;
const SCALE = { max: 2.5, fit: 1.1 };

/** How small a topology may be when a page opens. @param {number} width of the host @param {number} least how small it may become */
export function opening(width, least) { return width < PHONE_PX ? Math.max(READABLE, least) : least; }

/**
 * The view in which a rectangle fills a host of that size.
 * @param {Rect} box @param {{width: number, height: number}} size @param {boolean} tools whether there are tools at the left
 * @param {number} least how small it may become @param {boolean} noted whether the words of the simplified view stand above it
 * @returns {CanvasView}
 */
export function fitting(box, { width, height }, tools, least, noted) {
  const narrow = width < PHONE_PX;
  const short = height < 320;
  const pad = { left: narrow ? 16 : tools ? 64 : 32, right: narrow ? 16 : 32, top: (narrow && (tools || !short) ? 62 : short ? 14 : 44) + (noted ? NOTE : 0), bottom: short ? 14 : narrow ? 66 : 60 };
  const scale = Math.min(SCALE.fit, Math.max(least, Math.min((width - pad.left - pad.right) / box.width, (height - pad.top - pad.bottom) / box.height)));
  // What does not fit begins at its beginning: a card cut off at both sides tells nobody anything.
  const free = (/** @type {number} */ room) => Math.max(0, room) / 2;
  return { scale, x: pad.left + free(width - pad.left - pad.right - box.width * scale) - box.x * scale, y: pad.top + free(height - pad.top - pad.bottom - box.height * scale) - box.y * scale };
}

/** @param {CanvasView} view @param {number} factor @param {Point} about what stays where it is, in the host @param {number} least @returns {CanvasView} */
export function zoomed({ scale, x, y }, factor, about, least) {
  const next = Math.min(SCALE.max, Math.max(least, scale * factor));
  return { scale: next, x: about.x - ((about.x - x) / scale) * next, y: about.y - ((about.y - y) / scale) * next };
}
