import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned, distributed } from "../../static/js/document/arrange.js";
import { moveNodes } from "../../static/js/document/edits.js";
import { fragmentOf, fragmentText, pasted, readFragment } from "../../static/js/document/fragment.js";
import { clusterOf, groupsAround, rezoned, whyNoCluster, zoneOf } from "../../static/js/document/grouping.js";
import { snapped } from "../../static/js/document/guides.js";
import { askingFirst, linkDoubt, linkRefusal } from "../../static/js/document/linking.js";
import { laidOut } from "../../static/js/document/layout.js";
import { namesTaken } from "../../static/js/document/names.js";
import { matches } from "../../static/js/shortcuts.js";
import { removeItems } from "../../static/js/document/removal.js";

const TYPES = { client: { initiates: true }, service: { serves: true }, register: { serves: true, clusters: true }, switch: { forwards: true } };
const info = (type) => TYPES[type];

function scenario() {
  return {
    format: "netsplit/1", title: "Six", seed: 1, duration_ms: 1000,
    nodes: [
      { id: "client", type: "client", x: 0, y: 0, count: 3 }, { id: "api", type: "service", x: 200, y: 0, zone: "eu", host: "box" },
      { id: "api-b", type: "service", x: 200, y: 100, zone: "eu", host: "box", params: { workers: 2 } },
      ...[1, 2, 3].map((n) => ({ id: `store-${n}`, type: "register", x: 400, y: n * 80, zone: "us" })),
    ],
    links: [{ id: "client-api", a: "client", b: "api" }, { id: "api-store", a: "api", b: "store-1", params: { loss: 0.1 } }],
    zones: [{ id: "eu", x: 120, y: -40, width: 200, height: 200 }, { id: "us", x: 320, y: 40, width: 200, height: 260 }],
    latencies: [{ a: "eu", b: "us", latency: 80 }], hosts: [{ id: "box", cores: 4, zone: "eu" }],
    clusters: [{ id: "stores", protocol: "register", members: ["store-1", "store-2", "store-3"] }],
    faults: [{ kind: "crash", target: "api", at_ms: 5 }],
  };
}

/** What the server holds: names differ, copies' names included; ends, members and zones exist; a machine is in one zone. */
function sound(doc) {
  const copies = new Map(doc.nodes.map((node) => [node.id, node.count ?? 1]));
  const spelled = (id, n) => [id, ...(n > 1 ? Array.from({ length: n }, (_, i) => `${id}-${i + 1}`) : [])];
  const names = doc.nodes.flatMap((node) => spelled(node.id, node.count ?? 1));
  assert.equal(new Set(names).size, names.length);
  const links = doc.links.flatMap(({ id, a, b }) => spelled(id, copies.get(a) * copies.get(b)));
  assert.equal(new Set(links).size, links.length);
  for (const list of ["zones", "clusters", "hosts"]) assert.equal(new Set((doc[list] ?? []).map(({ id }) => id)).size, (doc[list] ?? []).length, list);
  for (const { a, b } of doc.links) assert.ok(copies.has(a) && copies.has(b));
  const members = (doc.clusters ?? []).flatMap((cluster) => cluster.members);
  assert.equal(new Set(members).size, members.length);
  for (const id of members) assert.ok(copies.has(id));
  const homes = new Map((doc.hosts ?? []).map((host) => [host.id, host.zone]));
  for (const node of doc.nodes) {
    if (node.zone) assert.ok(doc.zones.some(({ id }) => id === node.zone), node.zone);
    if (node.host) assert.equal(homes.has(node.host) ? homes.get(node.host) : node.zone, node.zone);
    if (node.host) homes.set(node.host, node.zone);
    assert.match(node.id, /^[a-z][a-z0-9_-]{0,39}$/);
  }
}

const subsets = (list) => Array.from({ length: 2 ** list.length }, (_, bits) => list.filter((_, i) => bits & (1 << i)));

