/** What runs, and is hardly meant: rules over the document alone. What the server says of a document is not repeated here. */

import { asking, reached } from "./asking.js";
import { addLink, addNode, changeEntry } from "./edits.js";
import { startOf } from "./faults.js";
import { places } from "./places.js";
import { removeFault, removeItems } from "./removal.js";

/**
 * @typedef {{name: string, values: Record<string, string | number>, made: (doc: Scenario) => Scenario}} Fix
 * @typedef {{rule: string, place: string | null, field?: string, values: Record<string, string | number>, fix?: Fix}} Problem
 * `place` is the part as it is selected; `field` one of its form.
 */

/** @param {Scenario} doc @param {(type: string) => NodeTypeInfo | undefined} types @returns {Problem[]} */
export function problemsOf(doc, types) {
  return [...workProblems(doc, types), ...linkProblems(doc, types), ...zoneProblems(doc), ...nameProblems(doc), ...faultProblems(doc)];
}

/** @param {Scenario} doc @param {string} id */
function nameOf(doc, id) { return doc.nodes.find((node) => node.id === id)?.label || id; }

/** The nearest of some nodes. @param {Scenario} doc @param {string} id @param {string[]} others */
function nearest(doc, id, others) {
  const at = places(doc);
  const here = at.get(id) ?? { x: 0, y: 0 };
  const far = (/** @type {string} */ other) => Math.hypot((at.get(other)?.x ?? 0) - here.x, (at.get(other)?.y ?? 0) - here.y);
  return [...others].filter((other) => other !== id).sort((a, b) => far(a) - far(b))[0];
}

/** @param {string} a @param {string} b @param {string} words the other end @returns {Fix} */
function linking(a, b, words) {
  return { name: "link", values: { name: words }, made: (doc) => addLink(doc, a, b)?.doc ?? doc };
}

/** Nobody asks, nobody is asked. @param {Scenario} doc @param {(type: string) => NodeTypeInfo | undefined} types @returns {Problem[]} */
function workProblems(doc, types) {
  const of = (/** @type {"initiates" | "serves"} */ what) => doc.nodes.filter(({ type }) => types(type)?.[what]).map(({ id }) => id);
  const [initiating, serving] = [of("initiates"), of("serves")];
  if (!doc.nodes.length) return [];
  if (!initiating.length && doc.nodes.some(({ type }) => types(type)?.acts)) return [];
  if (!initiating.length) return [{ rule: "nobody-asks", place: null, values: {}, fix: serving.length ? addingClient(serving[0]) : undefined }];
  const asks = asking(doc, types);
  const idle = initiating.filter((id) => !asks.get(id)?.size);
  const found = reached(doc, types);
  const lonely = serving.filter((id) => !found.has(id));
  return [
    ...idle.map((id) => {
      const other = nearest(doc, id, serving);
      return { rule: "no-target", place: id, values: { name: nameOf(doc, id) }, fix: other ? linking(id, other, nameOf(doc, other)) : undefined };
    }),
    ...lonely.map((id) => {
      const other = nearest(doc, id, idle.length ? idle : [...found].filter((one) => one !== id));
      return { rule: "unreachable", place: id, values: { name: nameOf(doc, id) }, fix: other ? linking(other, id, nameOf(doc, other)) : undefined };
    }),
  ];
}

/** @param {string} server @returns {Fix} */
function addingClient(server) {
  return {
    name: "client", values: {},
    made: (doc) => {
      const at = places(doc).get(server) ?? { x: 320, y: 160 };
      const added = addNode(doc, "client", { x: at.x - 240, y: at.y });
      return addLink(added.doc, added.id, server)?.doc ?? added.doc;
    },
  };
}

/** @param {Scenario} doc @param {(type: string) => NodeTypeInfo | undefined} types @returns {Problem[]} */
function linkProblems(doc, types) {
  const info = new Map(doc.nodes.map(({ id, type }) => [id, types(type)]));
  const mute = doc.links.filter(({ a, b }) => {
    const [from, to] = [info.get(a), info.get(b)];
    return from && to && !from.forwards && !to.forwards && !from.serves && !to.serves && !from.acts && !to.acts;
  });
  const joints = doc.nodes.filter(({ id }) => info.get(id)?.forwards && doc.links.filter(({ a, b }) => a === id || b === id).length < 2);
  return [
    ...mute.map(({ id, a, b }) => ({ rule: "mute-link", place: id, values: { a: nameOf(doc, a), b: nameOf(doc, b) }, fix: { name: "remove-link", values: {}, made: (/** @type {Scenario} */ now) => removeItems(now, [id]) } })),
    ...joints.map(({ id }) => ({ rule: "joins-nobody", place: id, values: { name: nameOf(doc, id) } })),
  ];
}

