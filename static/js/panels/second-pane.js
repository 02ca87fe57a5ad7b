/** On wide screens a second pane beside the first: which panel it shows is chosen there, and remembered. */

import { $, h } from "../dom.js";

const KEPT = "netsplit:beside";
const WIDE = matchMedia("(min-width: 1280px)");
const FIRST = "tab-verdicts";

/** @param {(id: string) => void} showTab @param {() => void} moved panels have another place or size */
export function secondPane(showTab, moved) {
  const pane = $("#second-pane");
  const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ ($("#second-choice")));
  const open = $("#second-open");
  const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-beside]")]);
  let chosen = kept(tabs);
  select.replaceChildren(...tabs.map((tab) => h("option", { value: tab.id }, tab.dataset.beside ?? "")));

  const place = () => {
    const beside = WIDE.matches ? chosen : "";
    const current = document.querySelector('#dock-tabs [aria-selected="true"]')?.id ?? "";
    const swapped = tabs.find((tab) => tab.hidden)?.id;
    for (const tab of tabs) {
      const panel = $(`#${tab.getAttribute("aria-controls")}`);
      tab.hidden = tab.id === beside;
      if (tab.hidden) $("#second").append(panel);
      else if (panel.parentElement?.id === "second") $("#first").append(panel);
      panel.hidden = !tab.hidden && tab.id !== current;
    }
    pane.hidden = !beside;
    $("#panes").classList.toggle("alone", !beside);
    open.hidden = Boolean(beside) || !WIDE.matches;
    select.value = beside || chosen || FIRST;
    pane.dataset.shows = beside.replace("tab-", "");
    if (current === beside && beside) showTab(swapped && swapped !== beside ? swapped : tabs.find((tab) => !tab.hidden)?.id ?? "");
    moved();
  };
  const choose = (/** @type {string} */ id) => {
    chosen = id;
    try { localStorage.setItem(KEPT, id); } catch { /* a browser that keeps nothing shows what it always shows */ }
    place();
  };
  select.onchange = () => choose(select.value);
  $("#second-close").onclick = () => {
    choose("");
    open.focus();
  };
  open.onclick = () => {
    choose(FIRST);
    select.focus();
  };
  WIDE.addEventListener("change", place);
  place();
}

/** @param {HTMLElement[]} tabs */
function kept(tabs) {
  let id = null;
  try { id = localStorage.getItem(KEPT); } catch { /* as if nobody had chosen */ }
  return id === "" || tabs.some((tab) => tab.id === id) ? id ?? FIRST : FIRST;
}
