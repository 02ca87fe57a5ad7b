/** The variants of a scenario: one is chosen, what is different in it is told, and what one can do who would change something there. */

import { differences } from "../document/differences.js";
import { strong } from "../document/grouping.js";
import { independent } from "../document/variants.js";
import { $, h, icon } from "../dom.js";
import { differenceWords } from "./compare-words.js";
import { t, tn } from "./words.js";

const ROWS_MAX = 12;
const WORDS_MAX = 40;
/** So many parts that come or go are counted. */
const TOGETHER = 3;

/** The choice stands in the top bar, and in the details where the bar has no room for it; what is chosen, on the canvas. @param {Stage} stage */
export function variants(stage) {
  const boxes = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-variant-box]")]);
  const selects = /** @type {HTMLSelectElement[]} */ ([...document.querySelectorAll("[data-variant]")]);
  const label = $("#variant-name");
  const show = () => {
    label.hidden = stage.variant === null;
    label.replaceChildren(...(stage.mode === "edit" ? [icon("i-lock", "s")] : []), h("span", {}, title(stage)));
    const names = Object.keys(stage.base.variants ?? {});
    for (const box of boxes) box.hidden = !names.length;
    for (const select of selects) {
      select.replaceChildren(h("option", { value: "" }, t("As drawn")), ...names.map((name) => h("option", { value: name }, name)));
      select.value = stage.variant ?? "";
    }
  };
  show();
  stage.on("document", show);
  for (const select of selects) select.addEventListener("change", () => stage.choose(select.value || null));
  stage.on("locked", () => stage.emit("toast", { text: lockedWords(stage), key: "locked", actions: ways(stage) }));
}

/** @param {Stage} stage */
function title({ variant }) { return t("Variant “{name}”", { name: variant ?? "" }); }

/** @param {Stage} stage */
function lockedWords(stage) {
  return t("This is the variant “{name}”. Only the scenario as drawn can be changed.", { name: stage.variant ?? "" });
}

/** What one can do who wants to change something here. @param {Stage} stage @returns {{name: string, words: string, act: () => void}[]} */
function ways(stage) {
  return [
    { name: "as-drawn", words: t("Go to “As drawn”"), act: () => { stage.choose(null); } },
    { name: "independent", words: t("Make it the scenario"), act: () => makeIndependent(stage) },
  ];
}

/** @param {Stage} stage */
function makeIndependent(stage) {
  const { base, variant } = stage;
  if (variant === null) return;
  const doc = independent(base, variant);
  stage.show(null);
  stage.store.change(t("Make “{name}” the scenario", { name: variant }), doc);
  stage.emit("toast", { text: t("“{name}” is the scenario now, with the claims about it. The variants and all other claims are gone.", { name: variant }), undo: true });
  stage.start({ keep: stage.trace !== null });
}

/** Why nothing can be changed here, and the ways out. @param {Stage} stage @returns {HTMLElement[]} */
export function lockedNote(stage) {
  const buttons = ways(stage).map(({ name, words, act }) => {
    const button = h("button", { class: "b line", "data-act": name }, words);
    button.onclick = act;
    return button;
  });
  return [h("p", { class: "hintp" }, lockedWords(stage)), h("div", { class: "linkrow ways" }, ...buttons)];
}

/** What a variant is: in what it differs from the scenario as drawn. @param {Stage} stage @returns {HTMLElement} */
export function variantNote(stage) {
  const { base, doc } = stage;
  const rows = rowsOf(stage, base, doc);
  const more = rows.length - ROWS_MAX;
  const list = h("dl", { class: "kv changes" }, ...rows.slice(0, ROWS_MAX).flatMap(([what, words]) => [h("dt", {}, what), h("dd", {}, words)]));
  const head = h("h3", { class: "sec-t" }, title(stage));
  if (!rows.length) return h("div", { class: "sect variant-note" }, head, h("p", { class: "hintp" }, t("The scenario as drawn, under another name.")));
  return h("div", { class: "sect variant-note" }, head, list, ...(more > 0 ? [h("p", { class: "hintp" }, tn("and {n} more", "and {n} more", more))] : []));
}

/** What it is about, and how it was and is; parts of a kind that come or go together make one row, and so does what is said twice. @param {Stage} stage @param {Scenario} base @param {Scenario} doc @returns {[what: string, words: string][]} */
function rowsOf(stage, base, doc) {
  const found = differences(base, doc);
  const together = /** @type {[string, string][]} */ ([["nodes", t("Nodes")], ["links", t("Links")]]).flatMap(([list, what]) => {
    const some = found.filter((one) => one.list === list && one.field === null);
    return some.length < TOGETHER ? [] : [{ what, some }];
  });
  const counted = together.map(({ what, some }) => {
    const added = some.filter(({ a }) => a === undefined).length;
    const words = [...(added ? [t("{n} added", { n: added })] : []), ...(added < some.length ? [t("{n} removed", { n: some.length - added })] : [])].join(", ");
    return /** @type {[string, string]} */ ([what, words]);
  });
  const rest = found.filter((one) => !together.some(({ some }) => some.includes(one))).flatMap((one) => row(stage, base, doc, one));
  const times = new Map();
  for (const [what, words] of rest) times.set(`${what}\n${words}`, (times.get(`${what}\n${words}`) ?? 0) + 1);
  return [...counted, ...[...times].map(([key, n]) => {
    const [what, words] = key.split("\n");
    return /** @type {[string, string]} */ ([n > 1 ? `${what} ×${n}` : what, words]);
  })];
}

/** None where it comes to the same, as a default of another type may. @param {Stage} stage @param {Scenario} base @param {Scenario} doc @param {Difference} difference @returns {[string, string][]} */
function row(stage, base, doc, difference) {
  const { list, entry, field } = difference;
  const { what, a, b } = differenceWords(stage, base, doc, difference);
  if (field === null && difference.b === undefined) return [[what, t("removed")]];
  if (field === null && difference.a === undefined) return [[what, list === "faults" ? t("added, {when}", { when: b }) : entry.count > 1 ? t("added, ×{n}", { n: entry.count }) : t("added")]];
  const members = (/** @type {Scenario} */ one, /** @type {any} */ ids) => String(strong(one, ids));
  const [before, after] = field === "members" ? [members(base, difference.a), members(doc, difference.b)] : [short(difference.a, a), short(difference.b, b)];
  return before === after ? [] : [[what, t("{a} → {b}", { a: before, b: after })]];
}

/** A long list is told by its length. @param {unknown} value @param {string} words */
function short(value, words) { return Array.isArray(value) && words.length > WORDS_MAX ? tn("{n} value", "{n} values", value.length) : words; }
