/** The top bar: title, saved state, undo, status in words, seed, duration, Run and Stop. */

import { $, h, icon } from "../dom.js";
import { variants } from "./variants.js";
import { t, ordinal } from "./words.js";

/** @param {Stage} stage */
export function runBar(stage) {
  const run = $("#run");
  run.addEventListener("click", () => (stage.stoppable ? stage.stop() : stage.start()));
  stage.on("run trouble document verdict", () => showStatus(stage));
  variants(stage);
  if (stage.mode === "edit") {
    titleField(stage);
    history(stage);
    runOptions(stage);
  }
  showStatus(stage);
}

/** The reason of an early end stands in the notice on the canvas. @param {Stage} stage @returns {[string, string, string]} class, glyph, words */
function statusWords(stage) {
  const { status, position } = stage.run;
  if (stage.trouble.startsWith("lost:")) return ["bad", "i-warn", t("Connection lost")];
  if (stage.trouble.startsWith("refused:")) return ["bad", "i-fail", stage.trouble.slice(8) || t("The run is not available")];
  if (status === "starting") return ["", "i-clock", t("Starting")];
  if (status === "queued") return ["", "i-clock", position && position > 0 ? t("Waiting for a worker, {place} in line", { place: ordinal(position) }) : t("Waiting for a worker")];
  if (status === "running") return ["", "i-play", t("Running, {p}%", { p: percent(stage) })];
  if (status === "limited") return ["warn", "i-warn", t("Limited")];
  if (status === "stopped") return ["unk", "i-stop", t("Stopped")];
  if (status === "failed") return ["bad", "i-fail", t("Failed")];
  if (status === "finished") return stage.outdated ? ["warn", "i-warn", t("Changed since this run")] : ["ok", "i-check", t("Finished")];
  return ["", "i-info", t("Not run yet")];
}

/** @param {Stage} stage */
function percent(stage) {
  const whole = stage.end_ns / 1e6 || 1;
  return Math.min(99, Math.floor((100 * (stage.run.simulated_ms ?? 0)) / whole));
}

/** @param {Stage} stage */
function showStatus(stage) {
  const [kind, glyph, words] = statusWords(stage);
  const chip = $("#chip");
  const key = `${kind}|${words}`;
  if (chip.dataset.key !== key) {
    chip.dataset.key = key;
    chip.className = `chip ${kind}`;
    chip.replaceChildren(icon(glyph), h("span", {}, words));
  }
  chip.title = stage.over && stage.run.reason ? `${words}: ${stage.run.reason}` : words;
  document.body.dataset.run = stage.run.status;
  document.body.dataset.digest = stage.run.digest ?? "";
  document.body.dataset.viewing = stage.viewing ?? "";
  const doc = stage.ran ?? stage.doc;
  const facts = [`${(stage.end_ns / 1e9).toFixed(3)}\u2009s`];
  if (stage.trace) facts.push(t("{n} messages", { n: stage.trace.messages.length.toLocaleString() }));
  facts.push(t("seed {n}", { n: doc.seed }));
  $("#facts").textContent = facts.join(" · ");
  showButton(stage);
  showProgress(stage);
  showNotice(stage);
}

/** Runs, or stops what this visitor has run; where neither would do anything it says so. @param {Stage} stage */
function showButton(stage) {
  const button = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#run")));
  const { stoppable, underWay } = stage;
  if (button.dataset.as !== String(stoppable)) {
    button.dataset.as = String(stoppable);
    button.replaceChildren(icon(stoppable ? "i-stop" : "i-play"), h("span", {}, stoppable ? t("Stop") : t("Run")));
  }
  button.disabled = underWay;
  button.title = underWay ? t("Under way already, for everybody who watches it") : "";
}

/** @param {Stage} stage */
function showProgress(stage) {
  const line = $("#progress");
  line.hidden = !stage.running;
  line.style.setProperty("--done", String(Math.max(0.03, percent(stage) / 100)));
}

/** @param {Stage} stage */
function showNotice(stage) {
  const notice = $("#notice");
  let words = "";
  if (stage.trouble.startsWith("lost:")) words = t("Lost the connection. Your work is kept here; trying again in {n}\u2009s.", { n: stage.trouble.slice(5) });
  else if (stage.run.status === "limited") words = t("The run ended early: {reason}", { reason: stage.run.reason ?? "" });
  else if (stage.run.status === "finished") words = stage.run.reason ?? "";
  else if (stage.run.status === "failed") words = t("The run failed: {reason}. Your scenario is kept.", { reason: (stage.run.reason ?? "").replace(/\.$/, "") });
  const bad = stage.trouble !== "" || stage.run.status === "failed";
  if (notice.dataset.words === words) return;
  notice.dataset.words = words;
  notice.hidden = !words;
  notice.className = `notice${bad ? " bad" : ""}`;
  notice.replaceChildren(icon("i-warn"), h("span", {}, words));
}

/** @param {Stage} stage */
function titleField(stage) {
  const field = /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($("#title")));
  field.addEventListener("change", () => {
    const title = field.value.trim() || t("Untitled scenario");
    stage.store.change(t("Rename to {title}", { title }), { ...stage.base, title });
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") field.blur(); });
  stage.on("document", () => {
    if (document.activeElement !== field) field.value = stage.base.title;
    $("#heading").textContent = stage.base.title;
    document.title = `${stage.base.title} · Netsplit`;
  });
}

/** @param {Stage} stage */
function history(stage) {
  const undo = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#undo")));
  const redo = /** @type {HTMLButtonElement} */ (/** @type {unknown} */ ($("#redo")));
  const show = () => {
    const { undoLabel, redoLabel } = stage.store;
    undo.disabled = undoLabel === null;
    redo.disabled = redoLabel === null;
    undo.setAttribute("aria-label", undoLabel ? t("Undo: {what}", { what: undoLabel }) : t("Undo"));
    redo.setAttribute("aria-label", redoLabel ? t("Redo: {what}", { what: redoLabel }) : t("Redo"));
    undo.title = undo.getAttribute("aria-label") ?? "";
    redo.title = redo.getAttribute("aria-label") ?? "";
  };
  undo.onclick = () => stage.history("undo");
  redo.onclick = () => stage.history("redo");
  stage.on("document", show);
  show();
}

/** @param {Stage} stage */
function runOptions(stage) {
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {unknown} */ ($("#run-dialog")));
  const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (/** @type {unknown} */ ($(id)));
  $("#run-options").onclick = () => {
    field("#seed").value = String(stage.doc.seed);
    field("#duration").value = String(stage.doc.duration_ms / 1000);
    field("#settle").value = String((stage.doc.settle_ms ?? 0) / 1000);
    dialog.showModal();
  };
  const apply = (/** @type {string} */ id, /** @type {"seed" | "duration_ms" | "settle_ms"} */ key, /** @type {number} */ scale, /** @type {string} */ label) => {
    field(id).addEventListener("change", () => {
      const value = Math.round(Number(field(id).value) * scale);
      if (!field(id).validity.valid || !Number.isFinite(value)) return field(id).reportValidity();
      return stage.store.change(label, { ...stage.base, [key]: value });
    });
  };
  apply("#seed", "seed", 1, t("Change the seed"));
  apply("#duration", "duration_ms", 1000, t("Change the duration"));
  apply("#settle", "settle_ms", 1000, t("Change the settling time"));
  $("#run-from-dialog").onclick = () => { dialog.close(); if (!stage.underWay) stage.start(); };
}
