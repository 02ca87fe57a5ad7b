/** Hand-made trace chunks for the tests, encoded as the engine encodes them. */

import { encode } from "@msgpack/msgpack";

const WIDTH = { u8: 1, u16: 2, u32: 4, i32: 4, f64: 8 };

/** A typed column: offset plus little-endian elements. */
export function typed(kind, offset, values) {
  const bytes = new Uint8Array(values.length * WIDTH[kind]);
  const view = new DataView(bytes.buffer);
  const write = { u8: "setUint8", u16: "setUint16", u32: "setUint32", i32: "setInt32", f64: "setFloat64" }[kind];
  values.forEach((value, i) => view[write](i * WIDTH[kind], value, true));
  return { t: kind, o: offset, b: bytes };
}

export function table(names, rows = []) {
  const cols = Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row[i])]));
  return { rows: rows.length, cols };
}

const SENT = ["id", "time", "src", "dst", "kind", "cause", "op", "size"];
const HOPS = ["id", "time", "node", "next"];
const INVOKED = ["op", "time", "node", "process", "f", "key", "value"];

/** A chunk; texts stand for themselves here and become numbers of its dictionary. */
export function chunk({ n = 0, from = 0, to = 1000, nodes = ["a", "b"], state = [{}, {}], flight = [], sent = [], settled = [], changes = [], faults = [], invoked = [], returned = [], hops = null, keyHops = [] }) {
  const strings = [];
  const text = (value) => {
    if (!strings.includes(value)) strings.push(value);
    return strings.indexOf(value);
  };
  const at = (rows, ...places) => rows.map((row) => row.map((value, i) => (places.includes(i) && typeof value === "string" ? text(value) : value)));
  const tables = {
    sent: table(SENT, at(sent, 4)),
    settled: table(["id", "time", "outcome"], at(settled, 2)),
    state: table(["time", "node", "field", "value"], at(changes, 2)),
    faults: table(["time", "fault", "phase"], at(faults, 2)),
    invoked: table(invoked[0]?.length > INVOKED.length ? [...INVOKED, "class"] : INVOKED, at(invoked, 4, 5, 7)),
    returned: table(["op", "time", "type", "value", "error", "attempts"], at(returned, 2, 4)),
    notes: table(["time", "node", "text", "cause"]),
  };
  if (hops) tables.hops = table(HOPS, hops);
  const keyframe = { ...(hops && { hops: table(HOPS, keyHops) }), state, flight: table(SENT, at(flight, 4)), faults: [], ops: table(INVOKED) };
  return encode({ v: 1, n, from, to, nodes, strings, roles: { ask: "request", done: "reply" }, keyframe, tables });
}
