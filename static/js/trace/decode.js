/** From the bytes of one trace chunk to typed columns. Knows no DOM and no socket. */

const READERS = {
  u8: (/** @type {ArrayBuffer} */ b) => new Uint8Array(b),
  u16: (/** @type {ArrayBuffer} */ b) => new Uint16Array(b),
  u32: (/** @type {ArrayBuffer} */ b) => new Uint32Array(b),
  i32: (/** @type {ArrayBuffer} */ b) => new Int32Array(b),
  f64: (/** @type {ArrayBuffer} */ b) => new Float64Array(b),
};

/**
 * @param {any} packed a plain array, or {t, o, b}
 * @returns {Column}
 */
export function expandColumn(packed) {
  if (Array.isArray(packed)) return packed;
  const read = READERS[/** @type {keyof typeof READERS} */ (packed.t)];
  if (!read) throw new Error(`Unknown column type ${packed.t}`);
  // The bytes lie unaligned inside the frame, so they are copied before a typed array is laid over them.
  const raw = read(packed.b.slice().buffer);
  if (packed.t === "f64") return /** @type {Float64Array} */ (raw);
  const offset = Number(packed.o);
  const wide = packed.t === "u32" || Math.abs(offset) > 2 ** 30;
  const out = wide ? new Float64Array(raw.length) : new Int32Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = offset + raw[i];
  return out;
}

/**
 * @param {any} table
 * @returns {Table}
 */
export function expandTable(table) {
  /** @type {Record<string, Column>} */
  const cols = {};
  for (const name of Object.keys(table.cols)) cols[name] = expandColumn(table.cols[name]);
  return { rows: table.rows, cols };
}

/**
 * @param {Uint8Array} bytes
 * @param {(bytes: Uint8Array) => unknown} unpack a msgpack decoder
 * @returns {Chunk}
 */
export function decodeChunk(bytes, unpack) {
  const raw = /** @type {any} */ (unpack(bytes));
  if (raw.v !== 1) throw new Error(`Trace version ${raw.v} is not known here`);
  /** @type {Record<string, Table>} */
  const tables = {};
  for (const name of Object.keys(raw.tables)) tables[name] = expandTable(raw.tables[name]);
  return {
    n: raw.n, from: Number(raw.from), to: Number(raw.to), nodes: raw.nodes, strings: raw.strings, roles: raw.roles,
    keyframe: { state: raw.keyframe.state, flight: expandTable(raw.keyframe.flight), faults: raw.keyframe.faults, ops: expandTable(raw.keyframe.ops), hops: raw.keyframe.hops && expandTable(raw.keyframe.hops) },
    tables,
  };
}
