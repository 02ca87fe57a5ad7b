/** Breaking and healing at the playhead: each is an edit of the scenario, and the run is taken again from it. */

import { addFault, replaceFault } from "../document/edits.js";
import { numberedFaults, startOf } from "../document/faults.js";
import { faultWords } from "./fault-words.js";
import { t } from "./words.js";

/** @param {Stage} stage */
export function mayBreak(stage) {
  return stage.mode === "edit" && stage.variant === null;
}

/** The playhead in ms, down to the microsecond, so that the fault holds at the playhead itself; not after the end. @param {Stage} stage */
function now_ms(stage) {
  return Math.min(Math.floor(stage.playhead.t / 1e3) / 1e3, stage.doc.duration_ms + (stage.doc.settle_ms ?? 0));
}

/** @param {Stage} stage @param {Scenario} doc @param {string} label */
function breakAndRun(stage, doc, label) {
  stage.store.change(label, doc);
  stage.emit("toast", { text: t("{what} at {time}\u2009s.", { what: label, time: (now_ms(stage) / 1000).toFixed(3) }), undo: true });
  stage.start({ keep: true });
}

/** @param {Stage} stage @param {string} kind */
export function breakAt(stage, kind) {
  const at_ms = now_ms(stage);
  const nodes = [...stage.selection].filter((id) => stage.doc.nodes.some((node) => node.id === id));
  const links = [...stage.selection].filter((id) => stage.doc.links.some((link) => link.id === id));
  /** @type {FaultEntry[]} */
  let faults = [];
  if (kind === "crash") faults = nodes.map((target) => ({ kind, target, at_ms }));
  if (kind === "cut") faults = links.map((target) => ({ kind, target, at_ms }));
  if (kind === "partition") faults = partition(stage, nodes, at_ms);
  if (!faults.length) {
    const want = kind === "cut" ? t("Select a link first.") : kind === "crash" ? t("Select a node first.") : t("Select the nodes of one side first, but not all nodes.");
    return stage.emit("toast", { text: want });
  }
  const label = faults.length === 1 ? faultWords(stage.doc, faults[0]) : t("Break {n} parts", { n: faults.length });
  return breakAndRun(stage, faults.reduce(addFault, stage.doc), label);
}

/** @param {Stage} stage @param {string[]} nodes @param {number} at_ms @returns {FaultEntry[]} */
function partition(stage, nodes, at_ms) {
  const rest = stage.doc.nodes.map((node) => node.id).filter((id) => !nodes.includes(id));
  return nodes.length && rest.length ? [{ kind: "partition", target: [nodes, rest], at_ms }] : [];
}

/** Ends what is broken at the playhead: all of it, or the faults of one node or link. @param {Stage} stage @param {string} [id] */
export function healedAt(stage, id) {
  const { trace, doc } = stage;
  if (!trace) return;
  const until_ms = now_ms(stage);
  const numbered = numberedFaults(stage.ran ?? doc);
  let next = doc;
  for (const number of trace.activeFaults(stage.playhead.t).keys()) {
    const found = numbered[number];
    const fault = found && doc.faults?.[found.entry];
    if (!fault || (id && !touches(fault, id)) || fault.kind === "restart" || fault.when) continue;
    next = until_ms > startOf(fault) ? replaceFault(next, found.entry, { ...fault, until_ms }) : next;
  }
  if (next !== doc) breakAndRun(stage, next, id ? t("Heal {name}", { name: id }) : t("Heal"));
}

/** @param {FaultEntry} fault @param {string} id */
export function touches(fault, id) {
  return typeof fault.target === "string" ? fault.target === id : fault.target.some((group) => group.includes(id));
}
