/** Breaking and healing at the playhead: each is an edit of the scenario, and the run is taken again from it. */

import { addFault } from "../document/edits.js";
import { LASTS_MS, chaosAt, faultsAt, healedAt, instant, lasting, partitionAt } from "../document/breaking.js";
import { spansOf } from "../document/fault-spans.js";
import { aboutFaults, faultWords } from "./fault-words.js";
import { t } from "./words.js";

/** How long what is broken next stays so; null: until it is healed. @type {{lasts_ms: number | null}} */
export const choice = { lasts_ms: LASTS_MS };

/** @param {Stage} stage @param {Scenario} doc @param {string} label */
async function breakAndRun(stage, doc, label) {
  if (!stage.mayEdit()) return;
  const known = new Set(stage.mistakes.map(({ message }) => message));
  await stage.branches.fork(label, doc, instant(stage.doc, stage.playhead.t));
  const doubt = stage.mistakes.find(({ doubtful, message }) => doubtful && !known.has(message));
  if (doubt) stage.emit("toast", { text: aboutFaults(stage.doc, doubt.message) });
}

/** @param {Stage} stage @param {string} name a break of breaking.js, `partition` or `chaos` */
export function breakAt(stage, name) {
  const { doc, selection } = stage;
  const at_ms = instant(doc, stage.playhead.t);
  const nodes = doc.nodes.map(({ id }) => id).filter((id) => selection.has(id));
  const links = doc.links.map(({ id }) => id).filter((id) => selection.has(id));
  const onLinks = LINK_BREAKS.has(name);
  const faults = name === "partition" ? partitionAt(doc, nodes, at_ms, choice.lasts_ms)
    : name === "chaos" ? chaosAt(doc, (node) => stage.typeInfo(node.type)?.serves ?? false, at_ms)
      : faultsAt(doc, name, onLinks ? links : nodes, at_ms, choice.lasts_ms);
  if (!faults.length) return stage.emit("toast", { text: wanting(name, onLinks) });
  const label = faults.length === 1 ? faultWords(doc, faults[0]) : name === "chaos" ? t("Chaos on {n} nodes", { n: faults.length }) : t("Break {n} parts", { n: faults.length });
  return breakAndRun(stage, faults.reduce(addFault, doc), label);
}

const LINK_BREAKS = new Set(["cut", "cut-a-to-b", "cut-b-to-a", "delay", "lose", "duplicate", "tamper"]);

/** What is missing. @param {string} name @param {boolean} onLinks */
function wanting(name, onLinks) {
  if (name === "partition") return t("Select the nodes of one side first, but not all nodes.");
  if (name === "chaos") return t("There is no server here that could crash, or no room for more faults.");
  return onLinks ? t("Select a link first.") : t("Select a node first.");
}

/** @param {Stage} stage */
export function spansOfStage(stage) {
  return spansOf(stage.doc, stage.ran ?? stage.doc, stage.trace?.faults ?? []);
}

/** The places of the faults that last at the playhead, all or those on some parts. @param {Stage} stage @param {string[] | null} [ids] */
export function brokenAt(stage, ids = null) {
  return stage.doc.faults?.length ? lasting(stage.doc, spansOfStage(stage), stage.playhead.t / 1e6, ids) : [];
}

/** Ends what is broken at the playhead: all of it, or the faults on some parts. @param {Stage} stage @param {string[] | null} [ids] */
export function heal(stage, ids = null) {
  const { doc } = stage;
  const places = brokenAt(stage, ids);
  const next = healedAt(doc, spansOfStage(stage), places, instant(doc, stage.playhead.t));
  if (next === doc) return;
  const [first] = places;
  const what = places.length === 1 && doc.faults ? t("Heal: {what}", { what: faultWords(doc, doc.faults[first]) }) : t("Heal {n} faults", { n: places.length });
  if (places.some((index) => stage.selection.has(`fault:${index}`)) && next.faults?.length !== doc.faults?.length) stage.select([]);
  breakAndRun(stage, next, what);
}
