/** One activation in words: what made it run, what it sent and waits for, and the node's state before and after. */

import { h, icon } from "../dom.js";
import { t, tn } from "./words.js";

const SENT_WORDS_MAX = 4;

/**
 * @param {Activation} activation
 * @param {{name: (id: string) => string, pin: (id: number) => void}} page
 */
export function activationView(activation, page) {
  return [causeLine(activation, page), ...effectLines(activation, page), stateTable(activation.state)];
}

/** @param {Activation} activation @param {{name: (id: string) => string, pin: (id: number) => void}} page */
function causeLine(activation, page) {
  const { message } = activation;
  const line = h("p", { class: "cd-why" });
  if (!message) {
    line.append(activation.goes_on ? t("Goes on after a wait.") : activation.handler === "start" ? t("The process begins.") : t("A timer came due."));
    return line;
  }
  const words = activation.goes_on ? t("Goes on, because of") : t("Because of");
  const button = h("button", { class: "cd-msg mono", "data-message": message.id, title: message.says }, `${message.kind} #${message.id}`);
  button.onclick = () => page.pin(message.id);
  line.append(`${words} `, button, ` ${t("from {node}", { node: page.name(message.from) })}`);
  return line;
}

/** @param {Activation} activation @param {{name: (id: string) => string}} page */
function effectLines({ sent, waits, then, raised }, page) {
  const lines = [];
  if (raised) lines.push(h("p", { class: "cd-why isbad" }, icon("i-fail", "s"), ` ${t("It raised an error, which ended the run.")}`));
  if (sent.length) {
    const some = sent.slice(0, SENT_WORDS_MAX).map(({ kind, to }) => `${kind} → ${page.name(to)}`);
    if (sent.length > some.length) some.push(tn("{n} more", "{n} more", sent.length - some.length));
    lines.push(h("p", { class: "cd-why" }, t("Sent {what}.", { what: some.join(", ") })));
  }
  if (then.length) lines.push(h("p", { class: "cd-why" }, t("Within it ran {what}.", { what: [...new Set(then)].join(", ") })));
  const words = waits && waitWords(waits, page);
  if (words) lines.push(h("p", { class: "cd-why" }, icon("i-clock", "s"), ` ${words}`));
  return lines;
}

/** @param {NonNullable<Activation["waits"]>} waits @param {{name: (id: string) => string}} page */
function waitWords(waits, page) {
  const of = waits.of.map(page.name).join(", ");
  if (waits.for === "reply") return of ? t("Then it waits for the reply of {node}.", { node: of }) : t("Then it waits for a reply.");
  if (waits.for === "replies") return t("Then it waits for {n} of the replies of {nodes}.", { n: waits.need ?? 1, nodes: of || t("its peers") });
  if (waits.for === "disk") return t("Then it waits for its disk.");
  if (waits.for === "turn") return t("Then it waits for its turn.");
  return waits.for === "work" ? t("Then it waits for work to be done.") : t("Then it waits for time to pass.");
}

/** @param {Activation["state"]} rows */
function stateTable(rows) {
  const ordered = [...rows.filter((row) => row.changed), ...rows.filter((row) => !row.changed)];
  const head = h("tr", {}, ...[t("State"), t("Before"), t("After")].map((words) => h("th", { scope: "col" }, words)));
  const body = ordered.map((row) => {
    const name = h("th", { scope: "row", class: "mono" }, row.name);
    if (row.changed) name.append(" ", h("span", { class: "cd-changed" }, icon("i-changed", "s"), t("changed")));
    if (!row.changed) return h("tr", {}, name, h("td", { class: "mono", colspan: 2 }, h("span", { class: "cd-same", title: row.before }, row.before || "–")));
    return h("tr", { class: "changed" }, name, cell(row.before), cell(row.after));
  });
  return h("table", { class: "cd-state" }, h("caption", { class: "vh" }, t("State before and after")), h("thead", {}, head), h("tbody", {}, ...body));
}

/** @param {string} words */
function cell(words) { return h("td", { class: "mono" }, words || "–"); }
