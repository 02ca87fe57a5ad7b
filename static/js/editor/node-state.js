/** A node's recorded state as its card shows it. */

import { leads } from "../trace/lanes.js";
import { t } from "../panels/words.js";

const LINE_MAX = 15;

/**
 * @param {Stage} stage
 * @param {NodeEntry} node
 * @param {NodeTypeInfo | undefined} info
 * @param {number} at_ns
 */
export function cardState(stage, node, info, at_ns) {
  const numbers = stage.traceNodes(node.id);
  if (!stage.trace || !numbers.length) return null;
  const states = stage.trace.states;
  const worlds = numbers.map((n) => states.at(n, at_ns));
  const upCount = worlds.filter((world) => world.up !== false).length;
  const up = upCount > 0;
  if (!up) return { line: t("down"), bar: null, signs: [], up };
  if (numbers.length > 1 && upCount < numbers.length) return { line: t("{up} of {all} up", { up: upCount, all: numbers.length }), bar: null, signs: ["i-warn"], up };
  const shows = info?.shows ?? [];
  const condition = conditionOf(worlds);
  const breaker = breakerOf(worlds);
  const line = condition || breaker || logLine(worlds) || firstLine(shows.filter((show) => show.field !== "breaker" && (show.as === "text" || show.as === "bar")).map((show) => fieldText(stage, node, show, worlds)));
  const bar = shows.filter((show) => show.as === "bar").reduce((most, show) => Math.max(most, fullness(stage, node, show, worlds) ?? -1), -1);
  const count = numbers.length > 1 ? `×${numbers.length} ` : "";
  const ill = condition ? ILLNESSES.find(([begins]) => begins.test(condition))?.[1] ?? "" : "";
  const standing = standingOf(shows, worlds);
  const standingSign = STANDINGS[standing] ?? (leads(standing) ? "i-crown" : "");
  // A leader on a slow host leads still: what it is and what has befallen it are seen together.
  const signs = [...new Set([standingSign, breaker && "i-breaker", ill])].filter(Boolean);
  const said = [standing && t(standing), breaker, condition].filter(Boolean).join(", ");
  return { line: count + line, bar: bar < 0 ? null : bar, signs, up, ill, said };
}

/** A circuit breaker that does not let every call through; "" for one that does. @param {Record<string, unknown>[]} worlds */
function breakerOf(worlds) {
  const states = worlds.map(({ breaker }) => breaker);
  return states.includes("open") ? t("breaker open") : states.includes("half-open") ? t("breaker half open") : "";
}

/** A replica of a log: its term, how long its log is and how much of it is committed, "T4 126·124". @param {Record<string, unknown>[]} worlds */
function logLine([world, ...others]) {
  const { term, last, commit } = world;
  if (others.length || ![term, last, commit].every((value) => typeof value === "number")) return "";
  return `T${term} ${last}·${commit}`;
}

/** @param {Record<string, unknown>[]} worlds @param {string} field */
function sum(worlds, field) {
  return worlds.reduce((total, world) => total + (typeof world[field] === "number" ? /** @type {number} */ (world[field]) : 0), 0);
}

/** @param {Stage} stage @param {NodeEntry} node @param {ShowInfo} show @param {Record<string, unknown>[]} worlds */
function fieldText(stage, node, show, worlds) {
  const value = worlds.length === 1 ? worlds[0][show.field] : sum(worlds, show.field);
  if (value === undefined || value === null || value === "") return null;
  const full = capacity(stage, node, show);
  const words = show.title.toLowerCase();
  if (typeof value === "number" && show.unit === "%") return { figure: `${Math.round(value / worlds.length)}\u2009%`, words, idle: false, full: false };
  if (typeof value === "number") return { figure: full ? `${value}/${full * worlds.length}` : String(Math.round(value * 100) / 100), words, idle: value === 0 && !full, full: full !== null, first: show.title_first };
  return { figure: String(value), words: "", idle: false, full: false };
}

/** As people say it: "term 4", "4 keys". @param {Field} field */
function told({ figure, words, first }) { return (first ? `${words} ${figure}` : `${figure} ${words}`).trim(); }

/** @typedef {{figure: string, words: string, idle: boolean, full: boolean, first?: boolean}} Field */

/** The first field with its name; beside a figure of the form 2/4, a second one when it has something to say. @param {(Field | null)[]} fields */
function firstLine(fields) {
  const [first, ...others] = fields.filter((field) => field !== null);
  if (!first) return "";
  const second = first.full ? others.find((field) => !field.idle) : undefined;
  const both = second ? `${first.figure} · ${told(second)}` : "";
  return both && both.length <= LINE_MAX ? both : told(first);
}

/** @param {Stage} stage @param {NodeEntry} node @param {ShowInfo} show @param {Record<string, unknown>[]} worlds */
function fullness(stage, node, show, worlds) {
  const full = capacity(stage, node, show);
  return full ? sum(worlds, show.field) / (full * worlds.length) : null;
}

/** @param {Stage} stage @param {NodeEntry} node @param {ShowInfo} show */
function capacity(stage, node, show) {
  if (!show.of) return null;
  const param = stage.typeInfo(node.type)?.params.find((info) => info.name === show.of);
  const cluster = stage.doc.clusters?.find((entry) => entry.members.includes(node.id));
  const value = node.params?.[show.of] ?? cluster?.params?.[show.of] ?? param?.default;
  return typeof value === "number" && value > 0 ? value : null;
}

/** What faults have done to a node, by the first word of its condition. @type {[begins: RegExp, badge: string][]} */
const ILLNESSES = [[/^(paused|stopped)/, "i-pause"], [/^hangs/, "i-hang"], [/times slower/, "i-slow"], [/^clock/, "i-clock"], [/^disk full/, "i-disk-full"], [/^disk/, "n-database"], [/./, "i-bolt"]];

/** What a fault has done to a node, or to the first of several that has suffered. @param {Record<string, unknown>[]} worlds */
function conditionOf(worlds) {
  return String(worlds.map((world) => world.condition).find((value) => typeof value === "string" && value !== "") ?? "");
}

/** What a node may say of itself that has a sign. @type {Record<string, string>} */
const STANDINGS = {
  deposed: "i-crown-o", candidate: "i-candidate", recovering: "i-restart", slow: "i-slow", converging: "i-slow", paused: "i-pause", learner: "i-learner", outside: "i-outside",
};

/** The first thing a node, or one of several, says of itself that has a sign. @param {ShowInfo[]} shows @param {Record<string, unknown>[]} worlds */
function standingOf(shows, worlds) {
  for (const show of shows) {
    if (show.as !== "badge") continue;
    for (const world of worlds) {
      const value = String(world[show.field] ?? "");
      if (STANDINGS[value] || leads(value)) return value;
    }
  }
  return "";
}
