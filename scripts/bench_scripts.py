"""What `bench_browser.py` runs in the page, frame by frame; the mouse stays out of it."""

from __future__ import annotations

PAN = """
async (frames) => {
  const graph = document.querySelector('#graph .x6-graph-svg');
  const place = () => document.querySelector('#graph .x6-graph-svg-viewport').getAttribute('transform');
  const box = graph.getBoundingClientRect();
  const next = () => new Promise((done) => requestAnimationFrame(done));
  const times = [await next()];
  for (let i = 0; i < frames; i++) {
    const before = place();
    const [deltaX, deltaY] = [12 * Math.cos(i / 20), 12 * Math.sin(i / 20)];
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, cancelable: true };
    graph.dispatchEvent(new WheelEvent('wheel', { deltaX, deltaY, ...at }));
    times.push(await next());
    if (place() === before) throw new Error('it does not pan');
  }
  return times;
}
"""
SCRUB = """
async (places) => {
  const bar = document.getElementById('scrub');
  const canvas = document.getElementById('messages');
  const box = bar.getBoundingClientRect();
  const next = () => new Promise((done) => requestAnimationFrame(done));
  const took = [];
  for (const place of places) {
    const [clientX, clientY] = [box.x + box.width * place, box.y + box.height / 2];
    const at = { clientX, clientY, pointerId: 1, button: 0, buttons: 1, bubbles: true };
    const before = canvas.dataset.playheadMs;
    const began = performance.now();
    bar.dispatchEvent(new PointerEvent('pointerdown', at));
    bar.dispatchEvent(new PointerEvent('pointerup', { ...at, buttons: 0 }));
    for (let i = 0; i < 300 && canvas.dataset.playheadMs === before; i++) await next();
    took.push(performance.now() - began);
    for (let i = 0; i < 10; i++) await next();
  }
  return took;
}
"""
DIVERGENCE = """
async (name) => {
  const canvas = document.getElementById('messages');
  const next = () => new Promise((done) => requestAnimationFrame(done));
  const began = performance.now();
  document.querySelector(`[data-break="${name}"]`).click();
  for (let i = 0; i < 1200; i++) {
    await next();
    if (+canvas.dataset.drops > 0) return performance.now() - began;
  }
  return null;
}
"""
COUNT_FRAMES = """
async (ms) => {
  const next = () => new Promise((done) => requestAnimationFrame(done));
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < ms) {
    await next();
    count += 1;
  }
  return count;
}
"""
