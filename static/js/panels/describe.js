/** Events and operations in words. */

import { t } from "./words.js";

/** Reasons of who has to send a message on, not of a link. */
const NO_WAY = new Set(["unreachable", "expired"]);

/**
 * @param {TraceStore} store
 * @param {number} index
 * @param {(fault: number) => string} faultWords
 * @param {(node: number) => string} name
 * @returns {{time: number, kind: string, role: string, text: string, bad: boolean}}
 */
export function describeEvent(store, index, faultWords, name) {
  const event = store.events.at(index);

  if (event.type === "sent" || event.type === "dropped") return describeMessage(store, event, name);
  if (event.type === "invoked" || event.type === "returned") return describeOperation(store, event, name);
  if (event.type === "fault") {
    const { fault, phase } = store.faults[event.slot];
    const text = phase === "start" ? faultWords(fault) : t("{what}: ended", { what: faultWords(fault) });
    return { time: event.time, kind: t("Fault"), role: "fault", text, bad: phase === "start" };
  }
  const note = store.notes[event.slot];
  return { time: event.time, kind: t("Note"), role: "note", text: `${name(note.node)} ${note.text}`, bad: false };
}

/**
 * @param {TraceStore} store
 * @param {{type: string, slot: number, time: number}} event
 * @param {(n: number) => string} name
 */
function describeMessage(store, event, name) {
  const m = store.messages.row(event.slot);
  const way = `${name(m.src)} → ${name(m.dst)}`;
  if (event.type === "dropped") return { time: event.time, kind: t("Dropped"), role: "drop", text: `${way} ${m.kind}: ${t(m.outcome)}${whereLost(store, m, name)}`, bad: true };
  return { time: event.time, kind: roleWord(m.role), role: m.role, text: `${way} ${m.kind}`, bad: false };
}

/** Where a message that was forwarded came to its end. @param {TraceStore} store @param {MessageRow} m @param {(n: number) => string} name */
function whereLost(store, m, name) {
  const leg = store.messages.leg(m.slot, m.settled);
  if (!leg.forwarded) return "";
  if (NO_WAY.has(m.outcome)) return t(", at {node}", { node: name(leg.dst) });
  return t(", between {a} and {b}", { a: name(leg.src), b: name(leg.dst) });
}

/**
 * @param {TraceStore} store
 * @param {{type: string, slot: number, time: number}} event
 * @param {(n: number) => string} name
 */
function describeOperation(store, event, name) {
  const o = store.operations.row(event.slot);
  const what = operationWords(o);
  if (event.type === "invoked") return { time: event.time, kind: t("Asked"), role: "asked", text: `${name(o.node)} ${what}`, bad: false };
  const took = ((o.returned - o.invoked) / 1e6).toFixed(1);
  const result = o.type === "ok" ? (o.f === "read" ? ` → ${show(o.result)}` : "") : `: ${t(o.error || (o.type === "info" ? "unknown" : "failed"))}`;
  const kind = o.type === "ok" ? t("Answered") : o.type === "info" ? t("Unknown") : t("Failed");
  return { time: event.time, kind, role: o.type === "ok" ? "answered" : "failed", text: `${name(o.node)} ${what}${result}, ${took}\u2009ms`, bad: o.type !== "ok" };
}

/** What a client asked for: "write k1 = 7", "read k1". @param {OperationRow} o */
export function operationWords(o) {
  if (o.f === "write") return t("write {key} = {value}", { key: show(o.key), value: show(o.value) });
  return o.key === null || o.key === undefined || o.key === "" ? t(o.f) : `${t(o.f)} ${show(o.key)}`;
}

/** @param {string} role */
export function roleWord(role) {
  return { request: t("Request"), reply: t("Reply"), replication: t("Replication"), heartbeat: t("Heartbeat"), vote: t("Vote"), event: t("Event") }[role] ?? role;
}

/** @param {unknown} value */
export function show(value) {
  return value === null || value === undefined ? t("nothing") : String(value);
}
