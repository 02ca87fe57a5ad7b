/** The rules of document/problems.js in words, each with what would be right. */

import { t } from "./words.js";

/** @type {Record<string, () => string>} */
const RULES = {
  "nobody-asks": () => t("Nothing starts work, so a run would be silent. Place a client and link it to a server."),
  "no-target": () => t("{name} has nobody to ask. Link it to a server."),
  unreachable: () => t("No request reaches {name}. Link it from a client, or from something that is asked."),
  "mute-link": () => t("{a} and {b} can never talk: neither answers requests."),
  "joins-nobody": () => t("{name} joins nobody. Link two nodes or more to it."),
  "empty-zone": () => t("No node is in the zone {name}. Set the zone of a node, or remove it."),
  "same-name": () => t("Two nodes are called {name}. Give one another name."),
  "late-fault": () => t("{what}: after {s}\u2009s, when no requests are sent any more. Let it start sooner, or let the run last longer."),
};

/** @type {Record<string, () => string>} */
const FIXES = {
  client: () => t("Add a client"),
  link: () => t("Link with {name}"),
  "remove-link": () => t("Remove the link"),
  "remove-zone": () => t("Remove the zone"),
  "remove-fault": () => t("Remove the fault"),
  rename: () => t("Rename to {name}"),
};

/** @param {string} text @param {Record<string, string | number>} values */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {string} rule @param {Record<string, string | number>} values */
export function problemWords(rule, values) { return filled(RULES[rule](), values); }

/** @param {{name: string, values: Record<string, string | number>}} fix */
export function fixWords({ name, values }) { return filled(FIXES[name](), values); }
