/** JSON as somebody types it: read with the place of every value, and the line and column of what is broken. */

export const TEXT_MAX = 1_000_000;
const DEPTH_MAX = 64;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/** What is broken, and where in the text. */
export class JsonMistake extends Error {
  /** @param {string} text @param {number} at @param {string} words with {names} to fill in @param {Record<string, string>} [values] */
  constructor(text, at, words, values = {}) {
    super(words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole));
    this.words = words;
    this.values = values;
    const { line, column } = placeOf(text, at);
    this.at = at;
    this.line = line;
    this.column = column;
  }
}

/** Line and column, both from 1. @param {string} text @param {number} at */
export function placeOf(text, at) {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return { line, column: at - before.lastIndexOf("\n") };
}

/**
 * @param {string} text
 * @returns {{value: any, places: Map<string, number>}} where each value begins, by its path, such as `nodes[2].params`
 */
export function readJson(text) {
  const reader = new Reader(text);
  reader.space();
  const value = reader.value("", 0);
  reader.space();
  if (reader.at < text.length) throw reader.wrong("Nothing may follow the end of the document.");
  return { value, places: reader.places };
}

/** Where a path is, or the nearest that there is around it. @param {Map<string, number>} places @param {string} path */
export function nearest(places, path) {
  for (let at = path; at; at = at.replace(/(\.[^.[\]]*|\[\d*\]|^[^.[]*)$/, "")) {
    const found = places.get(at);
    if (found !== undefined) return found;
  }
  return 0;
}

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
    /** @type {Map<string, number>} */
    this.places = new Map();
  }

  /** @param {string} words @param {Record<string, string>} [values] */
  wrong(words, values) { return new JsonMistake(this.text, this.at, words, values); }

  /** @param {RegExp} pattern */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  space() { this.take(SPACE); }

  /** @param {string} path @param {number} depth @returns {any} */
  value(path, depth) {
    if (depth > DEPTH_MAX) throw this.wrong("Nested too deeply.");
    this.places.set(path, this.at);
    const first = this.text[this.at];
    if (first === "{") return this.object(path, depth);
    if (first === "[") return this.list(path, depth);
    if (first === '"') return this.string();
    const plain = this.take(WORD) || this.take(NUMBER);
    if (plain) return JSON.parse(plain);
    throw this.wrong(first === undefined ? "The text ends too early." : "A value belongs here: a text in \", a number, true, false, null, an object or a list.");
  }

  string() {
    const found = this.take(STRING);
    if (found) return JSON.parse(found);
    throw this.wrong("This text has no end, or a character that must be written with \\.");
  }

  /** @param {string} path @param {number} depth */
  object(path, depth) {
    /** @type {Record<string, any>} */
    const found = {};
    this.at += 1;
    this.space();
    for (let more = this.text[this.at] !== "}"; more; more = this.next("}")) {
      if (this.text[this.at] !== '"') throw this.wrong("A name in \" belongs here.");
      const from = this.at;
      const name = this.string();
      if (Object.hasOwn(found, name)) throw new JsonMistake(this.text, from, "“{name}” stands twice in this object.", { name });
      this.space();
      if (this.text[this.at] !== ":") throw this.wrong("A : belongs here, between name and value.");
      this.at += 1;
      this.space();
      const value = this.value(path ? `${path}.${name}` : name, depth + 1);
      Object.defineProperty(found, name, { value, enumerable: true, writable: true, configurable: true });
      this.space();
    }
    this.at += 1;
    return found;
  }

  /** @param {string} path @param {number} depth */
  list(path, depth) {
    /** @type {any[]} */
    const found = [];
    this.at += 1;
    this.space();
    for (let more = this.text[this.at] !== "]"; more; more = this.next("]")) {
      found.push(this.value(`${path}[${found.length}]`, depth + 1));
      this.space();
    }
    this.at += 1;
    return found;
  }

  /** Past a comma to what follows it; false at the end. @param {string} end */
  next(end) {
    if (this.text[this.at] === end) return false;
    if (this.text[this.at] !== ",") throw this.at >= this.text.length ? this.wrong("The text ends too early.") : this.wrong("A comma or {end} belongs here.", { end });
    this.at += 1;
    this.space();
    if (this.text[this.at] === end) throw this.wrong("No comma before {end}.", { end });
    return true;
  }
}
