/** Messages grouped for colouring: by role, by request, by kind or by outcome. The shape tells the role in any case. */

import { DELIVERED } from "./messages.js";

export const COLOURINGS = ["role", "request", "kind", "outcome"];
/** So many request colours there are; the next so many are told apart by a ring. */
export const CATEGORIES = 8;
const RINGED = CATEGORIES * 2;
/** What belongs to no request. */
export const NONE = RINGED;
export const ARRIVES = 0;
export const DROPPED = 1;
export const OPEN = 2;
/** More groups than this no colouring has. */
export const GROUPS_MAX = RINGED + 1;

/** The number of a message's group. @param {Messages} messages @param {string} colouring @returns {(slot: number) => number} */
export function groupsOf(messages, colouring) {
  const { role, kind, op, outcome, settled } = messages;
  if (colouring === "request") return (slot) => (op.data[slot] < 0 ? NONE : op.data[slot] % RINGED);
  if (colouring === "kind") return (slot) => kind.data[slot] % RINGED;
  if (colouring === "outcome") return (slot) => (settled.data[slot] === Infinity ? OPEN : outcome.data[slot] === DELIVERED ? ARRIVES : DROPPED);
  return (slot) => role.data[slot];
}

/** The colour of each group, by the names of the tokens. @param {string} colouring @param {string[]} roles @returns {string[]} */
export function tokensOf(colouring, roles) {
  if (colouring === "role") return roles.map((role) => `--msg-${role}`);
  if (colouring === "outcome") return ["--ok", "--bad", "--unknown"];
  return [...Array.from({ length: RINGED }, (_, i) => `--cat-${(i % CATEGORIES) + 1}`), "--msg-heartbeat"];
}

/** Whether a group's messages carry a ring: where colours come again, and where colour alone would tell what is lost. @param {string} colouring @param {number} group */
export function ringed(colouring, group) {
  if (colouring === "outcome") return group === DROPPED;
  return colouring !== "role" && group >= CATEGORIES && group < RINGED;
}