/** @param {Scenario} doc @returns {Problem[]} */
function zoneProblems(doc) {
  const named = Object.values(doc.variants ?? {}).flat().some(({ path }) => /^\/(zones|latencies)\//.test(path)) || doc.expect?.some((claim) => JSON.stringify(claim).includes('"zone"'));
  return (doc.zones ?? []).filter(({ id }) => !doc.nodes.some((node) => node.zone === id)).map(({ id, label }) => ({
    rule: "empty-zone", place: `zone:${id}`, values: { name: label || id },
    fix: named ? undefined : { name: "remove-zone", values: {}, made: (/** @type {Scenario} */ now) => withoutZone(now, id) },
  }));
}

/** @param {Scenario} doc @param {string} id @returns {Scenario} */
function withoutZone(doc, id) {
  const next = { ...doc, zones: doc.zones?.filter((zone) => zone.id !== id), latencies: doc.latencies?.filter(({ a, b }) => a !== id && b !== id) };
  if (!next.zones?.length) delete next.zones;
  if (!next.latencies?.length) delete next.latencies;
  return next;
}

/** @param {Scenario} doc @returns {Problem[]} */
function nameProblems(doc) {
  const seen = new Set();
  const taken = new Set(doc.nodes.map(({ id }) => nameOf(doc, id)));
  return doc.nodes.flatMap(({ id, zone }) => {
    const name = nameOf(doc, id);
    const here = `${zone ?? ""} ${name}`; // in zones of their own they are told apart
    if (!seen.has(here)) {
      seen.add(here);
      return [];
    }
    let n = 2;
    while (taken.has(`${name} ${n}`)) n += 1;
    const label = `${name} ${n}`;
    taken.add(label);
    return [{ rule: "same-name", place: id, field: "entry-label", values: { name }, fix: { name: "rename", values: { name: label }, made: (/** @type {Scenario} */ now) => changeEntry(now, "nodes", id, { label }) } }];
  });
}

/** @param {Scenario} doc @returns {Problem[]} */
function faultProblems(doc) {
  const end = doc.duration_ms + (doc.settle_ms ?? 0);
  return (doc.faults ?? []).flatMap((fault, index) => {
    const at_ms = startOf(fault);
    if (fault.when || at_ms < doc.duration_ms || at_ms > end) return [];
    const values = { index, s: (doc.duration_ms / 1000).toFixed(3) };
    return [{ rule: "late-fault", place: `fault:${index}`, field: "entry-at_ms", values, fix: { name: "remove-fault", values: {}, made: (/** @type {Scenario} */ now) => removeFault(now, index) } }];
  });
}

/** The part and the field that a mistake's path names, such as `nodes[2].params.rate_per_s`. @param {Scenario} doc @param {string} path */
export function placeOf(doc, path) {
  const found = /^(nodes|links|clusters|faults|zones)\[(\d+)\](.*)$/.exec(path);
  if (!found) return { place: null, field: "" };
  const [, list, index, rest] = found;
  const id = /** @type {any} */ (doc)[list]?.[Number(index)]?.id;
  const place = list === "faults" ? `fault:${index}` : id === undefined ? null : { clusters: `cluster:${id}`, zones: `zone:${id}` }[list] ?? id;
  const param = /^\.params\.(\w+)/.exec(rest)?.[1];
  const entry = /^\.(?:when\.)?(\w+)/.exec(rest)?.[1] ?? "";
  return { place, field: param ? `params-${param}` : entry && rest !== ".params" ? `entry-${rest.startsWith(".when.") ? "when_" : ""}${entry}` : "" };
}

/** The name by which the inspector's form of a selected part goes: a cluster's is its id. @param {string} place */
export function formOf(place) { return place.replace(/^cluster:/, ""); }
