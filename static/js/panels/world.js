/** The selected part as the run has it at the playhead, and the ways to break it there. */

import { $, h, icon } from "../dom.js";
import { breakAt, healedAt, mayBreak, touches } from "./break.js";
import { numberedFaults } from "../document/faults.js";
import { show } from "./describe.js";
import { t, seconds } from "./words.js";

/** "1 worker", "2 workers", "1 op", "7 ms". @param {string} unit @param {unknown} value */
function unitWords(unit, value) {
  if (!unit) return "";
  return `\u2009${value === 1 && unit.length > 2 ? unit.replace(/s$/, "") : unit}`;
}

/** What a machine shows of its streams, whatever runs on it: nothing where it has none. */
const ofStreams = () => [
  { field: "held", title: t("Held behind a gap"), unit: "messages" },
  { field: "blocked", title: t("Waiting to send"), unit: "messages" },
  { field: "buffered", title: t("Send buffers"), unit: "bytes" },
];

export class World {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.host = $("#world");
    this.title = h("h3", { class: "sec-t" });
    this.facts = h("dl", { class: "kv" });
    this.shown = "";
    stage.on("select trace run", () => this.build());
    stage.on("document", () => this.build());
    this.build();
  }

  get nodes() { return [...this.stage.selection].filter((id) => this.stage.doc.nodes.some((node) => node.id === id)); }

  get links() { return [...this.stage.selection].filter((id) => this.stage.doc.links.some((link) => link.id === id)); }

  build() {
    const { nodes, links, stage } = this;
    const key = `${[...stage.selection]}|${stage.mode}|${stage.trace ? 1 : 0}|${stage.variant}|${stage.running}`;
    if (key === this.shown) return this.tick();
    this.shown = key;
    if (!nodes.length && !links.length) return this.host.replaceChildren();
    const parts = [];
    if (stage.trace && (nodes.length === 1 || links.length === 1)) parts.push(h("div", { class: "sect" }, this.title, this.facts));
    if (stage.mode === "edit") parts.push(h("div", { class: "sect" }, h("h3", { class: "sec-t" }, t("Break at playhead")), ...this.#breaks(nodes, links)));
    this.host.replaceChildren(...parts);
    return this.tick();
  }

  /** @param {string[]} nodes @param {string[]} links */
  #breaks(nodes, links) {
    const { stage } = this;
    if (!stage.trace) return [h("p", { class: "hintp" }, t("Press Run first. Then move the playhead to the moment, and break this there."))];
    if (!mayBreak(stage)) return [h("p", { class: "hintp" }, t("Breaking changes the scenario as drawn. Choose the variant “As drawn” first."))];
    const row = h("div", { class: "acts" });
    const add = (/** @type {string} */ glyph, /** @type {string} */ words, /** @type {() => void} */ act, /** @type {string} */ name) => {
      const button = h("button", { class: "b", "data-act": name }, icon(glyph), words);
      button.onclick = act;
      row.append(button);
      return button;
    };
    if (nodes.length) add("i-crash", t("Crash"), () => breakAt(stage, "crash"), "crash");
    if (links.length) add("i-scissors", t("Cut link"), () => breakAt(stage, "cut"), "cut");
    if (nodes.length && nodes.length < stage.doc.nodes.length) add("i-split", t("Partition"), () => breakAt(stage, "partition"), "partition");
    const ids = [...nodes, ...links];
    this.heal = add("i-restart", links.length && !nodes.length ? t("Heal") : t("Restart"), () => ids.forEach((id) => healedAt(stage, id)), "heal");
    const hint = nodes.length > 1 ? t("Partition puts the {n} selected nodes on one side and all others on the other.", { n: nodes.length }) : nodes.length ? t("Partition cuts this node off from all others.") : "";
    return hint ? [row, h("p", { class: "hintp gap" }, hint)] : [row];
  }

  /** Called as the playhead moves. */
  tick() {
    const { stage, nodes, links } = this;
    if (!stage.trace || !this.host.childElementCount) return;
    this.title.textContent = t("At {time}\u2009s", { time: seconds(stage.playhead.t) });
    const rows = nodes.length === 1 ? this.#nodeRows(nodes[0]) : links.length === 1 ? this.#linkRows(links[0]) : [];
    const text = JSON.stringify(rows);
    if (this.facts.dataset.text !== text) {
      this.facts.dataset.text = text;
      this.facts.replaceChildren(...rows.flatMap(([name, value, bad]) => [h("dt", {}, name), h("dd", { class: `mono${bad ? " isbad" : ""}` }, value)]));
    }
    if (this.heal) this.heal.disabled = !this.#broken([...nodes, ...links]);
  }

  /** @param {string[]} ids */
  #broken(ids) {
    const numbered = numberedFaults(this.stage.ran ?? this.stage.doc);
    const doc = this.stage.doc;
    return [...(this.stage.trace?.activeFaults(this.stage.playhead.t).keys() ?? [])].some((n) => {
      const fault = doc.faults?.[numbered[n]?.entry ?? -1];
      return fault !== undefined && ids.some((id) => touches(fault, id));
    });
  }

  /** @param {string} id @returns {[string, string, boolean][]} */
  #nodeRows(id) {
    const { stage } = this;
    const node = stage.doc.nodes.find((entry) => entry.id === id);
    const numbers = stage.traceNodes(id);
    if (!stage.trace || !node) return [];
    if (!numbers.length) return [[t("State"), t("not in this run"), false]];
    const trace = stage.trace;
    const worlds = numbers.map((n) => trace.states.at(n, stage.playhead.t));
    const up = worlds.filter((world) => world.up !== false).length;
    /** @type {[string, string, boolean][]} */
    const rows = [[t("State"), numbers.length > 1 ? t("{up} of {all} up", { up, all: numbers.length }) : up ? t("up") : t("down"), up < numbers.length]];
    for (const field of [...(stage.typeInfo(node.type)?.shows ?? []), ...ofStreams()]) {
      const values = worlds.map((world) => world[field.field]).filter((value) => value !== undefined && value !== null);
      if (!values.length) continue;
      const value = values.length > 1 && values.every((v) => typeof v === "number") ? values.reduce((a, b) => Number(a) + Number(b), 0) : values[0];
      rows.push([field.title, `${typeof value === "number" ? Math.round(value * 1000) / 1000 : show(value)}${unitWords(field.unit, value)}`, false]);
    }
    return rows;
  }

  /** @param {string} id @returns {[string, string, boolean][]} */
  #linkRows(id) {
    const { stage } = this;
    const link = stage.doc.links.find((entry) => entry.id === id);
    if (!stage.trace || !link) return [];
    const ends = [new Set(stage.traceNodes(link.a)), new Set(stage.traceNodes(link.b))];
    const { messages } = stage.trace;
    const slots = new Int32Array(2048);
    const n = messages.inFlight(stage.playhead.t, slots);
    let flying = 0;
    for (let i = 0; i < n; i++) {
      const { src, dst } = messages.leg(slots[i], stage.playhead.t);
      if ((ends[0].has(src) && ends[1].has(dst)) || (ends[1].has(src) && ends[0].has(dst))) flying += 1;
    }
    const cut = this.#broken([id]);
    return [[t("State"), cut ? t("cut") : t("whole"), cut], [t("Under way"), `${flying}`, false]];
  }
}
