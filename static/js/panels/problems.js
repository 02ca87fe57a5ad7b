/** What keeps the scenario from running, or is hardly meant: in words, with the way there, and the remedy where there is one. */

import { $, h, icon } from "../dom.js";
import { formOf, placeOf, problemsOf } from "../document/problems.js";
import { removeFault } from "../document/removal.js";
import { aboutFaults, faultWords } from "./fault-words.js";
import { fixWords, problemWords } from "./problem-words.js";
import { t } from "./words.js";

const SETTLE_MS = 200;
const FORM_LOOKS_MAX = 60;
const FORM_LOOK_MS = 50;
/** @typedef {{severity: "mistake" | "warning", message: string, where: string, place: string | null, field: string, fix?: {words: string, made: (doc: Scenario) => Scenario}}} Row */

/** @param {Stage} stage @param {Editor} editor */
export function problems(stage, editor) {
  const host = $("#p-problems");
  const count = $("#problem-count");
  let shown = "";
  const draw = () => {
    const rows = rowsOf(stage);
    const key = JSON.stringify(rows);
    if (key === shown) return;
    shown = key;
    const bad = rows.some(({ severity }) => severity === "mistake");
    count.hidden = !rows.length;
    count.textContent = String(rows.length);
    count.className = `n ${bad ? "bad" : "warn"}`;
    const focused = host.contains(document.activeElement);
    if (rows.length) host.replaceChildren(h("ul", { class: "pbs" }, ...rows.map((row) => rowOf(stage, editor, row))));
    else host.replaceChildren(h("p", { class: "note" }, h("b", {}, t("No problems")), t("What keeps the scenario from running, or is hardly meant, is listed here.")));
    if (focused) (/** @type {HTMLElement | null} */ (host.querySelector("button")) ?? $("#tab-problems")).focus();
  };
  let timer = 0;
  stage.on("document", () => {
    clearTimeout(timer);
    timer = window.setTimeout(draw, SETTLE_MS);
  });
  stage.on("mistakes", draw);
  draw();
}

/** @param {Stage} stage @returns {Row[]} */
function rowsOf(stage) {
  const { base: doc } = stage;
  const told = stage.mistakes.map((mistake) => toldRow(doc, mistake));
  const own = problemsOf(doc, (type) => stage.typeInfo(type)).map((problem) => {
    const fault = problem.place?.startsWith("fault:") ? doc.faults?.[Number(problem.place.slice(6))] : undefined;
    const words = fault ? { ...problem.values, what: faultWords(doc, fault) } : problem.values;
    const fix = problem.fix ? { words: fixWords(problem.fix), made: problem.fix.made } : undefined;
    return /** @type {Row} */ ({ severity: "warning", message: problemWords(problem.rule, words), where: "", place: problem.place, field: problem.field ?? "", fix });
  });
  return [...told.filter(({ severity }) => severity === "mistake"), ...told.filter(({ severity }) => severity === "warning"), ...own];
}

/** @param {Scenario} doc @param {Mistake} mistake @returns {Row} */
function toldRow(doc, { path, message, doubtful }) {
  const { place, field } = placeOf(doc, path);
  const index = place?.startsWith("fault:") ? Number(place.slice(6)) : -1;
  const fault = doc.faults?.[index];
  const fix = fault ? { words: t("Remove the fault"), made: (/** @type {Scenario} */ now) => removeFault(now, index) } : undefined;
  return { severity: doubtful ? "warning" : "mistake", message: aboutFaults(doc, message), where: fault ? faultWords(doc, fault) : path, place, field, fix };
}

/** @param {Stage} stage @param {Editor} editor @param {Row} row */
function rowOf(stage, editor, { severity, message, where, place, field, fix }) {
  const glyph = icon(severity === "mistake" ? "i-fail" : "i-warn");
  const word = h("span", { class: "vh" }, severity === "mistake" ? t("Mistake:") : t("Warning:"));
  const words = h("span", {}, word, h("b", {}, message), ...(where ? [h("code", {}, where)] : []));
  const box = h(place ? "button" : "div", { class: `pb${severity === "warning" ? " doubt" : ""}` }, glyph, words);
  if (place) box.onclick = () => reveal(stage, editor, place, field);
  const row = h("li", {}, box);
  if (fix) {
    const button = h("button", { class: "b line fix" }, fix.words);
    button.onclick = () => {
      if (stage.store.change(fix.words, fix.made(stage.base))) stage.emit("toast", { text: `${fix.words}.`, undo: true });
    };
    row.append(button);
  }
  return row;
}

/** Selects the part, brings it into view, and puts the focus on the field in question. @param {Stage} stage @param {Editor} editor @param {string} place @param {string} field */
async function reveal(stage, editor, place, field) {
  stage.show(null); // its parts go by their place in the scenario as drawn
  stage.select([place]);
  intoView(stage, editor, place);
  const opener = [...document.querySelectorAll('[data-sheet="right"]')].find((button) => button instanceof HTMLElement && button.offsetParent !== null);
  if (opener instanceof HTMLElement && !$("#right").classList.contains("open")) opener.click();
  if (!field) return;
  $("#tab-params").click();
  for (let i = 0; i < FORM_LOOKS_MAX; i++) {
    const input = document.body.dataset.inspector === formOf(place) ? document.getElementById(`f-${field}`) : null;
    if (input) {
      input.closest("details")?.setAttribute("open", "");
      return input.focus();
    }
    await new Promise((done) => { setTimeout(done, FORM_LOOK_MS); });
    if (!stage.selection.has(place)) return;
  }
}

/** @param {Stage} stage @param {Editor} editor @param {string} place */
function intoView(stage, editor, place) {
  const link = stage.doc.links.find(({ id }) => id === place);
  const p = editor.at.get(link ? link.a : place);
  if (!p) return;
  const { scale, x, y } = editor.transform;
  const { clientWidth: width, clientHeight: height } = editor.host;
  const [left, top] = [p.x * scale + x, p.y * scale + y];
  if (left > 40 && top > 40 && left < width - 40 && top < height - 40) return;
  editor.graph.translate(width / 2 - p.x * scale, height / 2 - p.y * scale);
}
