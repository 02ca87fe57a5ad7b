/** What the run proves: claims and checks as chips with words; a failure walks through its evidence, step by step. */

import { $, h, s, icon } from "../dom.js";
import { sideWords, signOf, unitOf, withUnit } from "../document/claim-words.js";
import { clientWords, whenWords } from "./walk.js";
import { t, seconds } from "./words.js";

/** @typedef {{title: string, verdict: string, words: string, claim: Node[], at_ms: number | null, evidence: EvidenceStep[]}} Result */

/** @type {Record<string, [string, string, string]>} class, glyph, word */
const LOOKS = { pass: ["ok", "i-pass", "Passed"], fail: ["bad", "i-fail", "Failed"], unknown: ["unk", "i-unk", "Unknown"] };

/** @param {string} verdict @param {string} [words] */
export function chip(verdict, words) {
  const [kind, glyph, word] = LOOKS[verdict] ?? LOOKS.unknown;
  return h("span", { class: `chip ${kind}` }, icon(glyph), words ?? t(word));
}

/** @param {Stage} stage @param {Walk} walk */
export function verdicts(stage, walk) {
  const host = $("#p-verdicts");
  const show = () => {
    const failed = results(stage).filter((result) => result.verdict === "fail").length;
    for (const count of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-failed]")])) {
      count.hidden = !failed;
      count.textContent = String(failed);
    }
    const top = host.parentElement?.scrollTop ?? 0;
    host.replaceChildren(...content(stage, walk));
    if (host.parentElement) host.parentElement.scrollTop = top;
    $("body").dataset.verdict = stage.verdict ? "ready" : "";
    showStep(host, walk);
  };
  stage.on("verdict run trace", show);
  stage.on("walk", () => showStep(host, walk));
  show();
}

/** The step that the canvas shows, in the list. @param {HTMLElement} host @param {Walk} walk */
function showStep(host, walk) {
  for (const button of host.querySelectorAll(".steps [aria-current]")) button.removeAttribute("aria-current");
  if (!walk.active) return;
  for (const list of host.querySelectorAll(".steps")) {
    if (list.getAttribute("data-steps") !== nameOf(walk.steps)) continue;
    list.children[walk.at]?.setAttribute("aria-current", "step");
    list.children[walk.at]?.scrollIntoView({ block: "nearest" });
    return;
  }
}

/** @param {EvidenceStep[]} evidence */
function nameOf(evidence) { return evidence.map((step) => step.op).join(); }

/** @param {Stage} stage @returns {Result[]} */
export function results(stage) {
  const { verdict } = stage;
  if (!verdict) return [];
  const drawn = stage.view?.variant ? t("as drawn") : ""; // beside a variant one has to know which run is meant
  const claims = (verdict.expect ?? []).map((claim, i) => ({
    title: claim.claim, verdict: claim.ok === null ? "unknown" : claim.ok ? "pass" : "fail", words: claim.reason ?? "", claim: claimWords(claim, stage.ranBase?.expect?.[i] ?? stage.doc.expect?.[i], drawn), at_ms: null, evidence: [],
  }));
  const checks = (verdict.checks ?? []).map((check) => ({
    title: check.title ?? check.name, verdict: check.verdict, words: check.explanation ?? "", claim: [], at_ms: check.at_ms ?? null, evidence: check.evidence ?? [],
  }));
  const rank = { fail: 0, unknown: 1, pass: 2 };
  return [...claims, ...checks].sort((a, b) => rank[/** @type {keyof typeof rank} */ (a.verdict)] - rank[/** @type {keyof typeof rank} */ (b.verdict)]);
}

/** What was measured, what it was, and what it must be. @param {ExpectResult} claim @param {ExpectEntry | undefined} stated @param {string} drawn @returns {Node[]} */
function claimWords(claim, stated, drawn) {
  const known = stated?.claim === claim.claim ? stated : undefined;
  const unit = unitOf(known?.left ?? null);
  const mono = (/** @type {string} */ words) => h("span", { class: "mono" }, words);
  const op = claim.op ?? known?.op ?? "";
  const figure = claim.right ?? known?.right;
  const right = typeof figure === "number" ? withUnit(figure, unit) : "";
  const formula = known && typeof known.right !== "number" ? sideWords(known.right, drawn) : "";
  const slack = known?.tolerance ? ` ± ${known.tolerance}` : "";
  const parts = [];
  if (known) parts.push(mono(sideWords(known.left, drawn)), h("span", {}, " "));
  if (typeof claim.actual === "number") parts.push(h("span", {}, t("was"), " "), h("b", { class: "mono" }, withUnit(claim.actual, unit)), h("span", {}, ", "));
  parts.push(h("span", {}, t("must be"), " "), mono(`${signOf(op)} ${right || formula}${slack}`));
  if (right && formula) parts.push(h("span", {}, ", "), mono(formula));
  return parts;
}

