/** What is selected, as the inspector's form wants it; and a changed field of it put into the document. */

import { changeAll, inCommon } from "../document/common.js";
import { changeEntry, replaceFault, setMachine, setParam } from "../document/edits.js";
import { changedFault, faultChoices } from "../document/fault-fields.js";
import { copiesOf } from "../document/faults.js";
import { faultWords } from "./fault-words.js";
import { t, tn } from "./words.js";

/**
 * @typedef {{kind: string, item: any, shared?: Params, choices?: Record<string, [string, string][]>, mixed?: string[], ids?: string[]}} Chosen
 * `ids` and `mixed` of several entries: `item` is then what they have in common.
 */

/** Fields of a node's form that are its machine's, as they are named there. @type {Record<string, keyof HostEntry>} */
const MACHINE_FIELDS = { machine_cores: "cores", machine_cost_per_hour: "cost_per_hour" };

/** @param {Stage} stage @returns {Chosen | null} */
export function chosen(stage) {
  const { doc, selection } = stage;
  if (selection.size > 1) return several(stage);
  const [id = ""] = selection;
  const node = doc.nodes.find((entry) => entry.id === id);
  if (node) return { kind: "node", item: withMachine(doc, node), shared: sharedOf(doc, id), choices: zoneChoices(doc) };
  const link = doc.links.find((entry) => entry.id === id);
  if (link) return { kind: "link", item: link };
  const [sort, rest] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
  const cluster = sort === "cluster" && doc.clusters?.find((entry) => entry.id === rest);
  if (cluster) return { kind: "cluster", item: cluster };
  const fault = sort === "fault" && doc.faults?.[Number(rest)];
  if (!fault) return null;
  const of = doc.nodes.find((entry) => entry.id === fault.target || copiesOf(doc, entry.id).includes(String(fault.target)))?.type ?? "";
  return { kind: "fault", item: { ...fault, id, of, words: faultWords(doc, fault) }, choices: faultChoices(doc, fault) };
}

/** Several nodes, or several links; anything else has no form in common. @param {Stage} stage @returns {Chosen | null} */
function several(stage) {
  const { doc, selection } = stage;
  const ids = [...selection];
  const nodes = doc.nodes.filter((entry) => selection.has(entry.id));
  const links = doc.links.filter((entry) => selection.has(entry.id));
  const kind = nodes.length === ids.length ? "node" : links.length === ids.length ? "link" : null;
  if (!kind) return null;
  const types = new Set(nodes.map(({ type }) => type));
  const params = kind === "link" ? stage.data.catalogue.link.params : types.size === 1 ? stage.typeInfo(nodes[0].type)?.params ?? [] : [];
  const { item, mixed } = inCommon(kind === "node" ? nodes : links, params, ({ id }) => sharedOf(doc, id));
  const words = kind === "node" ? tn("{n} node", "{n} nodes", ids.length) : tn("{n} link", "{n} links", ids.length);
  const type = types.size === 1 ? nodes[0].type : "";
  return { kind, item: { ...item, id: `several:${ids.join(" ")}`, words, type }, mixed, ids, choices: kind === "node" ? zoneChoices(doc) : {} };
}

/** @param {Scenario} doc @param {string} id */
function sharedOf(doc, id) {
  return doc.clusters?.find((cluster) => cluster.members.includes(id))?.params ?? {};
}

/** @param {Scenario} doc @returns {Record<string, [string, string][]>} */
function zoneChoices(doc) {
  return doc.zones?.length ? { zone: [["", t("None")], ...doc.zones.map(({ id, label }) => /** @type {[string, string]} */ ([id, label || id]))] } : {};
}

/** A node with what is said of its machine. @param {Scenario} doc @param {NodeEntry} node */
function withMachine(doc, node) {
  const host = node.host && doc.hosts?.find((entry) => entry.id === node.host);
  return host ? { ...node, ...Object.fromEntries(Object.entries(MACHINE_FIELDS).flatMap(([name, key]) => (host[key] === undefined ? [] : [[name, host[key]]]))) } : node;
}

/**
 * Puts a checked value into the document, as one command.
 * @param {Stage} stage
 * @param {{group: string, name: string, item: string, value: any}} field value undefined goes back to the default
 */
export function applyField(stage, { group, name, item, value }) {
  const { doc } = stage;
  const ids = item.startsWith("several:") ? item.slice(8).split(" ") : [item];
  const what = ids.length > 1 ? tn("{n} node", "{n} nodes", ids.length) : item;
  const words = ids.length > 1 && doc.links.some((link) => link.id === ids[0]) ? tn("{n} link", "{n} links", ids.length) : what;
  const label = t("Change {name} of {item}", { name: name.replaceAll("_", " ").replace(/ ms$/, ""), item: words });
  const next = changed(doc, ids, { group, name, item, value });
  if (next) stage.store.change(label, next, `${item}.${name}`);
}

/** @param {Scenario} doc @param {string[]} ids @param {{group: string, name: string, item: string, value: any}} field */
function changed(doc, ids, { group, name, item, value }) {
  const list = doc.nodes.some((node) => node.id === ids[0]) ? "nodes" : doc.links.some((link) => link.id === ids[0]) ? "links" : "clusters";
  if (ids.length > 1) return list === "clusters" ? null : changeAll(doc, list, ids, group, name, value);
  if (item.startsWith("fault:")) {
    const fault = doc.faults?.[Number(item.slice(6))];
    return fault ? replaceFault(doc, Number(item.slice(6)), changedFault(doc, fault, name, value)) : null;
  }
  const machine = MACHINE_FIELDS[name] && doc.nodes.find((node) => node.id === item)?.host;
  if (machine) return setMachine(doc, machine, { [MACHINE_FIELDS[name]]: value });
  return group === "entry" ? changeEntry(doc, list, item, { [name]: value === "" ? undefined : value }) : setParam(doc, list, item, name, value);
}
