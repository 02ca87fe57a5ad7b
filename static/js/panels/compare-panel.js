/** What differs between two runs: the first event, verdicts, parameters, metrics. */

import { differences, metricDifferences } from "../document/differences.js";
import { divergence } from "../trace/divergence.js";
import { $, h, s, icon } from "../dom.js";
import { differenceWords } from "./compare-words.js";
import { chip, results } from "./verdicts.js";
import { t, tn, seconds } from "./words.js";

const PAD = 14;
const METRICS_SHOWN = 24;

export class ComparePanel {
  /** @param {Stage} stage the first run */
  constructor(stage) {
    this.stage = stage;
    this.body = $("#compare-body");
    this.all = false;
    this.shown = "";
    this.at_ns = -1;
    this.mark = s("svg", { id: "diverges", class: "diverges", "aria-hidden": "true" });
    $("#scrub").after(this.mark);
    new ResizeObserver(() => this.#drawMark()).observe(this.mark);
    this.units = unitsOf(stage.data.catalogue);
  }

  clear() {
    this.body.replaceChildren();
    this.shown = "";
    this.at_ns = -1;
    this.#drawMark();
  }

  /** @param {string} words why there is no second run */
  refuse(words) {
    this.clear();
    this.body.replaceChildren(h("p", { class: "note", role: "alert" }, h("b", {}, t("Run B cannot be shown")), words));
  }

  /** @param {Stage} other the second run */
  show(other) {
    const { stage } = this;
    if (!stage.trace || !other.trace || !stage.ran || !other.ran) return;
    const found = divergence(stage.trace, other.trace);
    this.at_ns = found?.at_ns ?? -1;
    this.#drawMark();
    const known = Math.min(stage.trace.loadedTo, other.trace.loadedTo);
    const over = stage.trace.complete && other.trace.complete;
    const key = JSON.stringify([found, over || Math.floor(known / 1e8), stage.viewing, other.viewing, Boolean(stage.verdict), Boolean(other.verdict), stage.over, other.over, this.all]);
    if (key === this.shown) return;
    this.shown = key;
    const acts = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.act;
    const focused = this.body.contains(document.activeElement) && acts;
    this.body.replaceChildren(this.#first(other, found, known, over), this.#parameters(other), this.#verdicts(other), this.#metrics(other));
    if (focused) /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-act="${acts}"]`))?.focus();
  }

  /** @param {Stage} other @param {{at_ns: number, a: Happening, b: Happening} | null} found @param {number} known @param {boolean} over */
  #first(other, found, known, over) {
    const box = section(t("First difference"));
    if (!found) {
      box.append(h("p", { class: "hintp" }, over ? t("None: both runs are alike, message by message.") : t("None up to {time}\u2009s; the rest is still coming.", { time: seconds(known) })));
      return box;
    }
    const button = h("button", { class: "b line", "data-act": "diverges" }, icon("i-next"), h("span", { class: "mono" }, `${seconds(found.at_ns)}\u2009s`));
    button.setAttribute("aria-label", t("Go to the first difference, {time} seconds", { time: seconds(found.at_ns) }));
    button.onclick = () => {
      this.stage.play(false);
      this.stage.seek(found.at_ns);
      if (found.a) this.stage.pin(found.a.slot);
    };
    /** @type {HTMLElement} */ (box.firstElementChild).append(button);
    box.append(h("dl", { class: "cp-first" }, h("dt", {}, letter("A")), h("dd", {}, happening(this.stage, found.a)), h("dt", {}, letter("B")), h("dd", {}, happening(other, found.b))));
    return box;
  }

  /** @param {Stage} other */
  #verdicts(other) {
    const box = section(t("Verdicts"));
    const [a, b] = [results(this.stage), results(other)];
    if (!this.stage.verdict || !other.verdict) {
      box.append(h("p", { class: "hintp" }, this.stage.over && other.over ? t("Being judged.") : t("Judged when both runs are over.")));
      return box;
    }
    const titles = [...new Set([...a, ...b].map(({ title }) => title))];
    const rows = titles.map((title) => ({ title, a: a.find((one) => one.title === title), b: b.find((one) => one.title === title) }));
    rows.sort((x, y) => Number(x.a?.verdict === x.b?.verdict) - Number(y.a?.verdict === y.b?.verdict));
    const cell = (/** @type {{verdict: string} | undefined} */ one) => h("td", {}, one ? chip(one.verdict) : "–");
    if (!rows.length) box.append(h("p", { class: "hintp" }, t("Neither run has anything to judge.")));
    else box.append(table([t("Claim or check"), "A", "B"], rows.map((row) => h("tr", { class: row.a?.verdict === row.b?.verdict ? null : "differs" }, h("th", { scope: "row" }, row.title), cell(row.a), cell(row.b)))));
    return box;
  }

  /** @param {Stage} other */
  #parameters(other) {
    const { stage } = this;
    const [docA, docB] = /** @type {[Scenario, Scenario]} */ ([stage.ran, other.ran]);
    const found = differences(docA, docB).map((one) => differenceWords(stage, docA, docB, one));
    const box = section(t("Scenario"), found.length ? tn("{n} difference", "{n} differences", found.length) : "");
    if (!found.length) box.append(h("p", { class: "hintp" }, t("The same scenario with the same parameters.")));
    else box.append(table([t("What"), "A", "B"], found.map(({ what, a, b, ids, at_ms }) => h("tr", {}, h("th", { scope: "row" }, this.#link(what, ids, at_ms)), h("td", {}, a), h("td", {}, b)))));
    return box;
  }

  /** Leads to the part, or to the moment of a fault. @param {string} what @param {string[]} ids @param {number | null} at_ms */
  #link(what, ids, at_ms) {
    const { stage } = this;
    if (!ids.length && at_ms === null) return what;
    const button = h("button", { class: "cp-link" }, what);
    button.onclick = () => {
      if (ids.length) return stage.select(ids);
      stage.play(false);
      return stage.seek(Number(at_ms) * 1e6);
    };
    return button;
  }

  /** @param {Stage} other */
  #metrics(other) {
    const found = metricDifferences(this.stage.verdict?.metrics ?? {}, other.verdict?.metrics ?? {});
    const box = section(t("Metrics"), found.length ? t("{n} differ", { n: found.length }) : "");
    if (!this.stage.verdict || !other.verdict) box.append(h("p", { class: "hintp" }, t("Measured when both runs are over.")));
    else if (!found.length) box.append(h("p", { class: "hintp" }, t("All metrics are the same.")));
    else {
      const rows = (this.all ? found : found.slice(0, METRICS_SHOWN)).map(({ name, a, b }) => h("tr", {}, h("th", { scope: "row" }, ...breakable(name), h("small", {}, this.units(name))),
        h("td", { class: "num" }, figure(a)), h("td", { class: "num" }, figure(b)), h("td", { class: "num" }, change(a, b))));
      box.append(table([t("Metric"), "A", "B", t("Change")], rows, "num"));
    }
    if (found.length > METRICS_SHOWN) {
      const more = h("button", { class: "b", "data-act": "all" }, this.all ? t("Show fewer") : t("Show all {n}", { n: found.length }));
      more.onclick = () => { this.all = !this.all; this.show(other); };
      box.append(more);
    }
    return box;
  }

  /** On the scrub bar, which belongs to both runs. */
  #drawMark() {
    const { mark, at_ns, stage } = this;
    const end = stage.trace?.end ?? 0;
    if (at_ns < 0 || !end || !mark.clientWidth) return mark.replaceChildren();
    const x = PAD + (Math.min(at_ns, end) / end) * (mark.clientWidth - 2 * PAD);
    return mark.replaceChildren(s("path", { d: `M${x} 0V${mark.clientHeight}` }), s("path", { class: "tip", d: `M${x} 1l4.5 4.5-4.5 4.5-4.5-4.5Z` }));
  }
}

/** @param {string} title @param {string} [rest] */
function section(title, rest = "") {
  return h("section", { class: "sect cp" }, h("h3", { class: "sec-t" }, title, h("span", { class: "mut" }, rest)));
}

/** @param {string} name */
function letter(name) { return h("b", { class: "pane-letter" }, name); }

/** @param {string[]} heads @param {HTMLElement[]} rows @param {string} [kind] of all columns but the first */
function table(heads, rows, kind = "") {
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i ? kind : "" }, head)))), h("tbody", {}, ...rows));
}

/** @param {Stage} stage @param {Happening} event */
function happening(stage, event) {
  if (!event || !stage.trace) return t("nothing at this moment");
  const m = stage.trace.messages.row(event.slot);
  const way = `${stage.nameOf(m.src)} → ${stage.nameOf(m.dst)} ${m.kind}`;
  if (event.what === "sent") return t("{message} is sent", { message: way });
  return m.outcome === "delivered" ? t("{message} arrives", { message: way }) : t("{message} is dropped: {reason}", { message: way, reason: t(m.outcome) });
}

/** Breaks after a dot or an underscore, not within a word. @param {string} name */
function breakable(name) { return name.split(/(?<=[._])/).flatMap((part) => [part, h("wbr")]); }

/** @param {number} value */
function figure(value) { return value.toLocaleString(undefined, { maximumSignificantDigits: 5 }); }

/** @param {number} a @param {number} b */
function change(a, b) {
  if (a === 0) return t("from 0");
  const percent = ((b - a) / Math.abs(a)) * 100;
  const size = Math.abs(percent) >= 1000 ? `×${figure(Number((b / a).toPrecision(2)))}` : `${Math.abs(percent) < 10 ? Math.abs(percent).toFixed(1) : Math.round(Math.abs(percent))}%`;
  return size.startsWith("×") ? size : `${percent < 0 ? "−" : "+"}${size}`;
}

/** The unit of a metric by its name; names in the catalogue may hold places such as <id>. @param {Catalogue} catalogue @returns {(name: string) => string} */
function unitsOf(catalogue) {
  const known = [...(catalogue.metrics ?? []), ...catalogue.types.flatMap(({ metrics }) => metrics)];
  const patterns = known.map(({ name, unit }) => ({ pattern: new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/<[^>]+>/g, ".+")}$`), unit }));
  return (name) => patterns.find(({ pattern }) => pattern.test(name))?.unit ?? "";
}
