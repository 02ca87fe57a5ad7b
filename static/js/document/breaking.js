/** Faults made at the playhead, and their end there: plain entries of the document, with defaults that show something. */

import { replaceFault } from "./edits.js";
import { lastsAt } from "./fault-spans.js";
import { copiesOf } from "./faults.js";
import { removeFault } from "./removal.js";

export const LASTS_MS = 5_000;
export const CHAOS_LASTS_MS = 10_000;
const LASTS_MS_MAX = 3_600_000;
const FAULTS_MAX = 500;

/** @type {Record<string, Omit<FaultEntry, "target">>} */
const BREAKS = {
  crash: { kind: "crash" },
  restart: { kind: "restart", down_ms: 500 },
  stop: { kind: "stop" },
  pause: { kind: "pause" },
  hang: { kind: "hang" },
  slow: { kind: "slow", factor: 10 },
  clock: { kind: "clock", offset_ms: 1_000 },
  "disk-slow": { kind: "disk", mode: "slow", factor: 10 },
  "disk-full": { kind: "disk", mode: "full" },
  cut: { kind: "cut" },
  "cut-a-to-b": { kind: "cut", direction: "a-to-b" },
  "cut-b-to-a": { kind: "cut", direction: "b-to-a" },
  delay: { kind: "delay", latency: { kind: "constant", value_ms: 100 } },
  lose: { kind: "loss", probability: 0.3 },
  duplicate: { kind: "duplicate", probability: 0.3 },
  tamper: { kind: "tamper", probability: 0.3 },
  chaos: { kind: "chaos", does: "crash", rate_per_min: 20, mttr_ms: 1_000 },
};

/** The playhead in ms, down to the microsecond, so that a fault made there holds there; not after the end. @param {Scenario} doc @param {number} at_ns */
export function instant(doc, at_ns) {
  return Math.min(Math.floor(at_ns / 1e3) / 1e3, endOf(doc));
}

/** @param {Scenario} doc */
function endOf(doc) { return doc.duration_ms + (doc.settle_ms ?? 0); }

/** @param {number} ms */
function tidy(ms) { return Math.round(ms * 1e3) / 1e3; }

/** A start, and an end where there is room for one before the run's. @param {Scenario} doc @param {number} at_ms @param {number | null} lasts_ms null: until healed */
function spell(doc, at_ms, lasts_ms) {
  if (lasts_ms === null || at_ms >= endOf(doc)) return { at_ms };
  return { at_ms, until_ms: tidy(Math.min(at_ms + lasts_ms, endOf(doc))) };
}

/**
 * One fault for each target; `lie:` and a behaviour that the type knows makes it lie.
 * @param {Scenario} doc
 * @param {string} name
 * @param {string[]} targets
 * @param {number} at_ms
 * @param {number | null} lasts_ms
 * @returns {FaultEntry[]}
 */
export function faultsAt(doc, name, targets, at_ms, lasts_ms) {
  const made = name.startsWith("lie:") ? { kind: "byzantine", behaviour: name.slice(4) } : BREAKS[name];
  if (!made) return [];
  const when = made.kind === "restart" ? { at_ms } : spell(doc, at_ms, lasts_ms);
  return targets.map((target) => ({ ...made, target, ...when }));
}

/** These nodes on one side and all others on the other. @param {Scenario} doc @param {string[]} nodes @param {number} at_ms @param {number | null} lasts_ms @returns {FaultEntry[]} */
export function partitionAt(doc, nodes, at_ms, lasts_ms) {
  const rest = doc.nodes.map((node) => node.id).filter((id) => !nodes.includes(id));
  return nodes.length && rest.length ? [{ kind: "partition", target: [nodes, rest], ...spell(doc, at_ms, lasts_ms) }] : [];
}

/**
 * Crashes at random on every node that serves, once a machine, as many as a scenario may have.
 * @param {Scenario} doc
 * @param {(node: NodeEntry) => boolean} serves
 * @param {number} at_ms
 */
export function chaosAt(doc, serves, at_ms) {
  /** @type {Set<string>} */
  const machines = new Set();
  let room = FAULTS_MAX - (doc.faults ?? []).reduce((sum, fault) => sum + (typeof fault.target === "string" ? copiesOf(doc, fault.target).length : 1), 0);
  const struck = doc.nodes.filter((node) => {
    const count = copiesOf(doc, node.id).length;
    if (!serves(node) || (node.host && machines.has(node.host)) || count > room) return false;
    if (node.host) machines.add(node.host);
    room -= count;
    return true;
  });
  return faultsAt(doc, "chaos", struck.map((node) => node.id), at_ms, CHAOS_LASTS_MS);
}

/** The lies that every one of these nodes knows. @param {Scenario} doc @param {string[]} nodes @param {(type: string) => {name: string, title: string}[]} liesOf */
export function commonLies(doc, nodes, liesOf) {
  const types = [...new Set(doc.nodes.filter((node) => nodes.includes(node.id)).map((node) => node.type))];
  const [first = [], ...others] = types.map(liesOf);
  return first.filter(({ name }) => others.every((lies) => lies.some((lie) => lie.name === name)));
}

/** @param {FaultEntry} fault @param {string} id */
function touches(fault, id) {
  return typeof fault.target === "string" ? fault.target === id : fault.target.some((group) => group.includes(id));
}

/**
 * The places of the faults that last at a moment: all, or those on some parts.
 * @param {Scenario} doc @param {(Span | null)[]} spans @param {number} at_ms @param {string[] | null} [ids] of nodes and links, and `fault:<place>`
 */
export function lasting(doc, spans, at_ms, ids = null) {
  return spans.flatMap((span, index) => {
    const fault = doc.faults?.[index];
    const meant = fault && (ids === null || ids.some((id) => id === `fault:${index}` || touches(fault, id)));
    return meant && lastsAt(span, at_ms) ? [index] : [];
  });
}

/**
 * The document with these faults ended at a moment; those that had only begun are gone.
 * @param {Scenario} doc @param {(Span | null)[]} spans @param {number[]} places of faults @param {number} at_ms
 */
export function healedAt(doc, spans, places, at_ms) {
  let next = doc;
  for (const index of [...places].sort((a, b) => b - a)) {
    const fault = doc.faults?.[index];
    const span = spans[index];
    if (!fault || !span) continue;
    const ended = endedAt(fault, span.from_ms, at_ms);
    next = ended ? replaceFault(next, index, ended) : removeFault(next, index);
  }
  return next;
}

/** @param {FaultEntry} fault @param {number} from_ms @param {number} at_ms @returns {FaultEntry | null} null: nothing is left of it */
function endedAt(fault, from_ms, at_ms) {
  const lasted_ms = Math.floor((at_ms - from_ms) * 1e3 + 1e-6) / 1e3;
  if (lasted_ms <= 0) return null;
  if (fault.kind !== "restart" && !fault.when) return { ...fault, until_ms: at_ms };
  if (lasted_ms > LASTS_MS_MAX) return fault;
  return fault.kind === "restart" ? { ...fault, down_ms: lasted_ms } : { ...fault, lasts_ms: lasted_ms };
}
