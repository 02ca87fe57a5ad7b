/** Variants: other settings of a scenario, each a patch that is applied to the scenario as drawn. */

import { patched } from "./patch.js";

/** Each made once: who asks twice for the same gets the same. @type {WeakMap<Scenario, Map<string, Scenario>>} */
const known = new WeakMap();

/** Whether a scenario has a variant of that name, which may come from an address. @param {Scenario} doc @param {string | null} name @returns {name is string} */
export function hasVariant(doc, name) { return name !== null && Object.hasOwn(doc.variants ?? {}, name); }

/** A scenario with one of its variants applied; the scenario itself where it has none of that name. @param {Scenario} doc @param {string | null} name @returns {Scenario} */
export function varied(doc, name) {
  const operations = hasVariant(doc, name) ? doc.variants?.[name] : undefined;
  if (name === null || !operations?.length) return doc;
  const made = known.get(doc) ?? new Map();
  known.set(doc, made);
  if (!made.has(name)) made.set(name, patched(doc, operations));
  return made.get(name);
}

/** A variant as a scenario of its own: with the claims about it alone, and without the variants, which are patches on another one. @param {Scenario} doc @param {string} name @returns {Scenario} */
export function independent(doc, name) {
  const { variants: _variants, ...rest } = varied(doc, name);
  if (!rest.expect) return rest;
  const about = rest.expect.filter(({ left, right }) => [...measured(left), ...measured(right)].every((variant) => variant === name));
  return { ...rest, expect: about.map((claim) => ({ ...claim, left: unnamed(claim.left), right: unnamed(claim.right) })) };
}

/** The variants, "" for the scenario as drawn, that a side of a claim measures. @param {Json} side @returns {string[]} */
function measured(side) {
  if (Array.isArray(side)) return side.flatMap(measured);
  if (side === null || typeof side !== "object") return [];
  return "metric" in side ? [String(side.variant ?? "")] : Object.values(side).flatMap(measured);
}

/** @param {any} side @returns {any} */
function unnamed(side) {
  if (Array.isArray(side)) return side.map(unnamed);
  if (side === null || typeof side !== "object") return side;
  const { variant: _variant, ...rest } = side;
  return "metric" in side ? rest : Object.fromEntries(Object.entries(side).map(([key, part]) => [key, unnamed(part)]));
}
