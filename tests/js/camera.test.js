import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting, opening, zoomed } from "../../static/js/editor/camera.js";

const LEAST = 0.2;
const PHONE = { width: 390, height: 377 };
const DESKTOP = { width: 900, height: 480 };

/** The sides of a rectangle as they are seen. */
function seen({ x, y, width, height }, view) {
  return { left: x * view.scale + view.x, top: y * view.scale + view.y, right: (x + width) * view.scale + view.x, bottom: (y + height) * view.scale + view.y };
}

test("all of a topology fits a phone, clear of the tools above it and of the legend below", () => {
  for (const tools of [false, true]) for (const box of [{ x: -40, y: 30, width: 1250, height: 420 }, { x: 0, y: 0, width: 400, height: 1000 }, { x: 9, y: 9, width: 120, height: 40 }]) {
    const { left, top, right, bottom } = seen(box, fitting(box, PHONE, tools, LEAST, false));
    assert.ok(left >= 0 && right <= PHONE.width && top >= 52 && bottom <= PHONE.height - 60, JSON.stringify({ left, top, right, bottom }));
  }
});

test("a phone opens with the beginning of a topology in readable size, a larger screen with all of it", () => {
  const box = { x: 100, y: 50, width: 1250, height: 420 };
  const phone = fitting(box, PHONE, false, opening(PHONE.width, LEAST), false);
  assert.equal(phone.scale, 0.72);
  assert.equal(seen(box, phone).left, 16);
  const { left, right } = seen(box, fitting(box, DESKTOP, false, opening(DESKTOP.width, LEAST), false));
  assert.ok(left >= 0 && right <= DESKTOP.width);
});

test("zooming leaves what is under the pointer where it is, within the limits", () => {
  const about = { x: 120, y: 80 };
  const before = { scale: 1, x: 10, y: 20 };
  const after = zoomed(before, 1.2, about, LEAST);
  assert.ok(Math.abs((about.x - after.x) / after.scale - (about.x - before.x) / before.scale) < 1e-9);
  assert.equal(zoomed(before, 100, about, LEAST).scale, 2.5);
  assert.equal(zoomed(before, 0.001, about, LEAST).scale, LEAST);
});
