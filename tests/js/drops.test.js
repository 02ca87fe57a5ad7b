import assert from "node:assert/strict";
import { test } from "node:test";
import { bandsOf } from "../../static/js/editor/sides.js";
import { DropMarks } from "../../static/js/scene/drops.js";
import { beforeBand, offCards } from "../../static/js/scene/stops.js";

const BAND = { x: 290, y: 0, width: 20, height: 400, horizontal: false };

test("a message stops on its own side of the cut, wherever on the way the cut lies", () => {
  const [there, back] = [Float64Array.of(200, 100, 600, 100), Float64Array.of(600, 100, 200, 100)];
  assert.equal(200 + 400 * (beforeBand(there, [BAND]) ?? 0), 280);
  assert.equal(600 - 400 * (beforeBand(back, [BAND]) ?? 0), 320);
  const slanted = Float64Array.of(200, 0, 400, 200);
  const stop = beforeBand(slanted, [BAND]) ?? 0;
  assert.ok(200 + 200 * stop < 290 && 200 + 200 * stop > 275);
  const down = Float64Array.of(50, 100, 50, 300);
  assert.equal(100 + 200 * (beforeBand(down, [{ x: 0, y: 190, width: 400, height: 20, horizontal: true }]) ?? 0), 180);
  assert.equal(beforeBand(Float64Array.of(0, 0, 100, 0), [BAND]), null);
});

test("the band between two sides follows where the nodes stand", () => {
  const at = new Map([["a", { x: 100, y: 100 }], ["b", { x: 500, y: 100 }]]);
  const [band] = bandsOf([["a"], ["b"]], at, { nodes: [], links: [] });
  assert.equal(band.horizontal, false);
  assert.equal(band.x + band.width / 2, 300);
});

test("a drop never stands on a card that its way passes under", () => {
  const way = Float64Array.of(0, 100, 600, 100);
  assert.equal(offCards(way, 0.5, []), 0.5);
  const f = offCards(way, 0.5, [{ x: 300, y: 110 }]);
  assert.ok(600 * f < 300 - 64 - 9);
});

test("the reason of a drop is written clear of cards, other reasons and the edge, and equal ones near each other once", () => {
  const drops = new DropMarks();
  const card = { x: 410, y: 80, width: 128, height: 44 };
  drops.add(400, 100, "node down", 300);
  drops.add(396, 110, "node down", 300);
  drops.add(400, 60, "refused", 300);
  drops.add(20, 300, "lost", 300);
  drops.add(30, 300, "lost", -300);
  drops.settle([card], { width: 800, height: 400 }, () => 70);
  assert.deepEqual(drops.pills.map(({ reason, count }) => [reason, count]), [["node down", 2], ["refused", 1], ["lost", 1], ["lost", 1]]);
  const boxes = [...drops.pills.map(({ box }) => box), card];
  for (const [i, a] of boxes.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0);
    for (const b of boxes.slice(0, i)) assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y);
  }
});
