/** What the run proves: claims and checks as chips with words; a failure names its steps, and a step moves the playhead. */

import { $, h, s, icon } from "../dom.js";
import { t, seconds } from "./words.js";

/** @type {Record<string, [string, string, string]>} class, glyph, word */
const LOOKS = { pass: ["ok", "i-pass", "Passed"], fail: ["bad", "i-fail", "Failed"], unknown: ["unk", "i-unk", "Unknown"] };

/** @type {Record<string, string>} */
const SIGNS = { "<=": "≤", ">=": "≥", "!=": "≠", "==": "=" };

/** @param {string} verdict @param {string} [words] */
export function chip(verdict, words) {
  const [kind, glyph, word] = LOOKS[verdict] ?? LOOKS.unknown;
  return h("span", { class: `chip ${kind}` }, icon(glyph), words ?? t(word));
}

/** @param {Stage} stage */
export function verdicts(stage) {
  const hosts = /** @type {HTMLElement[]} */ ([document.getElementById("p-verdicts"), document.getElementById("second")].filter(Boolean));
  const show = () => {
    const failed = results(stage).filter((result) => result.verdict === "fail").length;
    for (const count of /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-failed]")])) {
      count.hidden = !failed;
      count.textContent = String(failed);
    }
    for (const host of hosts) host.replaceChildren(...content(stage));
    $("body").dataset.verdict = stage.verdict ? "ready" : "";
  };
  stage.on("verdict run trace", show);
  show();
}

/** @param {Stage} stage @returns {{title: string, verdict: string, words: string, at_ms: number | null, evidence: EvidenceStep[]}[]} */
export function results(stage) {
  const { verdict } = stage;
  if (!verdict) return [];
  const claims = (verdict.expect ?? []).map((claim, i) => ({
    title: claim.claim, verdict: claim.ok === null ? "unknown" : claim.ok ? "pass" : "fail", words: actualWords(claim, stage.doc.expect?.[i]), at_ms: null, evidence: [],
  }));
  const checks = (verdict.checks ?? []).map((check) => ({
    title: check.title ?? check.name, verdict: check.verdict, words: check.explanation ?? "", at_ms: check.at_ms ?? null, evidence: check.evidence ?? [],
  }));
  const rank = { fail: 0, unknown: 1, pass: 2 };
  return [...claims, ...checks].sort((a, b) => rank[/** @type {keyof typeof rank} */ (a.verdict)] - rank[/** @type {keyof typeof rank} */ (b.verdict)]);
}

/** @param {ExpectResult} claim @param {ExpectEntry | undefined} stated */
function actualWords(claim, stated) {
  const { actual } = claim;
  if (actual === null || actual === undefined) return claim.reason ?? "";
  if (typeof actual === "object") return Object.entries(actual).filter(([, value]) => value !== null && typeof value !== "object").map(([side, value]) => `${side} ${number(value)}`).join(" · ");
  const limit = stated?.claim === claim.claim && typeof stated.right === "number" ? t(", must be {op} {limit}", { op: SIGNS[stated.op] ?? stated.op, limit: number(stated.right) + (stated.tolerance ? ` ± ${stated.tolerance}` : "") }) : "";
  return `${t("Measured {value}", { value: number(actual) })}${limit}.`;
}

/** @param {unknown} value */
function number(value) {
  return typeof value === "number" ? value.toLocaleString(undefined, { maximumSignificantDigits: 5 }) : String(value);
}

/** @param {Stage} stage */
function content(stage) {
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
  return [summary, h("div", { class: "vds" }, ...all.map((result) => item(stage, result)))];
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

/** @param {Stage} stage @param {ReturnType<typeof results>[number]} result */
function item(stage, result) {
  const head = h("header", {}, chip(result.verdict), h("h2", {}, result.title));
  const box = h("section", { class: "vitem" }, head);
  if (result.at_ms !== null) {
    const at_ns = result.at_ms * 1e6;
    const jump = h("button", { class: "b mono grow-left" }, `${seconds(at_ns)}\u2009s`);
    jump.onclick = () => go(stage, at_ns);
    head.append(h("span", { class: "grow" }), jump);
  }
  if (result.words) box.append(h("p", {}, result.words));
  if (result.verdict === "fail" && result.evidence.length) box.append(steps(stage, result.evidence));
  return box;
}

/** @param {Stage} stage @param {number} at_ns */
function go(stage, at_ns) {
  stage.play(false);
  stage.seek(at_ns);
}

/** @param {Stage} stage @param {EvidenceStep[]} evidence */
function steps(stage, evidence) {
  const from = Math.min(...evidence.map((step) => step.start_ms));
  const to = Math.max(...evidence.map((step) => step.end_ms ?? step.start_ms));
  const x = (/** @type {number} */ ms) => ((ms - from) / Math.max(1e-9, to - from)) * 100;
  const list = h("div", { class: "steps", role: "group", "aria-label": t("Evidence") });
  evidence.forEach((step, i) => {
    const start = Math.min(94, x(step.start_ms));
    const bar = s("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { d: "M0 7H100", class: "st-axis" }),
      s("rect", { class: "st-bar", x: start, y: 3, width: Math.max(6, Math.min(100, x(step.end_ms ?? to)) - start), height: 8, rx: 2 }));
    const button = h("button", {}, h("span", { class: "no" }, String(i + 1)), h("span", { class: "mut cl" }, step.client), h("span", { class: "mono" }, step.text), bar);
    button.onclick = () => {
      for (const other of list.children) other.removeAttribute("aria-current");
      button.setAttribute("aria-current", "step");
      go(stage, (step.end_ms ?? step.start_ms) * 1e6);
    };
    list.append(button);
  });
  return list;
}
