/** Differences between two documents in words. */

import { equal } from "../document/diff.js";
import { faultWords } from "./fault-words.js";
import { t } from "./words.js";

/**
 * What it is about, and how A and B have it.
 * @param {Stage} stage @param {Scenario} docA @param {Scenario} docB @param {Difference} difference
 * @returns {{what: string, a: string, b: string, ids: string[], at_ms: number | null}}
 */
export function differenceWords(stage, docA, docB, difference) {
  const { list, id, entry, field, a, b } = difference;
  if (list === "faults") return ofFault(docA, docB, /** @type {FaultEntry | undefined} */ (a), /** @type {FaultEntry | undefined} */ (b));
  if (list === "run") {
    const what = { seed: t("Seed"), duration_ms: t("Duration"), settle_ms: t("Settle for"), latencies: t("Latencies between zones") }[id] ?? id;
    const unit = id.endsWith("_ms") ? "ms" : "";
    return { what, a: valueWords(a, unit), b: valueWords(b, unit), ids: [], at_ms: null };
  }
  const ids = list === "nodes" || list === "links" || list === "clusters" ? [id] : [];
  const name = nameOf(list === "links" ? docA.links.concat(docB.links).find((link) => link.id === id) : entry, docA, docB) || id;
  if (field === null) return { what: name, a: a === undefined ? t("not there") : t("there"), b: b === undefined ? t("not there") : t("there"), ids, at_ms: null };
  const param = paramOf(stage, list, entry, field);
  return { what: `${name}: ${(param?.title ?? fieldWords(field)).toLowerCase()}`, a: valueWords(a ?? param?.default, param?.unit ?? ""), b: valueWords(b ?? param?.default, param?.unit ?? ""), ids, at_ms: null };
}

/** @param {Scenario} docA @param {Scenario} docB @param {FaultEntry | undefined} a @param {FaultEntry | undefined} b */
function ofFault(docA, docB, a, b) {
  const fault = /** @type {FaultEntry} */ (a ?? b);
  const span = (/** @type {FaultEntry | undefined} */ one) => {
    if (!one) return t("no");
    if (typeof one.at_ms !== "number") return t("at its event");
    const from = `${(one.at_ms / 1000).toFixed(3)}\u2009s`;
    return typeof one.until_ms !== "number" ? t("from {from}", { from }) : t("{from} to {to}\u2009s", { from, to: (one.until_ms / 1000).toFixed(3) });
  };
  if (a && b && span(a) === span(b)) return { what: faultWords(docA, a), ...otherWords(a, b), ids: [], at_ms: a.at_ms ?? null };
  return { what: faultWords(a ? docA : docB, fault), a: span(a), b: span(b), ids: [], at_ms: fault.at_ms ?? null };
}

/** What differs in a fault beside its times. @param {any} a @param {any} b */
function otherWords(a, b) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !equal(a[name], b[name]));
  const words = (/** @type {any} */ one) => names.map((name) => `${fieldWords(name)} ${valueWords(one[name], "")}`).join(", ");
  return { a: words(a), b: words(b) };
}

/** @param {any} entry @param {Scenario} docA @param {Scenario} docB */
function nameOf(entry, docA, docB) {
  if (!entry) return "";
  if (entry.label) return entry.label;
  const node = (/** @type {string} */ id) => [...docA.nodes, ...docB.nodes].find((one) => one.id === id)?.label || id;
  return entry.a && entry.b ? `${node(entry.a)} – ${node(entry.b)}` : entry.id;
}

/** @param {Stage} stage @param {string} list @param {any} entry @param {string} field @returns {ParamInfo | undefined} */
function paramOf(stage, list, entry, field) {
  const [group, name] = field.split(".");
  if (!name) return undefined;
  const { link } = stage.data.catalogue;
  if (list === "links" || group !== "params") return link.params.find((param) => param.name === name);
  return stage.typeInfo(entry.type ?? entry.protocol)?.params.find((param) => param.name === name);
}

/** @param {string} field */
function fieldWords(field) { return field.split(".").at(-1)?.replaceAll("_", " ") ?? field; }

/** @param {unknown} value @param {string} unit @returns {string} */
function valueWords(value, unit) {
  if (value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length)) return t("none");
  if (typeof value === "number") return `${value.toLocaleString(undefined, { maximumFractionDigits: 6 })}${unit ? `\u2009${unit}` : ""}`;
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (Array.isArray(value)) return value.map((one) => valueWords(one, "")).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([key, one]) => (key === "kind" ? String(one) : `${key.replaceAll("_", " ")} ${valueWords(one, "")}`)).join(", ");
  return String(value);
}
