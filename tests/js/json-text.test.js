import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { JsonMistake, nearest, placeOf, readJson } from "../../static/js/document/json-text.js";

const GALLERY = new URL("../../simulations/scenarios/", import.meta.url);

test("every document of the gallery is read as the browser reads it, and each path leads to its value", () => {
  for (const name of readdirSync(GALLERY)) {
    const text = readFileSync(new URL(name, GALLERY), "utf8");
    const { value, places } = readJson(text);
    assert.deepEqual(value, JSON.parse(text));
    assert.ok(text.slice(places.get("nodes[1]")).startsWith("{"));
    assert.ok(text.slice(places.get("nodes[0].id")).startsWith(`"${value.nodes[0].id}"`));
  }
});

test("numbers, escapes and odd names are those of JSON", () => {
  const text = ' {"a": [-0.5e3, 1E2, true, null], "\\u00e9\\n": "x\\"y", "__proto__": 1, "": {}} ';
  assert.deepEqual(Object.entries(readJson(text).value), Object.entries(JSON.parse(text)));
});

/** @param {string} text */
function broken(text) {
  try {
    readJson(text);
  } catch (error) {
    assert.ok(error instanceof JsonMistake);
    return `${error.line}:${error.column} ${error.message}`;
  }
  return assert.fail(`${text} was read`);
}

test("what is broken is told with its line and column", () => {
  assert.match(broken('{\n  "a": 1\n  "b": 2\n}'), /^3:3 A comma or } belongs here/);
  assert.match(broken('{"a": [1, 2,]}'), /^1:13 No comma before \]/);
  assert.match(broken('{"a": 1'), /^1:8 The text ends too early/);
  assert.match(broken('{"a": }'), /^1:7 A value belongs here/);
  assert.match(broken("{a: 1}"), /^1:2 A name in "/);
  assert.match(broken('{"a" 1}'), /^1:6 A : belongs here/);
  assert.match(broken('{"a": "x\ny"}'), /^1:7 This text has no end/);
  assert.match(broken('{"a": 1, "a": 2}'), /^1:10 “a” stands twice/);
  assert.match(broken("{} {}"), /^1:4 Nothing may follow/);
  assert.match(broken("NaN"), /^1:1 A value/);
  assert.match(broken("["), /^1:2 The text ends too early/);
  assert.match(broken("[".repeat(100_000)), /^1:66 Nested too deeply/);
  assert.match(broken(""), /^1:1 The text ends/);
});

test("a path that is not there leads to what is around it", () => {
  const { places } = readJson('{"nodes": [{"id": "a"}], "seed": 1}');
  assert.equal(nearest(places, "nodes[0].params.rate"), places.get("nodes[0]"));
  assert.equal(nearest(places, "nodes[7].id"), places.get("nodes"));
  assert.equal(nearest(places, "elsewhere"), 0);
  assert.deepEqual(placeOf("a\nbc", 3), { line: 2, column: 2 });
});