/** @param {Stage} stage @param {Walk} walk */
function content(stage, walk) {
  if (!stage.trace) return [note(t("No run yet"), t("Press Run: what the run proves, and what it refutes, is told here."))];
  if (!stage.verdict && stage.run.status === "failed") return [note(t("No verdict"), t("A failed run proves nothing."))];
  if (!stage.verdict && stage.run.status === "stopped") return [note(t("No verdict"), t("The run was stopped before its end. Run it again to have it judged."))];
  if (!stage.verdict) return [note(stage.over ? t("Judging the run") : t("The run is not over"), t("Claims and checks are judged when it ends."))];
  const all = results(stage);
  if (!all.length) return [note(t("Nothing to judge"), t("This scenario makes no claims, and nobody read or wrote."))];
  const count = (/** @type {string} */ verdict) => all.filter((result) => result.verdict === verdict).length;
  const summary = h("div", { class: "vsum" });
  for (const [verdict, word] of [["fail", t("failed")], ["unknown", t("unknown")], ["pass", t("passed")]]) if (count(verdict)) summary.append(chip(verdict, `${count(verdict)} ${word}`));
  if (needsVariants(stage)) summary.append(h("span", { class: "grow" }), variantsButton(stage));
  return [summary, h("div", { class: "vds" }, ...all.map((result) => item(stage, walk, result)))];
}

/** Claims that compare variants stay unknown until each of them has been run. @param {Stage} stage */
function needsVariants(stage) {
  return Object.keys(stage.doc.variants ?? {}).length > 0 && (stage.verdict?.expect ?? []).some((claim) => claim.ok === null || (claim.reason ?? "").includes("variant"));
}

/** @param {Stage} stage */
function variantsButton(stage) {
  const button = h("button", { class: "b line", "data-act": "variants" }, icon("i-play"), t("Run all variants"));
  button.disabled = Boolean(stage.view?.judging);
  if (stage.view?.judging) button.replaceChildren(t("Running the variants"));
  button.onclick = () => stage.view?.runVariants();
  return button;
}

/** @param {string} head @param {string} words */
function note(head, words) {
  return h("p", { class: "note" }, h("b", {}, head), words);
}

/** @param {Stage} stage @param {Walk} walk @param {Result} result */
function item(stage, walk, result) {
  const head = h("header", {}, chip(result.verdict), h("h2", {}, result.title));
  const box = h("section", { class: `vitem ${result.verdict}`, "aria-label": result.title }, head);
  if (result.at_ms !== null) {
    const at_ns = result.at_ms * 1e6;
    const jump = h("button", { class: "b mono grow-left", "aria-label": t("To {time} s", { time: seconds(at_ns) }) }, `${seconds(at_ns)}\u2009s`);
    jump.onclick = () => {
      stage.play(false);
      stage.seek(at_ns);
    };
    head.append(h("span", { class: "grow" }), jump);
  }
  if (result.words) box.append(h("p", {}, result.words));
  if (result.claim.length) box.append(h("p", { class: "claim" }, ...result.claim));
  if (result.evidence.length) {
    const button = h("button", { class: "b line", "data-act": "walk" }, icon("i-fwd"), t("Walk through on the canvas"));
    button.onclick = () => walk.start(result.evidence, 0, true);
    box.append(steps(stage, walk, result.evidence), h("div", {}, button));
  }
  return box;
}

/** @param {Stage} stage @param {Walk} walk @param {EvidenceStep[]} evidence */
function steps(stage, walk, evidence) {
  const from = Math.min(...evidence.map((step) => step.start_ms));
  const to = Math.max(...evidence.map((step) => step.end_ms ?? step.start_ms));
  const x = (/** @type {number} */ ms) => ((ms - from) / Math.max(1e-9, to - from)) * 100;
  const list = h("div", { class: "steps", role: "group", "aria-label": t("Evidence"), "data-steps": nameOf(evidence) });
  evidence.forEach((step, i) => {
    const start = Math.min(94, x(step.start_ms));
    const bar = s("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { d: "M0 7H100", class: "st-axis" }),
      s("rect", { class: "st-bar", x: start, y: 3, width: Math.max(6, Math.min(100, x(step.end_ms ?? to)) - start), height: 8, rx: 2 }));
    const button = h("button", { title: whenWords(step) }, h("span", { class: "no" }, String(i + 1)), h("span", { class: "mut cl" }, clientWords(stage, step)), h("span", { class: "mono" }, step.text), h("span", { class: "vh" }, whenWords(step)), bar);
    button.onclick = () => walk.start(evidence, i);
    list.append(button);
  });
  return list;
}
