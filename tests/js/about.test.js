import assert from "node:assert/strict";
import { test } from "node:test";
import { tableIn } from "../../static/js/panels/about-scenario.js";

test("a table in a text is its head and rows, words alone", () => {
  const table = "| Store | What **it** gives up |\n|---|:--|\n| CP | `answers` |\n| AP | a \\| b |";
  assert.deepEqual(tableIn(table), { lead: "", rows: [["Store", "What it gives up"], ["CP", "answers"], ["AP", "a | b"]] });
  assert.deepEqual(tableIn("a | b\n- | -\n1 | 2"), { lead: "", rows: [["a", "b"], ["1", "2"]] });
});

test("an underscore within a word is none of the formatting", () => {
  assert.deepEqual(tableIn("a | b\n- | -\n_one_ | `goodput_per_s`, __two__")?.rows[1], ["one", "goodput_per_s, two"]);
});

test("words right before it lead it in; a list, a rule and a pipe are no table", () => {
  assert.equal(tableIn(`Both:\n| a | b |\n|---|---|\n| 1 | 2 |`)?.lead, "Both:");
  for (const part of ["- one | two\n- three", "a\n---\nb", "x | y", "---"]) assert.equal(tableIn(part), null);
});
