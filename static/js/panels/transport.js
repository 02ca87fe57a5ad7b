/** Playback: play and pause, steps, speed, and what belongs to them: jumps, loop, scrub bar. */

import { SPEEDS } from "../trace/playhead.js";
import { $, h, icon } from "../dom.js";
import { Jump } from "./jump.js";
import { Loop } from "./loop.js";
import { Scrub } from "./scrub.js";
import { t, seconds } from "./words.js";

/** Answers the parts, and what is to be called as the playhead moves. @param {Stage} stage */
export function transport(stage) {
  $("#play").onclick = () => stage.play(!stage.playhead.playing);
  $("#step-back").onclick = () => stage.step(-1);
  $("#step-on").onclick = () => stage.step(1);
  const jump = new Jump(stage);
  const loop = new Loop(stage);
  const speed = speedChoice(stage);
  const scrub = new Scrub(stage, /** @type {SVGSVGElement} */ (/** @type {unknown} */ ($("#scrub"))), loop);
  stage.on("trace chunk run verdict document", () => scrub.drawAll());
  stage.on("loop", () => scrub.drawLoop());
  stage.on("play", () => showPlay(stage));
  showPlay(stage);
  const tick = () => {
    $("#now").textContent = seconds(stage.playhead.t);
    $("#end").textContent = seconds(stage.trace?.end ?? stage.end_ns);
    scrub.drawHead();
    showPlay(stage);
  };
  return { jump, loop, speed, tick };
}

/** @param {Stage} stage */
function showPlay(stage) {
  const button = $("#play");
  const playing = stage.playhead.playing;
  if (button.dataset.as === String(playing)) return;
  button.dataset.as = String(playing);
  button.setAttribute("aria-label", playing ? t("Pause") : t("Play"));
  button.replaceChildren(icon(playing ? "i-pause" : "i-play"));
}

/** @param {Stage} stage */
function speedChoice(stage) {
  const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($("#speed")));
  const smart = $("#smart");
  select.replaceChildren(h("option", { value: "smart" }, t("auto")), ...SPEEDS.map((speed) => h("option", { value: speed }, `${speed}×`)));
  const set = (/** @type {number | "smart"} */ speed) => {
    stage.playhead.speed = speed;
    select.value = String(speed);
    smart.setAttribute("aria-pressed", String(speed === "smart"));
    try { localStorage.setItem("netsplit:speed", String(speed)); } catch { /* the choice lasts for this page only */ }
  };
  select.onchange = () => set(select.value === "smart" ? "smart" : Number(select.value));
  const automatic = /** @type {HTMLOptionElement} */ (select.options[0]);
  stage.on("tick", () => {
    const words = stage.playhead.speed === "smart" ? `${Number(stage.playhead.smart.toPrecision(1))}×` : t("auto");
    if (automatic.textContent !== words && document.activeElement !== select) automatic.textContent = words;
  });
  const toggle = () => set(stage.playhead.speed === "smart" ? 0.05 : "smart");
  smart.onclick = toggle;
  const kept = localStorage.getItem("netsplit:speed");
  set(kept && kept !== "smart" && SPEEDS.includes(Number(kept)) ? Number(kept) : "smart");
  /** The next speed of the list. @param {1 | -1} direction */
  const change = (direction) => {
    const now = stage.playhead.rate;
    const faster = SPEEDS.find((speed) => speed > now * 1.001);
    const slower = SPEEDS.findLast((speed) => speed < now / 1.001);
    set((direction > 0 ? faster : slower) ?? SPEEDS[direction > 0 ? SPEEDS.length - 1 : 0]);
    stage.emit("toast", { text: t("Speed {n}×", { n: Number(stage.playhead.speed) }) });
  };
  return { toggle, change };
}
