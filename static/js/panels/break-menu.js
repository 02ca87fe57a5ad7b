/** The ways to break what is selected, at the playhead: the most used as buttons, the rest under "More". */

import { h, icon } from "../dom.js";
import { commonLies } from "../document/breaking.js";
import { breakAt, brokenAt, choice, heal } from "./break.js";
import { lockedNote } from "./variants.js";
import { t } from "./words.js";

/** @typedef {[name: string, glyph: string, words: string]} Way */

/** What the menu remembers from one selection to the next. */
const memory = { more: false };

/** @returns {Way[]} */
const nodeWays = () => [
  ["crash", "i-crash", t("Crash")], ["restart", "i-restart", t("Restart")], ["pause", "i-pause", t("Pause")], ["slow", "i-slow", t("Slow ×10")],
];
/** @returns {Way[]} */
const moreNodeWays = () => [
  ["stop", "i-stop", t("Stop process")], ["hang", "i-hang", t("Hang")], ["clock", "i-clock", t("Clock +1\u2009s")], ["disk-slow", "n-database", t("Disk slow ×10")], ["disk-full", "i-disk-full", t("Disk full")],
];
/** @returns {Way[]} */
const linkWays = () => [["cut", "i-scissors", t("Cut")], ["delay", "i-clock", t("Delay +100\u2009ms")], ["lose", "i-lose", t("Lose 30%")]];
/** @returns {Way[]} */
const moreLinkWays = () => [["duplicate", "i-dup", t("Duplicate 30%")], ["tamper", "i-tamper", t("Tamper 30%")]];

/** @type {[value: string, lasts_ms: number | null][]} */
const LENGTHS = [["1", 1_000], ["5", 5_000], ["10", 10_000], ["30", 30_000], ["", null]];

/**
 * @param {Stage} stage
 * @param {string[]} nodes
 * @param {string[]} links
 * @param {string[]} faults as `fault:<place>`
 * @returns {HTMLElement}
 */
export function breakMenu(stage, nodes, links, faults) {
  const box = h("div", { class: "sect breaks" });
  const head = h("h3", { class: "sec-t" }, t("Break at playhead"));
  box.append(head);
  const hint = (/** @type {string} */ words) => h("p", { class: "hintp gap" }, words);
  if (!stage.editable) box.append(...lockedNote(stage));
  else if (!stage.trace) box.append(hint(t("Press Run first. Then move the playhead to the moment, and break this there.")));
  else if (nodes.length || links.length) selected(stage, box, head, nodes, links);
  else if (faults.length) box.append(row([healButton(stage, faults, t("Heal"))]));
  else box.append(row([healButton(stage, null, t("Heal all")), button(stage, ["chaos", "i-bolt", t("Chaos for 10\u2009s")])], "two"), hint(t("Chaos crashes every server again and again, at random. To break one part, select it.")));
  return box;
}

/** @param {Stage} stage @param {HTMLElement} box @param {HTMLElement} head @param {string[]} nodes @param {string[]} links */
function selected(stage, box, head, nodes, links) {
  head.append(lengthChoice());
  const ways = (/** @type {Way[]} */ list) => list.map((way) => button(stage, way));
  const main = [...(nodes.length ? ways(nodeWays()) : []), ...(links.length ? ways(linkWays()) : [])];
  if (nodes.length && nodes.length < stage.doc.nodes.length) main.push(button(stage, ["partition", "i-split", t("Partition")]));
  main.push(healButton(stage, [...nodes, ...links], t("Heal")));
  box.append(row(main, nodes.length ? "" : "two"));
  if (links.length) box.append(row(oneWays(stage, links), "one"));
  const hint = nodes.length > 1 ? t("Partition puts the {n} selected nodes on one side and all others on the other.", { n: nodes.length }) : nodes.length ? t("Partition cuts this node off from all others.") : "";
  if (hint) box.append(h("p", { class: "hintp gap" }, hint));
  const lies = commonLies(stage.doc, nodes, (type) => stage.typeInfo(type)?.lies ?? []);
  const more = row([...(nodes.length ? ways(moreNodeWays()) : []), ...(links.length ? ways(moreLinkWays()) : [])], "two");
  const rest = h("div", { id: "break-more" }, more);
  if (lies.length) rest.append(h("h4", { class: "gh" }, t("Lie")), row(ways(lies.map(({ name, title }) => [`lie:${name}`, "i-lie", title])), "one"));
  box.append(disclosure(stage, rest, nodes.length > 0), rest);
}

