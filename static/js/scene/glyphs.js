/** The six shapes of messages as canvas paths; every dot of one role goes into one path. */

/** @type {Record<string, (path: CanvasRenderingContext2D, x: number, y: number, k: number) => void>} */
export const SHAPES = {
  request(c, x, y, k) {
    c.moveTo(x + 5 * k, y);
    c.arc(x, y, 5 * k, 0, 6.2832);
  },
  reply(c, x, y, k) {
    c.moveTo(x + 4.2 * k, y);
    c.arc(x, y, 4.2 * k, 0, 6.2832);
  },
  replication(c, x, y, k) {
    c.rect(x - 4.6 * k, y - 4.6 * k, 9.2 * k, 9.2 * k);
  },
  heartbeat(c, x, y, k) {
    c.moveTo(x - 4.5 * k, y);
    c.lineTo(x + 4.5 * k, y);
    c.moveTo(x, y - 4.5 * k);
    c.lineTo(x, y + 4.5 * k);
  },
  vote(c, x, y, k) {
    c.moveTo(x, y - 5.6 * k);
    c.lineTo(x + 5.6 * k, y + 4.6 * k);
    c.lineTo(x - 5.6 * k, y + 4.6 * k);
    c.closePath();
  },
  event(c, x, y, k) {
    c.moveTo(x, y - 6.2 * k);
    c.lineTo(x + 6.2 * k, y);
    c.lineTo(x, y + 6.2 * k);
    c.lineTo(x - 6.2 * k, y);
    c.closePath();
  },
};

/** Roles drawn as lines rather than filled. */
export const HOLLOW = new Set(["reply"]);
export const STROKED = new Set(["heartbeat"]);

/** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} k */
export function cross(c, x, y, k) {
  c.moveTo(x - 4 * k, y - 4 * k);
  c.lineTo(x + 4 * k, y + 4 * k);
  c.moveTo(x + 4 * k, y - 4 * k);
  c.lineTo(x - 4 * k, y + 4 * k);
}
