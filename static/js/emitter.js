/** Named events with any number of listeners. */

export class Emitter {
  constructor() {
    /** @type {Map<string, ((detail?: any) => void)[]>} */
    this.listeners = new Map();
  }

  /** @param {string} names one or more, separated by spaces @param {(detail?: any) => void} listener */
  on(names, listener) {
    for (const name of names.split(" ")) this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  /** @param {string} name @param {any} [detail] */
  emit(name, detail) {
    for (const listener of this.listeners.get(name) ?? []) listener(detail);
  }
}
