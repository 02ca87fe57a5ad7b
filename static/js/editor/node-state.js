/** A node's recorded state as its card shows it. */

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
  if (!up) return { line: t("down"), bar: null, badge: "", up };
  if (numbers.length > 1 && upCount < numbers.length) return { line: t("{up} of {all} up", { up: upCount, all: numbers.length }), bar: null, badge: "i-warn", up };
  const shows = info?.shows ?? [];
  const line = firstLine(shows.filter((show) => show.as === "text" || show.as === "bar").map((show) => fieldText(stage, node, show, worlds)));
  const bar = shows.filter((show) => show.as === "bar").reduce((most, show) => Math.max(most, fullness(stage, node, show, worlds) ?? -1), -1);
  const count = numbers.length > 1 ? `×${numbers.length} ` : "";
  const ill = illness(worlds);
  return { line: count + line, bar: bar < 0 ? null : bar, badge: ill || badgeOf(shows, worlds), up, ill };
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
  if (typeof value === "number") return { figure: full ? `${value}/${full * worlds.length}` : String(Math.round(value * 100) / 100), words, idle: value === 0 && !full, full: full !== null };
  return { figure: String(value), words: "", idle: false, full: false };
}

/** The first field with its name; beside a figure of the form 2/4, a second one when it has something to say. @param {({figure: string, words: string, idle: boolean, full: boolean} | null)[]} fields */
function firstLine(fields) {
  const [first, ...others] = fields.filter((field) => field !== null);
  if (!first) return "";
  const second = first.full ? others.find((field) => !field.idle) : undefined;
  const both = second ? `${first.figure} · ${second.figure} ${second.words}`.trim() : "";
  return both && both.length <= LINE_MAX ? both : `${first.figure} ${first.words}`.trim();
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
const ILLNESSES = [[/^(paused|stopped)/, "i-pause"], [/^hangs/, "i-hang"], [/times slower/, "i-slow"], [/^clock/, "i-clock"], [/^disk full/, "i-disk-full"], [/^disk/, "n-db"], [/./, "i-bolt"]];

/** @param {Record<string, unknown>[]} worlds */
function illness(worlds) {
  const condition = worlds.map((world) => world.condition).find((value) => typeof value === "string" && value !== "");
  return condition ? ILLNESSES.find(([begins]) => begins.test(String(condition)))?.[1] ?? "" : "";
}

/** @param {ShowInfo[]} shows @param {Record<string, unknown>[]} worlds */
function badgeOf(shows, worlds) {
  for (const show of shows) {
    if (show.as !== "badge") continue;
    const value = worlds[0][show.field];
    const badge = { leader: "i-crown", deposed: "i-crown-o", recovering: "i-restart", slow: "i-slow", converging: "i-slow", paused: "i-pause" }[String(value)];
    if (badge) return badge;
  }
  return "";
}
