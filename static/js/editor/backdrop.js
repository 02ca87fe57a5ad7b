/** What lies under the nodes: zones, clusters, and the two sides of a partition at the playhead. */

import { strong } from "../document/grouping.js";
import { CARD } from "../document/places.js";
import { cutsMesh, groupsOf, numberedFaults, linkEntry } from "../document/faults.js";
import { s, glyph } from "../dom.js";
import { linkFaultWords } from "../panels/fault-words.js";
import { t, seconds } from "../panels/words.js";
import { sides, areasOf, bandsOf } from "./sides.js";

const SIDE_NAMES = "ABCDEFGH";

export class Backdrop {
  /** @param {SVGGElement} host @param {Stage} stage */
  constructor(host, stage) {
    this.stage = stage;
    this.zones = s("g");
    this.names = s("g");
    this.parts = s("g");
    this.groups = s("g");
    this.band = s("g");
    const stripes = s("rect", { class: "stripe", width: 2, height: 7 });
    const hatch = s("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, stripes);
    host.append(s("defs", {}, hatch), this.zones, this.parts, this.names, this.groups, this.band);
    this.shown = "";
  }

  /** @param {Map<string, Point>} at */
  draw(at) {
    const zones = (this.stage.doc.zones ?? []).filter((zone) => zone.x !== undefined && zone.y !== undefined);
    this.zones.replaceChildren(...zones.map((zone) => s("rect", { class: "zone", x: zone.x, y: zone.y, width: zone.width ?? 200, height: zone.height ?? 120, rx: 10 })));
    this.names.replaceChildren(...zones.map((zone) => s("text", { class: "zl", "data-zone": zone.id, x: (zone.x ?? 0) + 14, y: (zone.y ?? 0) + 21 }, zone.label || zone.id)));
    this.groups.replaceChildren(...(this.stage.doc.clusters ?? []).flatMap((cluster) => this.#cluster(cluster, at)));
    this.shown = "";
    this.showFaults(this.stage.playhead.t, at);
  }

  /** @param {ClusterEntry} cluster @param {Map<string, Point>} at */
  #cluster(cluster, at) {
    const box = sides.around(cluster.members.map((id) => at.get(id)), 26);
    if (!box) return [];
    const name = cluster.label || cluster.id;
    const kind = this.stage.typeInfo(cluster.protocol)?.title ?? cluster.protocol;
    const size = strong(this.stage.doc, cluster.members);
    // A cluster that is called what it is says so once.
    const rest = name === kind ? `×${size}` : `${kind}, ${size}`;
    const width = Math.min(box.width - 12, 34 + (name.length + rest.length) * 6.2 + 6);
    const label = s("text", { class: "gl", x: box.x + 32, y: box.y + 4 }, name);
    label.append(s("tspan", { class: "zs", dx: 6 }, rest));
    return [
      ...this.#mesh(cluster, at),
      s("rect", { class: "group", x: box.x, y: box.y, width: box.width, height: box.height, rx: 14 }),
      s("rect", { class: "tag", "data-cluster": cluster.id, x: box.x + 10, y: box.y - 9, width, height: 18, rx: 9 }),
      glyph("n-register", box.x + 16, box.y - 6, 12), label,
    ];
  }

  /** @param {ClusterEntry} cluster @param {Map<string, Point>} at */
  #mesh(cluster, at) {
    if (cluster.cables === "drawn") return [];
    const lines = [];
    for (let i = 0; i < cluster.members.length; i++) {
      for (let j = i + 1; j < cluster.members.length; j++) {
        const [p, q] = [at.get(cluster.members[i]), at.get(cluster.members[j])];
        if (p && q) lines.push(s("line", { class: "edge mesh", x1: p.x, y1: p.y, x2: q.x, y2: q.y, "data-a": cluster.members[i], "data-b": cluster.members[j] }));
      }
    }
    return lines;
  }

  /**
   * Draws the faults that hold at t and returns the ids of the links they cut.
   * @param {number} at_ns
   * @param {Map<string, Point>} at
   */
  showFaults(at_ns, at) {
    const { stage } = this;
    /** @type {Set<string>} */
    const cut = new Set();
    const doc = stage.ran ?? stage.doc;
    const active = stage.trace ? stage.trace.activeFaults(at_ns) : new Map();
    const key = [...active].join("|");
    const numbered = numberedFaults(doc);
    /** @type {{fault: FaultEntry, since: number}[]} */
    const partitions = [];
    /** @type {FaultEntry[]} */
    const cuts = [];
    for (const [number, since] of active) {
      const fault = numbered[number]?.fault;
      if (fault?.kind === "cut") cut.add(linkEntry(doc, String(fault.target))?.id ?? "");
      if (fault?.kind === "cut") cuts.push(fault);
      if (fault?.kind === "partition") partitions.push({ fault, since });
    }
    for (const { fault } of partitions) for (const link of stage.doc.links) if (crosses(fault, doc, link.a, link.b)) cut.add(link.id);
    if (key === this.shown) return cut;
    this.shown = key;
    this.parts.replaceChildren(...partitions.flatMap(({ fault }) => this.#sides(fault, at)));
    this.band.replaceChildren(...partitions.flatMap(({ fault, since }) => this.#cut(fault, since, at)), ...this.#cutPills(active, numbered, at));
    for (const line of this.groups.querySelectorAll(".mesh")) {
      const { a = "", b = "" } = /** @type {SVGElement} */ (line).dataset;
      line.classList.toggle("cut", partitions.some(({ fault }) => crosses(fault, doc, a, b)) || cuts.some((fault) => cutsMesh(doc, fault, a, b)));
    }
    return cut;
  }

  /** @param {FaultEntry} fault @param {Map<string, Point>} at */
  #sides(fault, at) {
    const groups = groupsOf(this.stage.doc, fault);
    const areas = areasOf(groups, at, this.stage.doc);
    const whole = bandsOf(groups, at, this.stage.doc).length === groups.length - 1;
    return groups.flatMap((group, i) => {
      const name = SIDE_NAMES[i] ?? String(i + 1);
      const side = `side side-${i % 2 ? "b" : "a"}`;
      const label = sideWords(this.stage, name, group, groups.flat().length);
      const box = areas[i];
      if (!box) return [];
      if (!whole) return group.flatMap((id, n) => around(at.get(id), side, n ? t("side {name}", { name }) : label));
      return [s("rect", { class: side, ...box, rx: 10 }), s("text", { class: "zs halo", x: box.x + box.width - 14, y: box.y + 21, "text-anchor": "end" }, label)];
    });
  }

  /** @param {FaultEntry} fault @param {number} since @param {Map<string, Point>} at */
  #cut(fault, since, at) {
    const words = t("Partition since {time}\u2009s", { time: seconds(since) });
    const drawn = [];
    const groups = groupsOf(this.stage.doc, fault);
    for (const band of bandsOf(groups, at, this.stage.doc)) {
      const { horizontal } = band;
      // A standing cut begins above the sides, so that its pill hides none of their names; below where somebody stands there.
      const below = !horizontal && covered({ x: band.x + band.width / 2, y: band.y - 18 }, 18 + pillWidth(words), at);
      const { x, y, width, height } = horizontal || below ? band : { ...band, y: band.y - 30, height: band.height + 30 };
      const [x1, y1, x2, y2] = horizontal ? [x, y + height / 2, x + width, y + height / 2] : [x + width / 2, y, x + width / 2, y + height];
      const head = horizontal ? { x: x1 + 12, y: y1 } : { x: x1, y: below ? y2 - 12 : y1 + 12 };
      drawn.push(
        s("rect", { class: "hatch", x, y, width, height }), s("line", { class: "cutline", x1, y1, x2, y2 }),
        s("circle", { class: "snip", cx: head.x, cy: head.y, r: 12 }), glyph("i-scissors", head.x - 7.5, head.y - 7.5, 15, "bad"),
        ...pill(head.x + 18, head.y, words),
      );
    }
    const all = drawn.length ? null : sides.around(groups.flat().map((id) => at.get(id)), 34);
    return all ? pill(all.x + all.width / 2 - pillWidth(words) / 2, all.y - 12, words) : drawn;
  }

  /** @param {Map<number, number>} active @param {{fault: FaultEntry}[]} numbered @param {Map<string, Point>} at */
  #cutPills(active, numbered, at) {
    const doc = this.stage.ran ?? this.stage.doc;
    return [...active].flatMap(([number, since]) => {
      const fault = numbered[number]?.fault;
      const words = fault && linkFaultWords(fault, seconds(since));
      if (!fault || !words) return [];
      const link = linkEntry(doc, String(fault.target));
      const [a, b] = [at.get(link?.a ?? ""), at.get(link?.b ?? "")];
      if (!a || !b) return [];
      const x = (a.x + b.x) / 2;
      const hidden = [a, b].some((p) => Math.abs(p.x - x) < (CARD.width + pillWidth(words)) / 2 && Math.abs(p.y - (a.y + b.y) / 2 - 30) < CARD.height / 2 + 9);
      return pill(x - pillWidth(words) / 2, hidden ? Math.max(a.y, b.y) + CARD.height / 2 + 14 : (a.y + b.y) / 2 + 30, words);
    });
  }
}

/** Whether a card stands where the head of a cut and so much to its right would be drawn. @param {Point} head @param {number} width @param {Map<string, Point>} at */
function covered(head, width, at) {
  return [...at.values()].some(({ x, y }) => Math.abs(y - head.y) < CARD.height / 2 + 12 && x + CARD.width / 2 > head.x - 12 && x - CARD.width / 2 < head.x + width);
}

/** A side with its share of the cluster that is split, and whether that is a quorum, where the cluster has one. @param {Pick<Stage, "doc" | "ran" | "typeInfo">} stage @param {string} name @param {string[]} group @param {number} all */
export function sideWords(stage, name, group, all) {
  const doc = stage.ran ?? stage.doc; // a variant may have another quorum, or none
  const split = (doc.clusters ?? []).find(({ members }) => members.some((id) => group.includes(id)) && !members.every((id) => group.includes(id)));
  const [n, of] = split ? [strong(doc, split.members.filter((id) => group.includes(id))), strong(doc, split.members)] : [group.length, all];
  const need = split ? quorumOf(split, stage.typeInfo(split.protocol), of) : 0;
  const words = !need ? t("side {name} · {n} of {all}") : n >= need ? t("side {name} · {n} of {all}, quorum") : t("side {name} · {n} of {all}, no quorum");
  return words.replace("{name}", name).replace("{n}", String(n)).replace("{all}", String(of));
}

/** How many members of a cluster decide together; 0 where none have to. @param {ClusterEntry} cluster @param {NodeTypeInfo | undefined} info @param {number} members */
function quorumOf(cluster, info, members) {
  const rule = info?.quorum;
  const value = (/** @type {string} */ name) => cluster.params?.[name] ?? info?.params.find((param) => param.name === name)?.default;
  if (!rule || (rule.when && !rule.when.values.some((one) => one === value(rule.when?.param ?? "")))) return 0;
  const faulty = rule.faulty ? Number(value(rule.faulty)) || Math.floor((members - 1) / 3) : 0;
  return Math.floor((members + faulty) / 2) + 1;
}

/** Where the sides lie among each other no rectangle holds one of them: each node says its own. @param {Point | undefined} p @param {string} side @param {string} label */
function around(p, side, label) {
  if (!p) return [];
  const [x, y] = [p.x - CARD.width / 2 - 10, p.y - CARD.height / 2 - 20];
  return [s("rect", { class: side, x, y, width: CARD.width + 20, height: CARD.height + 30, rx: 10 }), s("text", { class: "zs halo", x: x + 12, y: y + 14 }, label)];
}

/** @param {string} words */
function pillWidth(words) { return words.length * 5.35 + 14; }

/** @param {number} x @param {number} y @param {string} words */
function pill(x, y, words) {
  const width = pillWidth(words);
  return [
    s("rect", { class: "pill bad", x, y: y - 8.5, width, height: 17, rx: 8.5 }),
    s("text", { class: "pillt bad", x: x + width / 2, y: y + 3.5, "text-anchor": "middle" }, words),
  ];
}

/** @param {FaultEntry} fault @param {Scenario} doc @param {string} a @param {string} b */
function crosses(fault, doc, a, b) {
  const groups = /** @type {string[][]} */ (fault.target);
  const side = (/** @type {string} */ id) => groups.findIndex((group) => group.includes(id) || group.includes(`${id}-1`));
  const [i, j] = [side(a), side(b)];
  return i >= 0 && j >= 0 && i !== j;
}
