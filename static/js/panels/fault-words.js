/** Faults in words. */

import { meshEnds, NODE_FAULTS, numberedFaults } from "../document/faults.js";
import { t } from "./words.js";

/** @param {Scenario} doc @param {FaultEntry} fault */
export function faultWords(doc, fault) {
  const what = plainWords(doc, fault);
  if (!fault.when) return what;
  const { node: id, event, after_ms = 0 } = fault.when;
  const node = doc.nodes.find((entry) => entry.id === id)?.label || id;
  if (after_ms) return t("{what}, {s}\u2009s after “{event}” of {node}", { what, s: after_ms / 1000, node, event });
  return event.includes(" = ") ? t("{what}, once {node} shows {event}", { what, node, event }) : t("{what}, at “{event}” of {node}", { what, node, event });
}

/** A fault whose event has not come. @param {Scenario} doc @param {FaultEntry} fault */
export function waitingWords(doc, fault) {
  const { node, event } = fault.when ?? { node: "", event: "" };
  return t("Waits for “{event}” of {node}: {what}", { event, node: doc.nodes.find(({ id }) => id === node)?.label || node, what: plainWords(doc, fault) });
}

/** A message of the server with its faults called by what they do in place of their number. @param {Scenario} doc @param {string} message */
export function aboutFaults(doc, message) {
  return message.replace(/faults\[(\d+)\]/g, (whole, index) => {
    const fault = doc.faults?.[Number(index)];
    return fault ? `“${faultWords(doc, fault)}”` : whole;
  });
}

/** @param {Scenario} doc @param {FaultEntry} fault */
function plainWords(doc, fault) {
  const name = (/** @type {string} */ id) => (doc.nodes.find((node) => node.id === id) ?? doc.hosts?.find((host) => host.id === id))?.label || id;
  if (fault.kind === "spoof") return t("{node} poses as {other}", { node: name(String(fault.target)), other: name(fault.claims ?? "") });
  if (NODE_FAULTS.includes(fault.kind)) return nodeWords(fault, name(String(fault.target)));
  if (fault.kind === "partition") return t("Partition {groups}", { groups: /** @type {string[][]} */ (fault.target).map((group) => zoneOf(doc, group) ?? groupWords(group.map(name))).join(" | ") });
  const ends = placeWords(doc, fault, name);
  if (fault.kind === "cut") return t("Cut {link}", { link: ends });
  if (fault.kind === "loss") return t("{link} loses {p}%", { link: ends, p: percent(fault) });
  if (fault.kind === "delay") return t("{link} takes longer", { link: ends });
  if (fault.kind === "duplicate") return t("{link} doubles {p}%", { link: ends, p: percent(fault) });
  if (fault.kind === "reorder") return t("{link} holds up {p}%", { link: ends, p: percent(fault) });
  if (fault.kind === "bandwidth") return t("{link} carries {n} Mbit/s", { link: ends, n: fault.mbit_per_s ?? 0 });
  if (fault.kind === "tamper") return t("{link}: {p}% altered", { link: ends, p: percent(fault) });
  if (fault.kind === "replay") return t("{link}: {p}% replayed", { link: ends, p: percent(fault) });
  return `${fault.kind} ${String(fault.target)}`;
}

/** Where a fault on links is: a link drawn or undrawn, whole or one way, a cluster, or a node. @param {Scenario} doc @param {FaultEntry} fault @param {(id: string) => string} name */
function placeWords(doc, { target: place, direction = "both" }, name) {
  const target = String(place);
  const link = doc.links.find((entry) => entry.id === target);
  const ends = (link ? [link.a, link.b] : meshEnds(doc, target))?.map(name);
  if (ends) return direction === "both" ? ends.join(" – ") : (direction === "a-to-b" ? ends : ends.reverse()).join(" → ");
  const cluster = doc.clusters?.find(({ id }) => target === `cluster:${id}`);
  return cluster ? t("All links of {name}", { name: cluster.label || cluster.id }) : name(target);
}

/** What a fault does to a link, in a few words; null for a fault on anything else. @param {FaultEntry} fault @param {string} since */
export function linkFaultWords(fault, since) {
  if (fault.kind === "cut") return fault.direction && fault.direction !== "both" ? t("Cut one way since {time}\u2009s", { time: since }) : t("Cut since {time}\u2009s", { time: since });
  if (fault.kind === "loss") return t("Losing {p}%", { p: percent(fault) });
  if (fault.kind === "delay") return t("Takes longer");
  if (fault.kind === "duplicate") return t("Doubling {p}%", { p: percent(fault) });
  if (fault.kind === "reorder") return t("Holding up {p}%", { p: percent(fault) });
  if (fault.kind === "bandwidth") return t("{n} Mbit/s", { n: fault.mbit_per_s ?? 0 });
  if (fault.kind === "tamper") return t("{p}% altered", { p: percent(fault) });
  if (fault.kind === "replay") return t("{p}% replayed", { p: percent(fault) });
  return null;
}

/** @param {FaultEntry} fault */
function percent(fault) {
  return Math.round((fault.probability ?? 0) * 100);
}

/** @param {FaultEntry} fault @param {string} node */
function nodeWords(fault, node) {
  if (fault.kind === "crash") return t("{node} crashes", { node });
  if (fault.kind === "restart") return t("{node} restarts", { node });
  if (fault.kind === "stop") return fault.drain_ms ? t("{node} drains and stops", { node }) : t("{node}: process stops", { node });
  if (fault.kind === "pause") return t("{node} pauses", { node });
  if (fault.kind === "hang") return t("{node} hangs", { node });
  if (fault.kind === "slow") return t("{node} {n} times slower", { node, n: fault.factor ?? 5 });
  if (fault.kind === "clock") return t("{node}: wrong clock", { node });
  if (fault.kind === "byzantine") return t("{node} lies: {how}", { node, how: fault.behaviour ?? "" });
  if (fault.kind === "chaos") return t("{node}: chaos", { node });
  if (fault.mode === "full") return t("{node}: disk full", { node });
  if (fault.mode === "torn") return t("{node}: disk tears writes", { node });
  if (fault.mode === "lying") return t("{node}: disk lies", { node });
  return t("{node}: disk {n} times slower", { node, n: fault.factor ?? 10 });
}

/** The name of the zone whose nodes are just these. @param {Scenario} doc @param {string[]} group */
function zoneOf(doc, group) {
  const zone = (doc.zones ?? []).find(({ id }) => {
    const members = doc.nodes.filter((node) => node.zone === id).map((node) => node.id);
    return members.length > 0 && members.length === group.length && members.every((member) => group.includes(member));
  });
  return zone ? zone.label || zone.id : null;
}

/** @param {string[]} group */
function groupWords(group) {
  return group.length > 3 ? `${group.slice(0, 2).join(", ")} +${group.length - 2}` : group.join(", ");
}

/** Words for a fault by its number in the run. @param {Stage} stage @param {number} number */
export function numberedFaultWords(stage, number) {
  const doc = stage.ran ?? stage.doc;
  const found = numberedFaults(doc)[number];
  return found ? faultWords(doc, found.fault) : t("Fault {n}", { n: number });
}
