/** The same draft in other tabs of this browser: they tell each other that they are there, and what they saved. */

/** @typedef {{from: string, kind: "here" | "also" | "gone" | "saved", version?: number}} Told */

export class OtherTabs {
  /** @param {{count: (others: number) => void, saved: (version: number) => void}} on */
  constructor(on) {
    this.on = on;
    this.own = crypto.getRandomValues(new Uint32Array(2)).join("-");
    /** @type {Set<string>} */
    this.others = new Set();
    /** @type {BroadcastChannel | null} */
    this.channel = null;
    addEventListener("pagehide", () => this.#tell("gone"));
    addEventListener("pageshow", (event) => { if (event.persisted) this.#tell("here"); });
  }

  /** @param {string} draft */
  join(draft) {
    this.channel?.close();
    if (typeof BroadcastChannel === "undefined") return;
    this.channel = new BroadcastChannel(`netsplit:draft:${draft}`);
    this.channel.onmessage = (event) => this.#heard(event.data);
    this.#tell("here");
  }

  /** @param {number} version */
  saved(version) { this.#tell("saved", version); }

  /** @param {Told["kind"]} kind @param {number} [version] */
  #tell(kind, version) { this.channel?.postMessage({ from: this.own, kind, version }); }

  /** @param {Told} told */
  #heard({ from, kind, version }) {
    const before = this.others.size;
    if (kind === "gone") this.others.delete(from);
    else this.others.add(from);
    if (kind === "here") this.#tell("also");
    if (this.others.size !== before) this.on.count(this.others.size);
    if (kind === "saved" && version !== undefined) this.on.saved(version);
  }
}
