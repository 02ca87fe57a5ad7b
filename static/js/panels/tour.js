/** Two minutes for a newcomer: what the dots mean, and what to do next. Shown once, open again at any time. */

import { $, h } from "../dom.js";
import { mark } from "./marks.js";
import { roleWord } from "./describe.js";
import { t } from "./words.js";

const KEY = "netsplit:tour";

/** @returns {{at: string, head: string, words: string, dots?: boolean}[]} */
function steps() {
  return [
    { at: "#canvas", head: t("Machines and links"), words: t("Each card is a machine or a group of machines, each line a network link. Clients on the left ask; the others answer.") },
    { at: "#run", head: t("Run"), words: t("Run simulates the whole scenario, every message of it. Playback starts while the rest is still being computed.") },
    { at: "#legend", head: t("What the dots mean"), words: t("Every dot is one message on its way. The shape says what it is:"), dots: true },
    { at: ".transport", head: t("Time is yours"), words: t("Play, pause, step event by event, or drag the playhead. Smart speed slows down so that single messages can be followed.") },
    { at: "#right", head: t("Break something"), words: t("Move the playhead, select a node or a link, and crash it or cut it off. The run is taken again from there: the same past, another future. Undo brings it back.") },
    { at: ".panes", head: t("What follows from it"), words: t("Events lists everything that happened, Charts shows throughput and latency, Verdicts says what the run proves or refutes.") },
    { at: "#share", head: t("Share it"), words: t("One link carries the scenario, the run and the moment. Whoever opens it sees exactly this, and can remix it.") },
  ].filter(({ at }) => document.querySelector(at)?.getClientRects().length);
}

/** @param {Stage} stage */
export function tour(stage) {
  const coach = $("#coach");
  let list = steps();
  let at = 0;
  /** @type {HTMLElement | null} */
  let back = null;
  const close = () => {
    coach.hidden = true;
    document.querySelector(".spot")?.classList.remove("spot");
    try { localStorage.setItem(KEY, "seen"); } catch { /* shown again next time */ }
    back?.focus();
  };
  const show = () => {
    document.querySelector(".spot")?.classList.remove("spot");
    const step = list[at];
    const target = /** @type {HTMLElement} */ (document.querySelector(step.at));
    target.classList.add("spot");
    const next = h("button", { class: "b ink" }, at + 1 < list.length ? t("Next") : t("Done"));
    next.onclick = () => (at + 1 < list.length ? (at++, show()) : close());
    const previous = h("button", { class: "b line", disabled: at === 0 }, t("Back"));
    previous.onclick = () => { at--; show(); };
    const skip = h("button", { class: "b" }, t("Skip"));
    skip.onclick = close;
    coach.replaceChildren(h("h2", { id: "coach-title" }, step.head), h("p", {}, step.words), ...(step.dots ? [dots()] : []),
      h("div", { class: "foot" }, h("span", { class: "mut" }, t("{n} of {all}", { n: at + 1, all: list.length })), ...(at + 1 < list.length ? [skip] : []), previous, next));
    coach.hidden = false;
    place(coach, target);
    next.focus({ preventScroll: true });
  };
  const open = () => {
    list = steps();
    at = 0;
    back = /** @type {HTMLElement} */ (document.activeElement);
    show();
  };
  coach.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  const button = document.getElementById("tour-open");
  if (button) button.onclick = open;
  let seen = "seen";
  try { seen = localStorage.getItem(KEY) ?? ""; } catch { /* without storage the tour would come back each time */ }
  if (!seen && stage.mode === "edit") setTimeout(open, 400);
}

function dots() {
  const row = h("div", { class: "keyrow" });
  for (const role of ["request", "reply", "replication", "heartbeat", "vote", "event"]) row.append(h("span", {}, mark(role), roleWord(role)));
  row.append(h("span", {}, mark("drop"), t("Dropped, with its reason")));
  return row;
}

/** Beside the target, inside the window. @param {HTMLElement} coach @param {HTMLElement} target */
function place(coach, target) {
  const box = target.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = coach;
  const below = box.bottom + 12 + height < innerHeight && box.top < innerHeight / 2;
  const above = box.top - 12 - height > 0;
  const top = below ? box.bottom + 12 : above ? box.top - 12 - height : Math.max(12, box.top + 24);
  const left = Math.min(innerWidth - width - 12, Math.max(12, box.width > width * 1.5 ? box.left + (box.width - width) / 2 : box.left));
  const beside = !below && !above && box.left - width - 12 > 0 ? box.left - width - 12 : left;
  coach.style.left = `${beside}px`;
  coach.style.top = `${top}px`;
}

