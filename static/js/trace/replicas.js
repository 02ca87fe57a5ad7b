/** How far copies are behind: how long a change takes from one to the others, and how old what clients read is. */

const CHANGE = "value";

/** Nodes that are copies of each other. */
export class Lags {
  /** @param {number[]} nodes */
  constructor(nodes) {
    this.nodes = nodes;
    this.next = nodes.map(() => 0);
    /** @type {Map<string, {at: number, shown: Set<number> | null}>} change → when the first copy showed it, and which have */
    this.changes = new Map();
  }

  /** @param {TraceStore["states"]} states @param {(at: number, lag: number) => void} found told of each change that reached one more copy */
  take(states, found) {
    /** @type {{at: number, copy: number, change: string}[]} */
    const fresh = [];
    this.nodes.forEach((node, copy) => {
      const line = states.nodes[node]?.get(CHANGE);
      if (!line || !states.nodes[node].has("digest")) return;
      for (let i = this.next[copy]; i < line.times.length; i++) if (line.values[i]) fresh.push({ at: line.times[i], copy, change: String(line.values[i]) });
      this.next[copy] = line.times.length;
    });
    fresh.sort((a, b) => a.at - b.at);
    for (const { at, copy, change } of fresh) {
      const known = this.changes.get(change);
      if (!known) this.changes.set(change, { at, shown: new Set([copy]) });
      else if (known.shown && !known.shown.has(copy)) {
        found(at, at - known.at);
        known.shown.add(copy);
        if (known.shown.size === this.nodes.length) known.shown = null; // all have it
      }
    }
  }
}

/** How old the versions are that reads return; operations come in the order of their answers. */
export class Staleness {
  constructor() {
    /** @type {Map<string, {starts: number[], ends: number[], places: Map<unknown, number>}>} the writes of each key, by their end */
    this.keys = new Map();
  }

  /** What a read returned: how many writes had replaced it before the read began, and since when, ns. Null for what is no read of a key. @param {OperationRow} row */
  take(row) {
    const key = String(row.key ?? "");
    if (!key || (row.f !== "read" && row.f !== "write")) return null;
    let writes = this.keys.get(key);
    if (!writes) this.keys.set(key, (writes = { starts: [], ends: [], places: new Map() }));
    if (row.f === "write") {
      writes.places.set(row.value, writes.ends.length);
      writes.starts.push(row.invoked);
      writes.ends.push(row.returned);
      return null;
    }
    const place = writes.places.get(row.result);
    const none = row.result === null || row.result === undefined;
    if (place === undefined && !none) return { versions: 0, age: 0 }; // the end of its write is unknown
    const after = place === undefined ? -1 : writes.ends[place];
    let [versions, age] = [0, 0];
    for (let i = place === undefined ? 0 : place + 1; i < writes.ends.length && writes.ends[i] < row.invoked; i++) {
      if (writes.starts[i] <= after) continue;
      if (!versions) age = row.invoked - writes.ends[i];
      versions += 1;
    }
    return { versions, age };
  }
}