test("whatever is copied and put in again, once or thrice, leaves a sound scenario with what there was untouched", () => {
  for (const ids of subsets(scenario().nodes.map(({ id }) => id))) {
    const fragment = fragmentOf(scenario(), ids);
    if (!ids.length) assert.equal(fragment, null);
    if (!fragment) continue;
    const read = readFragment(fragmentText(fragment));
    for (const start of [scenario(), { ...scenario(), nodes: [], links: [], zones: [], clusters: [], hosts: [], faults: [], latencies: [] }]) {
      let doc = start;
      for (let n = 1; n < 4; n++) {
        const made = pasted(doc, read.fragment, { x: 24 * n, y: 24 * n });
        sound(made.doc);
        assert.equal(made.ids.length, ids.length);
        assert.deepEqual(made.doc.nodes.slice(0, doc.nodes.length), doc.nodes);
        assert.deepEqual(made.doc.faults, start.faults);
        doc = made.doc;
      }
    }
  }
});

test("copies join the zone, machine and cluster that they are a part of; whole ones are made anew", () => {
  const doc = scenario();
  const one = pasted(doc, fragmentOf(doc, ["api"]), { x: 24, y: 24 });
  const [copy] = one.doc.nodes.slice(-1);
  assert.deepEqual({ ...copy, id: "" }, { id: "", type: "service", x: 224, y: 24, zone: "eu", host: "box" });
  assert.equal(one.doc.zones.length, 2);
  const part = pasted(doc, fragmentOf(doc, ["store-1", "store-2"]), { x: 0, y: 0 });
  assert.equal(part.doc.clusters.length, 1);
  assert.equal(part.doc.clusters[0].members.length, 5);
  const whole = pasted(doc, fragmentOf(doc, doc.nodes.map(({ id }) => id)), { x: 0, y: 400 });
  assert.equal(whole.doc.clusters[1].members.length, 3);
  assert.deepEqual(whole.doc.zones.slice(2).map(({ x, y }) => [x, y]), [[120, 360], [320, 440]]);
  assert.deepEqual(whole.doc.latencies[1], { a: whole.doc.zones[2].id, b: whole.doc.zones[3].id, latency: 80 });
  assert.deepEqual({ ...whole.doc.hosts[1], id: "", zone: "" }, { id: "", cores: 4, zone: "" });
  assert.deepEqual(whole.doc.links.slice(2).map(({ params }) => params), [undefined, { loss: 0.1 }]);
});

test("what is no scenario, too long, or too many is refused, and what cannot be meant is left out", () => {
  assert.deepEqual(readFragment("hello"), { problem: "foreign" });
  assert.deepEqual(readFragment('{"nodes": []}'), { problem: "foreign" });
  assert.deepEqual(readFragment('{"format": "netsplit/1", "nodes": []}'), { problem: "empty" });
  assert.deepEqual(readFragment("x".repeat(1_000_001)), { problem: "huge" });
  assert.deepEqual(readFragment(JSON.stringify({ format: "netsplit/1", nodes: [{ id: "a", type: "client", count: 2001 }] })), { problem: "many" });
  const { fragment } = readFragment(JSON.stringify({
    format: "netsplit/1", nodes: [{ id: "a", type: "client", x: "left", zone: "gone" }, { id: "a", type: "client" }, { id: "Not an id", type: "x" }, null],
    links: [{ id: "l", a: "a", b: "nobody" }, { id: "m", a: "a", b: "a" }], clusters: [{ id: "c", protocol: "register", members: ["nobody"] }],
  }));
  assert.deepEqual([fragment.nodes, fragment.links, fragment.clusters], [[{ id: "a", type: "client" }], [], []]);
  sound(pasted(scenario(), fragment, { x: 0, y: 0 }).doc);
});

test("cards in line share an edge, and at equal distances stand between the outermost", () => {
  const at = new Map([["a", { x: 0, y: 10 }], ["b", { x: 40, y: 90 }], ["c", { x: 200, y: 20 }]]);
  assert.deepEqual(Object.values(aligned(at, "left")).map((p) => p.x), [0, 0, 0]);
  assert.deepEqual(Object.values(aligned(at, "bottom")).map((p) => p.y), [90, 90, 90]);
  assert.deepEqual(aligned(at, "centre").b, { x: 100, y: 90 });
  assert.deepEqual(aligned(at, "middle").c, { x: 200, y: 50 });
  assert.deepEqual(distributed(at, "horizontal"), { a: { x: 0, y: 10 }, b: { x: 100, y: 90 }, c: { x: 200, y: 20 } });
  assert.equal(distributed(at, "vertical").c.y, 50);
});

