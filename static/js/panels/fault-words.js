/** Faults in words. */

import { numberedFaults } from "../document/faults.js";
import { t } from "./words.js";

/** @param {Scenario} doc @param {FaultEntry} fault */
export function faultWords(doc, fault) {
  if (fault.kind === "crash") return t("{node} crashes", { node: String(fault.target) });
  if (fault.kind === "partition") return t("Partition {groups}", { groups: /** @type {string[][]} */ (fault.target).map((group) => groupWords(group)).join(" | ") });
  const link = doc.links.find((entry) => entry.id === fault.target);
  const name = link ? `${link.a} – ${link.b}` : String(fault.target);
  if (fault.kind === "cut") return t("Cut {link}", { link: name });
  if (fault.kind === "loss") return t("{link} loses {p}%", { link: name, p: Math.round((fault.probability ?? 0) * 100) });
  return `${fault.kind} ${String(fault.target)}`;
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
