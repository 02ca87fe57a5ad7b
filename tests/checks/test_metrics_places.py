"""Figures of machines, of links, of what nodes publish, and of what all that costs: worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import DocumentError, validate
from simulations.engine.declare import Metric
from simulations.engine.log import Log
from simulations.engine.messages import Done
from simulations.engine.metrics import Selection
from simulations.engine.metrics_costs import Prices, cost_metrics
from simulations.engine.metrics_published import charged, published_metrics, published_together
from simulations.engine.simulation import Limits
from simulations.report import Recording, judge, record, report
from tests.checks.test_figures import recorded
from tests.machines import machine, worker
from tests.worlds import MS, Actor, Entry, client, crash, link, run, service, world

HOUR_MS = 3_600_000


def told(document: Entry, **window: Any) -> dict[str, float]:
    """The figures of a run of a physical document."""
    story = run(document)
    recording = Recording.from_chunks([chunk.data for chunk in story.chunks], "finished", "", document)
    return recording.metrics(**window)


# Machines


def test_a_machines_figures_by_hand() -> None:
    """Two cores, three pieces of work: 2/3 of a core each until z ends at 6 ms, then a core each until 12."""
    document = machine([worker("a", ("x", 0, 10), ("y", 0, 10)), worker("b", ("z", 0, 4))], 2, duration_ms=24)
    found = told(document)
    assert found["hosts.m.utilisation"] == 12 / 24
    assert found["hosts.m.running_mean"] == (3 * 6 + 2 * 6) / 24
    assert found["hosts.m.running_max"] == 3
    assert found["hosts.m.waiting_mean"] == 6 / 24
    late = told(document, window_ms=[9, 15])
    assert late["hosts.m.utilisation"] == late["hosts.m.running_mean"] / 2 == 0.5


def test_a_crashed_machine_works_at_nothing() -> None:
    found = told(machine([worker("a", ("x", 0, 50))], faults=[crash("a", 10)], duration_ms=20))
    assert found["hosts.m.utilisation"] == 0.5


def test_a_node_with_a_machine_of_its_own_has_no_such_figures() -> None:
    document = machine([worker("a", ("x", 0, 5))])
    for node in document["nodes"]:
        del node["host"]
    assert not [name for name in told(document) if name.startswith("hosts.")]


# What nodes publish


class Cook(Actor):
    """Publishes figures, at set times."""

    TYPE = "cook"
    METRICS = (
        Metric("served", "meals", "Meals served.", "count"),
        Metric("pots", "pots", "Pots on the stove.", "gauge"),
        Metric("waited_ms", "ms", "How long meals waited.", "duration"),
        Metric("gas", "$", "Gas burnt.", "count"),
        Metric("praised", "meals", "Meals praised, of those judged.", "share"),
    )

    def start(self) -> None:
        if self.incarnation == 0:
            for at_ms, metric, amount in self.params["tells"]:
                self.timer(at_ms * MS, f"{metric} {at_ms}", self.teller(metric, amount))

    def teller(self, metric: str, amount: int) -> Any:
        return lambda: self.publish(metric, amount)


TELLS = [
    (0, "pots", 2),
    (10, "served", 1),
    (20, "served", 3),
    (20, "pots", 6),
    (30, "waited_ms", 5 * MS),
    (40, "waited_ms", 7 * MS),
    (50, "gas", 250_000),
    (60, "pots", 1),
]


def kitchen(tells: list[Any], **changes: Any) -> tuple[Log, list[Any]]:
    document = {
        "nodes": [{"id": "k", "type": "cook", "params": {"tells": tells}}],
        "links": [],
        "clusters": [],
        "faults": [],
        "duration_ms": 100,
        "settle_ms": 0,
        "seed": 1,
        **changes,
    }
    story = run(document, Cook)
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    return log, story.decoded


def published(log: Log, from_ms: int = 0, to_ms: int = 100) -> dict[str, float]:
    return published_metrics(log, Selection(from_ms * MS, to_ms * MS), {"k": Cook.METRICS})


def test_counts_gauges_and_durations_of_a_node_type() -> None:
    log, _ = kitchen(TELLS)
    found = published(log)
    assert found["nodes.k.served"] == 4
    assert found["nodes.k.pots.mean"] == (2 * 20 + 6 * 40 + 1 * 40) / 100
    assert found["nodes.k.pots.max"] == 6
    assert (found["nodes.k.waited_ms.mean"], found["nodes.k.waited_ms.max"]) == (6, 7)
    assert found["nodes.k.gas"] == 0.25
    window = published(log, 15, 35)
    assert (window["nodes.k.served"], window["nodes.k.waited_ms.max"], window["nodes.k.pots.max"]) == (3, 5, 6)
    assert window["nodes.k.pots.mean"] == (2 * 5 + 6 * 15) / 20


def test_a_gauge_is_nothing_after_a_crash() -> None:
    log, _ = kitchen([(0, "pots", 4)], faults=[crash("k", 25, 50)])
    assert published(log)["nodes.k.pots.mean"] == 1


def test_a_share_is_so_many_of_so_many() -> None:
    log, _ = kitchen([(10, "praised", 1), (20, "praised", 0), (30, "praised", 1), (40, "praised", 1)])
    found = published(log)
    assert found["nodes.k.praised.ratio"] == 0.75
    assert (found["nodes.k.praised.count"], found["nodes.k.praised.total"]) == (3, 4)
    assert "nodes.k.praised.ratio" not in published(log, 50, 60)
    assert [Cook.METRICS[-1].unit_of(name) for name in Cook.METRICS[-1].figures()] == ["ratio", "meals", "meals"]


def test_the_members_of_a_cluster_together() -> None:
    log, _ = kitchen([*TELLS, (70, "praised", 1), (80, "praised", 0)])
    index = log.nodes.index("k")
    for node in (index + 1, index + 2):  # two more like it
        log.nodes.append(f"k{node}")
        for name in ("served", "waited_ms", "praised"):
            log.published[node, name] = log.published[index, name]
    declared = dict.fromkeys(log.nodes, Cook.METRICS)
    found = published_together(log, Selection(0, 100 * MS), declared, {"all": frozenset((index, index + 1))})
    assert (found["clusters.all.served"], found["clusters.all.gas"]) == (8, 0.25)
    assert (found["clusters.all.waited_ms.mean"], found["clusters.all.waited_ms.p50"]) == (6, 5)
    assert (found["clusters.all.praised.count"], found["clusters.all.praised.total"]) == (2, 4)
    assert not [name for name in found if "pots" in name]
    window = published_together(log, Selection(15 * MS, 35 * MS), declared, {"all": frozenset((index, index + 1))})
    assert (window["clusters.all.served"], window["clusters.all.waited_ms.max"]) == (6, 5)


def test_claims_may_name_what_a_clusters_members_publish_together() -> None:
    def mistakes(metric: str) -> list[str]:
        left = {"metric": f"clusters.g.{metric}"}
        document = {
            "format": "netsplit/1",
            "title": "T",
            "duration_ms": 100,
            "nodes": [{"id": "m", "type": "swim", "x": 0, "y": 0, "count": 3}],
            "links": [],
            "clusters": [{"id": "g", "protocol": "swim", "members": ["m"]}],
            "expect": [{"claim": "C", "left": left, "op": ">=", "right": 0}],
        }
        try:
            validate(document)
        except DocumentError as error:
            return [mistake.path for mistake in error.mistakes]
        return []

    assert mistakes("swim.accused") == mistakes("swim.messages.mean") == []
    assert mistakes("swim.nonsense") == mistakes("multi.total.max") == ["expect[0].left.metric"]


def test_what_is_not_declared_is_a_node_bug_and_what_is_not_used_costs_no_row() -> None:
    with_rows, without = kitchen(TELLS)[1], kitchen([])[1]
    assert sum(chunk["tables"]["published"]["rows"] for chunk in with_rows if "published" in chunk["tables"]) == 8
    assert not any("published" in chunk["tables"] for chunk in without)
    document = {"nodes": [{"id": "k", "type": "cook", "params": {"tells": [(5, "plates", 1)]}}]}
    parts = {"links": [], "clusters": [], "faults": [], "duration_ms": 100, "settle_ms": 0, "seed": 1}
    outcome = run(document | parts, Cook).outcome
    assert outcome.status == "failed"
    assert "'plates' is no metric" in outcome.reason


# What it costs


def test_costs_by_hand() -> None:
    log = Log(nodes=["c", "s", "d"])
    prices = Prices({"s": 6.0}, {"box": 3.0}, {("c", "s"): ("l", 0.5), ("s", "c"): ("l", 2.0)})
    sent = {(0, 1): 4_000_000_000, (1, 0): 1_000_000_000, (1, 2): 9_000_000_000}
    found = cost_metrics(log, prices, sent, HOUR_MS * MS // 2, 1000, charged({"nodes.s.gas": 1.5}, {"s": Cook.METRICS}))
    assert found["nodes.s.cost"] == 6 / 2 + 1.5
    assert found["hosts.box.cost"] == 1.5
    assert found["links.l.cost"] == 4 * 0.5 + 1 * 2
    assert found["cost.total"] == 4.5 + 1.5 + 4
    assert found["cost.per_million_ops"] == 10_000
    assert cost_metrics(log, Prices(), sent, HOUR_MS * MS, 1000, {}) == {}


def test_a_mesh_has_its_price_and_a_drawn_link_its_own() -> None:
    log = Log(nodes=["a", "b", "c"])
    mesh = ("store", frozenset("abc"), 3.0)
    prices = Prices(links={("a", "b"): ("free", 0), ("b", "a"): ("free", 0)}, meshes=[mesh])
    found = cost_metrics(log, prices, {(0, 1): 10**9, (1, 2): 10**9}, 1, 0, {})
    assert (found["links.free.cost"], found["clusters.store.cost"], found["cost.total"]) == (0, 3, 3)
    assert "cost.per_million_ops" not in found


def shop(**changes: Any) -> dict[str, Any]:
    """Two machines at prices of their own, and traffic that costs one way."""
    return {
        "format": "netsplit/1",
        "duration_ms": 1000,
        "warmup_ms": 100,
        "hosts": [{"id": "box", "cores": 2, "cost_per_hour": 3600}],
        "nodes": [
            {"id": "c", "type": "client", "params": {"rate_per_s": 50}},
            {"id": "s", "type": "service", "host": "box"},
            {"id": "t", "type": "service", "host": "box", "count": 2, "cost_per_hour": 1800},
        ],
        "links": [{"id": "l", "a": "c", "b": "s", "b_to_a": {"cost_per_gb": 1_000_000}}],
        "variants": {"cheap": [{"op": "replace", "path": "/hosts/0/cost_per_hour", "value": 0}]},
        "expect": [
            {
                "claim": "The machine is what costs",
                "left": {"-": [{"metric": "cost.total"}, {"metric": "cost.total", "variant": "cheap"}]},
                "op": "==",
                "right": {"metric": "hosts.box.cost"},
                "tolerance": 1e-9,
            },
            {
                "claim": "A window costs by its length",
                "left": {"metric": "hosts.box.cost", "window_ms": [200, 450]},
                "op": "==",
                "right": 0.25,
            },
            {"claim": "The machine has work", "left": {"metric": "hosts.box.utilisation"}, "op": ">", "right": 0},
        ],
        **changes,
    }


def test_the_bill_of_a_scenario_and_of_a_variant_that_runs_the_same() -> None:
    document = validate(shop())
    assert document.physical() == document.physical("cheap")
    result = report(document)
    found = result["metrics"]
    assert found["hosts.box.cost"] == pytest.approx(0.9)
    assert found["nodes.t-2.cost"] == pytest.approx(0.45)
    assert found["links.l.cost"] == pytest.approx(found["messages.by_kind.done"] * Done().size() / 1e3)
    assert found["cost.total"] == pytest.approx(0.9 + 2 * 0.45 + found["links.l.cost"])
    assert [claim["ok"] for claim in result["expect"]] == [True, True, True]


def test_a_verdict_knows_the_prices_and_a_part_of_the_operations_has_none() -> None:
    document = validate(shop(expect=[]))
    recording = record(document.physical(), Limits())
    assert "cost.total" not in recording.metrics()
    again = Recording(recording.log, "finished", "", recording.physical)
    assert judge(document, {"": again})["metrics"]["cost.total"] > 0.9
    assert not [name for name in again.metrics(where={"client": "c"}) if name.endswith("cost")]


# Operations under way


def test_the_most_operations_under_way_at_once() -> None:
    ends = [(0, 0, 30), (1, 10, 40), (2, 20, 25), (3, 40, 60)]  # the last begins as the second ends
    invoked = [(op, start * MS, 0, op, "work", "", None) for op, start, _ in ends]
    story = recorded(invoked=invoked, returned=[(op, end * MS, "ok", None, "", 1) for op, _, end in ends])
    assert story.metrics()["ops.in_flight_max"] == 3
    assert story.metrics(window_ms=[26, 100])["ops.in_flight_max"] == 2


# Whether there was somebody to ask


def test_the_share_of_the_time_that_somebody_was_up_whom_a_client_asks() -> None:
    nodes = [client("c"), service("s"), service("t"), service("u")]
    faults = [crash("s", 100, 800), crash("t", 400, 600)]
    both = told(world(nodes, [link("c", "s"), link("c", "t"), link("s", "u")], (), faults))
    assert both["nodes.c.targets_up_ratio"] == pytest.approx(0.8)
    assert both["nodes.s.up_ratio"] == pytest.approx(0.3)
    assert "nodes.s.targets_up_ratio" not in both
    one = told(world(nodes, [link("c", "s")], (), faults))
    assert one["nodes.c.targets_up_ratio"] == pytest.approx(0.3)
    later = told(world(nodes, [link("c", "s")], (), faults), window_ms=[500, 1000])
    assert later["nodes.c.targets_up_ratio"] == pytest.approx(0.4)