test("a dragged card rests in line with another, at an equal distance, else on the grid", () => {
  const others = [{ x: 0, y: 0 }, { x: 200, y: 0 }];
  const line = snapped([{ x: 500, y: 300 }], others, { x: -297, y: 3 }, 6);
  assert.equal(500 + line.dx, 200);
  assert.equal((300 + line.dy) % 8, 0);
  assert.ok(line.guides.some(({ axis, at }) => axis === "x" && at === 200));
  assert.equal(400, 390 + snapped([{ x: 390, y: 0 }], others, { x: 7, y: 2 }, 6).dx);
  assert.equal(100 + snapped([{ x: 100, y: 90 }], [{ x: -100, y: 90 }, { x: 300, y: 90 }], { x: 3, y: 0 }, 6).dx, 100);
  const free = snapped([{ x: 501, y: 301 }], [], { x: 10, y: 10 }, 6);
  assert.deepEqual([501 + free.dx, 301 + free.dy, free.guides], [512, 312, []]);
});

test("a zone is drawn round its nodes, goes with them, and is left when one is put down elsewhere", () => {
  const doc = scenario();
  const made = zoneOf({ ...doc, zones: [], nodes: doc.nodes.map(({ zone, ...node }) => node), hosts: [], latencies: [] }, ["client", "api"], (n) => `Zone ${n}`);
  assert.deepEqual(made.doc.nodes.filter((node) => node.zone).map(({ id }) => id), ["client", "api", "api-b"], "what runs on the same machine comes along");
  assert.deepEqual(made.doc.zones, [{ id: "zone-1", label: "Zone 1", x: -88, y: -58, width: 376, height: 204 }]);
  const move = (ids, by) => {
    const places = Object.fromEntries(doc.nodes.filter(({ id }) => ids.includes(id)).map(({ id, x, y }) => [id, { x: x + by.x, y: y + by.y }]));
    return rezoned(doc, moveNodes(doc, places), ids, by);
  };
  const stores = ["store-1", "store-2", "store-3"];
  const together = move(stores, { x: 80, y: 0 });
  assert.deepEqual(together.zones.map(({ x }) => x), [120, 400]);
  assert.ok(stores.every((id) => together.nodes.find((node) => node.id === id).zone === "us"));
  assert.equal(move(["store-1"], { x: 500, y: 0 }).nodes[3].zone, undefined);
  assert.equal(move(["client"], { x: 200, y: 40 }).nodes[0].zone, "eu");
  assert.equal(move(["store-1"], { x: 8, y: 0 }).nodes[3].zone, "us");
  assert.equal(move(["api"], { x: 500, y: 0 }).nodes[1].zone, "eu", "its machine stays");
  sound(move(["api", "api-b"], { x: 0, y: 900 }));
});

test("a cluster is of one type that forms clusters, and of nodes that are in none", () => {
  const doc = scenario();
  assert.equal(whyNoCluster(doc, ["client", "api"], info), "types");
  assert.equal(whyNoCluster(doc, ["api", "api-b"], info), "alone");
  assert.equal(whyNoCluster(doc, ["store-1", "store-2"], info), "member");
  const loose = removeItems(doc, ["cluster:stores"]);
  assert.equal(loose.clusters?.length ?? 0, 0);
  assert.equal(loose.nodes.length, 6);
  assert.equal(whyNoCluster(loose, ["store-1", "store-2"], info), null);
  assert.deepEqual(clusterOf(loose, ["store-2", "store-1"]).doc.clusters, [{ id: "cluster-1", protocol: "register", members: ["store-1", "store-2"] }]);
  assert.deepEqual(groupsAround(doc, ["store-1"]), ["zone:us", "cluster:stores"]);
});