/** A cut of each direction, by the names of its ends; of several links, by the way that requests flow. @param {Stage} stage @param {string[]} links */
function oneWays(stage, links) {
  const name = (/** @type {string | undefined} */ id) => stage.doc.nodes.find((node) => node.id === id)?.label || id || "";
  const link = links.length === 1 ? stage.doc.links.find(({ id }) => id === links[0]) : undefined;
  const [a, b] = link ? [name(link.a), name(link.b)] : [t("asking"), t("answering")];
  return [button(stage, ["cut-a-to-b", "i-oneway", t("Cut {a} → {b}", { a, b })]), button(stage, ["cut-b-to-a", "i-oneway", t("Cut {a} → {b}", { a: b, b: a })])];
}

/** "More", and beside it for nodes the way to select several by tap. @param {Stage} stage @param {HTMLElement} rest @param {boolean} several */
function disclosure(stage, rest, several) {
  const more = h("button", { class: "b", "data-act": "more", "aria-controls": rest.id }, icon("i-down"), h("span", {}, t("More")));
  const show = () => {
    rest.hidden = !memory.more;
    more.setAttribute("aria-expanded", String(memory.more));
  };
  more.onclick = () => {
    memory.more = !memory.more;
    show();
  };
  show();
  const line = row([more], "bare");
  if (!several) return line;
  const add = h("button", { class: "b", "data-act": "several", "aria-pressed": String(stage.adding) }, icon("i-lasso"), h("span", {}, t("Select several")));
  add.onclick = () => {
    stage.adding = !stage.adding;
    add.setAttribute("aria-pressed", String(stage.adding));
  };
  line.append(add);
  return line;
}

/** How long what is broken stays so. */
function lengthChoice() {
  const select = h("select", { class: "sel", "aria-label": t("How long it lasts"), "data-act": "lasts" },
    ...LENGTHS.map(([value]) => h("option", { value }, value ? t("for {n}\u2009s", { n: value }) : t("until healed"))));
  select.value = LENGTHS.find(([, lasts_ms]) => lasts_ms === choice.lasts_ms)?.[0] ?? "";
  select.onchange = () => { choice.lasts_ms = LENGTHS.find(([value]) => value === select.value)?.[1] ?? null; };
  return h("span", { class: "selw lasts" }, select, icon("i-down", "s"));
}

/** @param {HTMLElement[]} buttons @param {string} [kind] */
function row(buttons, kind = "") {
  return h("div", { class: `acts ${kind}`.trim() }, ...buttons);
}

/** @param {Stage} stage @param {Way} way */
function button(stage, [name, glyph, words]) {
  const made = h("button", { class: "b", "data-act": name, title: words }, icon(glyph), h("span", {}, words));
  made.onclick = () => breakAt(stage, name);
  return made;
}

/** @param {Stage} stage @param {string[] | null} ids @param {string} words */
function healButton(stage, ids, words) {
  const made = h("button", { class: "b", "data-act": "heal", title: t("End here what is broken at the playhead") }, icon("i-heal"), h("span", {}, words));
  made.onclick = () => heal(stage, ids);
  return made;
}

/** What can be healed follows the playhead. @param {Stage} stage @param {Element} box @param {string[]} ids none: everything */
export function showHealing(stage, box, ids) {
  const made = /** @type {HTMLButtonElement | null} */ (box.querySelector('[data-act="heal"]'));
  if (made) made.disabled = !brokenAt(stage, ids.length ? ids : null).length;
}
