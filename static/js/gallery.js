/** The gallery: pictures, and finding by words. */

import { $ } from "./dom.js";
import { drawAll } from "./panels/picture.js";

drawAll();
for (const span of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-ms]")])) span.textContent = `${Number(span.dataset.ms) / 1000}\u2009s`;
const field = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#find")));
const found = $("#found");
const nothing = document.getElementById("nothing");
const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-words]")]);
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const card of cards) card.hidden = !words.every((word) => card.dataset.words?.toLowerCase().includes(word));
  for (const chapter of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".chapter"))) chapter.hidden = !chapter.querySelector("[data-words]:not([hidden])");
  const n = cards.filter((card) => !card.hidden).length;
  found.textContent = n === 1 ? found.dataset.one ?? "" : (found.dataset.many ?? "").replace("{n}", String(n));
  if (!nothing) return;
  nothing.hidden = n > 0;
  $("#sought").textContent = field.value.trim();
});
document.getElementById("find-all")?.addEventListener("click", () => {
  field.value = "";
  field.dispatchEvent(new Event("input"));
  field.focus();
});
