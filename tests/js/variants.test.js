import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { hasVariant, independent, varied } from "../../static/js/document/variants.js";

globalThis.matchMedia = () => ({ matches: true });
globalThis.performance.mark ??= () => undefined;
const { Stage } = await import("../../static/js/stage.js");

const scenario = () => ({
  schema_version: 1, title: "A pair", seed: 1, duration_ms: 1000,
  nodes: [{ id: "a", type: "client" }, { id: "b", type: "service" }], links: [{ id: "a-b", a: "a", b: "b" }],
  faults: [{ kind: "crash", target: "b", at_ms: 100 }],
  variants: {
    cut: [{ op: "remove", path: "/faults/0" }, { op: "add", path: "/faults/-", value: { kind: "cut", target: "a-b", at_ms: 200 } }],
    more: [{ op: "add", path: "/nodes/-", value: { id: "c", type: "service" } }, { op: "add", path: "/links/-", value: { id: "a-c", a: "a", b: "c" } }],
    same: [],
  },
  expect: [{ claim: "works", left: { metric: "ops.ok" }, op: ">", right: 0 }, { claim: "worse", left: { metric: "ops.ok", variant: "cut" }, op: "<", right: { metric: "ops.ok" } }],
});

function stageOf(options = {}) {
  const document = options.document ?? scenario();
  const stage = new Stage({ mode: "edit", document, draft: null, viewing: null, at_ms: null, slug: null, urls: {}, catalogue: { types: [], link: { params: [] }, faults: [] }, starts: [], ...options });
  const heard = [];
  for (const name of ["document", "variant", "locked"]) stage.on(name, () => heard.push(name));
  return { stage, heard };
}

const kinds = ({ faults }) => faults.map(({ kind }) => kind);

test("a variant is applied once, to a scenario that stays as it is", () => {
  const doc = scenario();
  assert.deepEqual(kinds(varied(doc, "cut")), ["cut"]);
  assert.equal(varied(doc, "cut"), varied(doc, "cut"));
  assert.deepEqual(doc, scenario());
  for (const name of [null, "unknown", "same"]) assert.equal(varied(doc, name), doc);
});

test("a variant as a scenario of its own has the claims about it alone, and no variants", () => {
  const of = (variant, metric = "ops.ok") => ({ metric, variant });
  const about = { claim: "one in ten is lost", left: { "/": [of("cut", "ops.lost"), of("cut")] }, op: ">", right: 0.1 };
  const base = { ...scenario(), expect: [...scenario().expect, about, { claim: "the other", left: of("more"), op: ">", right: 0 }] };
  const doc = independent(base, "cut");
  assert.deepEqual(kinds(doc), ["cut"]);
  assert.ok(!("variants" in doc));
  assert.deepEqual(doc.expect, [{ claim: "one in ten is lost", left: { "/": [{ metric: "ops.lost" }, { metric: "ops.ok" }] }, op: ">", right: 0.1 }]);
});

test("every variant of the gallery can be shown: the ends of its links and the members of its clusters are there", () => {
  const folder = new URL("../../simulations/scenarios/", import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const doc = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
    for (const name of Object.keys(doc.variants ?? {})) {
      const shown = varied(doc, name);
      const ids = new Set(shown.nodes.map(({ id }) => id));
      for (const { id, a, b } of shown.links) assert.ok(ids.has(a) && ids.has(b), `${file}: ${name}: ${id}`);
      for (const { members } of shown.clusters ?? []) for (const id of members) assert.ok(ids.has(id), `${file}: ${name}: ${id}`);
    }
  }
});

test("what is shown is the scenario with the chosen variant applied, also before it has been run", () => {
  const { stage, heard } = stageOf();
  assert.equal(stage.doc, stage.base);
  stage.show("cut");
  assert.deepEqual(kinds(stage.doc), ["cut"]);
  assert.deepEqual(kinds(stage.base), ["crash"], "what is edited, kept and shared is the scenario as drawn");
  assert.deepEqual(heard, ["document", "variant"]);
  stage.show("cut");
  assert.equal(heard.length, 2, "choosing it again changes nothing");
  stage.show(null);
  assert.deepEqual(kinds(stage.doc), ["crash"]);
});

test("a variant that the scenario does not have is the scenario as drawn", () => {
  const { stage } = stageOf({ variant: "gone" });
  assert.equal(stage.variant, null);
  assert.ok(stage.editable);
  stage.show("same");
  assert.equal(stage.variant, "same", "one that changes nothing is a variant still");
});

test("nothing is changed while a variant is shown, nor undone: that it is refused is said, and what was begun goes back", () => {
  const { stage, heard } = stageOf();
  assert.ok(stage.store.change("Rename", { ...stage.base, title: "Another" }));
  stage.show("cut");
  heard.length = 0;
  const before = stage.base;
  assert.equal(stage.store.change("Move", { ...stage.doc, seed: 5 }), false);
  assert.deepEqual(heard, ["document", "locked"]);
  stage.history("undo");
  assert.equal(stage.base, before);
  assert.deepEqual(heard, ["document", "locked", "document", "locked"]);
  stage.show(null);
  stage.history("undo");
  assert.equal(stage.base.title, "A pair");
});

test("a page to look at has its variants, too, and refuses in silence", () => {
  const { stage, heard } = stageOf({ mode: "shared", variant: "more" });
  assert.deepEqual(stage.doc.nodes.map(({ id }) => id), ["a", "b", "c"]);
  assert.equal(stage.store.change("Move", { ...stage.doc, seed: 5 }), false);
  assert.deepEqual(heard, []);
});

test("what is selected stays so in a variant that has it; a fault goes by its place, and another has it there", () => {
  const { stage } = stageOf();
  stage.show("more");
  stage.select(["b", "c", "a-c"]);
  stage.show("cut");
  assert.deepEqual([...stage.selection], ["b"]);
  stage.select(["fault:0"]);
  stage.show(null);
  assert.deepEqual([...stage.selection], []);
});

test("what every object has is no variant", () => {
  const one = { ...scenario(), variants: { big: [] } };
  assert.deepEqual(["big", "constructor", "toString", null].map((name) => hasVariant(one, name)), [true, false, false, false]);
  assert.equal(varied(one, "constructor"), one);
});
