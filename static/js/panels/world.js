/** The selected part as the run has it at the playhead, and the ways to break it there. */

import { $, h } from "../dom.js";
import { brokenAt } from "./break.js";
import { breakMenu, showHealing } from "./break-menu.js";
import { show } from "./describe.js";
import { linkFaultWords } from "./fault-words.js";
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

  get faults() { return [...this.stage.selection].filter((id) => id.startsWith("fault:") && this.stage.doc.faults?.[Number(id.slice(6))]); }

  build() {
    const { nodes, links, faults, stage } = this;
    const { doc } = stage;
    const names = links.length ? doc.nodes.map(({ label }) => label) : [];
    const types = doc.nodes.filter(({ id }) => nodes.includes(id)).map(({ type }) => type);
    const key = JSON.stringify([nodes, links, faults, names, types, doc.nodes.length, stage.mode, Boolean(stage.trace), stage.variant]);
    if (key === this.shown) return this.tick();
    this.shown = key;
    const focused = this.host.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.act : undefined;
    const parts = [];
    if (stage.trace && (nodes.length === 1 || links.length === 1)) parts.push(h("div", { class: "sect" }, this.title, this.facts));
    const some = nodes.length || links.length || (stage.trace && doc.nodes.length);
    if (stage.mode === "edit" && some && !this.#other()) parts.push(breakMenu(stage, nodes, links, faults));
    this.host.replaceChildren(...parts);
    if (focused) /** @type {HTMLElement | null} */ (this.host.querySelector(`[data-act="${CSS.escape(focused)}"]`))?.focus();
    return this.tick();
  }

  /** Whether something is selected that cannot be broken, such as a cluster. */
  #other() {
    const { selection } = this.stage;
    return selection.size > 0 && !this.nodes.length && !this.links.length && !this.faults.length;
  }

  /** Called as the playhead moves. */
  tick() {
    const { stage, nodes, links } = this;
    if (!stage.trace || !this.host.childElementCount) return;
    showHealing(stage, this.host, [...nodes, ...links, ...this.faults]);
    this.title.textContent = t("At {time}\u2009s", { time: seconds(stage.playhead.t) });
    const rows = nodes.length === 1 ? this.#nodeRows(nodes[0]) : links.length === 1 ? this.#linkRows(links[0]) : [];
    const text = JSON.stringify(rows);
    if (this.facts.dataset.text !== text) {
      this.facts.dataset.text = text;
      this.facts.replaceChildren(...rows.flatMap(([name, value, bad]) => [h("dt", {}, name), h("dd", { class: `mono${bad ? " isbad" : ""}` }, value)]));
    }
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
    const conditions = [...new Set(worlds.map((world) => world.condition).filter((value) => typeof value === "string" && value !== ""))];
    if (conditions.length) rows.push([t("Condition"), conditions.join(", "), true]);
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
    const broken = brokenAt(stage, [id]).flatMap((index) => {
      const fault = stage.doc.faults?.[index];
      return (fault && linkFaultWords(fault, ((fault.at_ms ?? 0) / 1e3).toFixed(3))) ?? [];
    });
    return [[t("State"), broken.join(", ") || t("whole"), broken.length > 0], [t("Under way"), `${flying}`, false]];
  }
}