test("a zone that is taken away leaves its nodes, and takes what named it", () => {
  const doc = { ...scenario(), variants: { far: [{ op: "replace", path: "/latencies/0/latency", value: 200 }], cold: [{ op: "replace", path: "/zones/1/label", value: "X" }] } };
  const left = removeItems(doc, ["zone:eu"]);
  assert.deepEqual(left.zones.map(({ id }) => id), ["us"]);
  assert.deepEqual([left.latencies, left.nodes.length, left.hosts[0].zone], [[], 6, undefined]);
  assert.deepEqual(left.variants, { cold: [{ op: "replace", path: "/zones/0/label", value: "X" }] });
  sound(left);
});

test("a link is refused only where the server refuses it; what would come to nothing is doubted", () => {
  const doc = scenario();
  assert.equal(linkRefusal(doc, "api", "api"), "self");
  assert.equal(linkRefusal(doc, "api", "client"), "linked");
  assert.equal(linkRefusal(doc, "client", "store-1"), null);
  const crowd = { ...doc, nodes: [{ id: "a", type: "client", count: 200 }, { id: "b", type: "service", count: 60 }], links: [] };
  assert.equal(linkRefusal(crowd, "a", "b"), "many");
  const two = { ...doc, nodes: [...doc.nodes, { id: "other", type: "client" }, { id: "cable", type: "switch" }] };
  assert.equal(linkDoubt(two, "client", "other", info), "idle");
  assert.equal(linkDoubt(two, "client", "cable", info), null);
  assert.equal(linkDoubt(two, "store-1", "store-2", info), "mesh");
  assert.deepEqual(askingFirst(doc, "api", "client", info), ["client", "api"]);
  assert.deepEqual(askingFirst(doc, "api", "store-1", info), ["api", "store-1"]);
});

test("automatic layout puts clients left of those who answer, and the nodes of a zone together", () => {
  const doc = laidOut(scenario(), info);
  const at = new Map(doc.nodes.map((node) => [node.id, node]));
  assert.ok(at.get("client").x < at.get("api").x && at.get("api").x < at.get("store-1").x);
  for (const p of doc.nodes) for (const q of doc.nodes) assert.ok(p === q || Math.abs(p.x - q.x) >= 128 || Math.abs(p.y - q.y) >= 44, `${p.id} on ${q.id}`);
  const inside = (node, { x, y, width, height }) => node.x > x && node.x < x + width && node.y > y && node.y < y + height;
  for (const zone of doc.zones) for (const node of doc.nodes) assert.equal(inside(node, zone), node.zone === zone.id, `${node.id} in ${zone.id}`);
  const [eu, us] = doc.zones;
  assert.ok(eu.x + eu.width <= us.x || eu.y + eu.height <= us.y || us.y + us.height <= eu.y, "zones stand apart");
  assert.deepEqual(laidOut(doc, info), laidOut(doc, info));
});

test("the names of copies are taken as well", () => {
  assert.ok(namesTaken(scenario()).has("client-3"));
  assert.ok(namesTaken(scenario()).has("client-api-2"));
});

test("a key is compared as people name it, and signs as they are typed", () => {
  const event = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
  assert.ok(matches("Mod+Z", event("z", { ctrlKey: true })) && matches("Mod+Z", event("z", { metaKey: true })));
  assert.ok(!matches("Mod+Z", event("Z", { ctrlKey: true, shiftKey: true })) && matches("Mod+Shift+Z", event("Z", { ctrlKey: true, shiftKey: true })));
  assert.ok(!matches("T", event("t", { ctrlKey: true })) && matches("T", event("t")) && matches("?", event("?", { shiftKey: true })) && matches("+", event("+", { shiftKey: true })));
  assert.ok(matches("Alt+H", event("˙", { altKey: true, code: "KeyH" })) && matches("Space", event(" ")) && matches("Shift+ArrowLeft", event("ArrowLeft", { shiftKey: true })));
  assert.ok(!matches("ArrowLeft", event("ArrowLeft", { shiftKey: true })) && !matches("Enter", event("Enter", { ctrlKey: true })));
});
