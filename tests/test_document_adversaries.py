"""Adversaries in the scenario document: what they may name, what a fault may wait for, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import describe, message_kinds, node_types
from simulations.document import DocumentError, validate
from simulations.document_doubts import doubts
from simulations.engine.simulation import Limits, Simulation


def document(*faults: dict[str, Any], copies: int = 1) -> dict[str, Any]:
    """A client before a balancer before services; beside them three replicas, two of them linked by hand."""
    return {
        "format": "netsplit/1",
        "duration_ms": 1000,
        "nodes": [
            {"id": "c", "type": "client"},
            {"id": "lb", "type": "load-balancer"},
            {"id": "s", "type": "service", "count": copies},
            *({"id": f"r-{n}", "type": "register"} for n in (1, 2)),
            {"id": "q", "type": "register", "count": 3},
        ],
        "links": [
            {"id": "front", "a": "c", "b": "lb"},
            {"id": "back", "a": "lb", "b": "s"},
            {"id": "hand", "a": "r-1", "b": "r-2"},
        ],
        "clusters": [{"id": "k", "protocol": "register", "members": ["r-1", "r-2", "q"]}],
        "faults": list(faults),
    }


def accepted(*faults: dict[str, Any], copies: int = 1) -> list[dict[str, Any]]:
    """The faults as a run takes them; the run is taken as well."""
    physical = validate(document(*faults, copies=copies)).physical()
    simulation = Simulation(physical, node_types(), Limits())
    assert list(simulation.chunks())
    assert simulation.outcome is not None
    assert simulation.outcome.status == "finished", simulation.outcome.reason
    found: list[dict[str, Any]] = physical["faults"]
    return found


def refused(*faults: dict[str, Any], copies: int = 1) -> dict[str, str]:
    with pytest.raises(DocumentError) as error:
        validate(document(*faults, copies=copies))
    return {mistake.path: mistake.message for mistake in error.value.mistakes}


def doubted(*faults: dict[str, Any]) -> dict[str, str]:
    return {doubt.path: doubt.message for doubt in doubts(validate(document(*faults)))}


TAMPER = {"kind": "tamper", "target": "front", "at_ms": 10, "probability": 0.5}
REPLAY = {"kind": "replay", "target": "back", "at_ms": 10, "probability": 0.5, "delay": 40}
SPOOF = {"kind": "spoof", "target": "c", "claims": "s", "to": "lb", "at_ms": 10}
LIE = {"kind": "byzantine", "target": "r-1", "behaviour": "old values", "at_ms": 10}


@pytest.mark.parametrize("fault", [TAMPER, REPLAY, SPOOF, LIE], ids=lambda fault: str(fault["kind"]))
def test_every_kind_is_accepted_and_runs(fault: dict[str, Any]) -> None:
    (found,) = accepted(fault)
    assert {**found, **fault, "delay": None} == {**found, "delay": None}


def test_targets_stand_for_their_copies() -> None:
    assert [fault["target"] for fault in accepted(REPLAY, copies=3)] == ["back-1", "back-2", "back-3"]
    assert [fault["target"] for fault in accepted({**TAMPER, "target": "s"}, copies=2)] == ["s-1", "s-2"]
    lies = accepted({**LIE, "target": "s", "behaviour": "wrong answers"}, copies=2)
    assert [fault["target"] for fault in lies] == ["s-1", "s-2"]


CUT = {"kind": "cut", "at_ms": 10}


@pytest.mark.parametrize("target", ["k:r-1-q-1", "k:r-2-q-2", "k:q-1-q-2", "cluster:k"])
def test_links_of_a_mesh_can_be_named(target: str) -> None:
    assert [fault["target"] for fault in accepted({**CUT, "target": target})] == [target]
    assert [fault["target"] for fault in accepted({**TAMPER, "target": target})] == [target]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("k:q-1-r-1", "There is no link"),  # the members stand in another order
        ("k:r-1-r-2", "There is no link"),  # drawn, so that it has a name of its own
        ("k:r-1-c", "There is no link"),
        ("j:r-1-q-1", "There is no link"),
        ("cluster:kk", 'Did you mean "cluster:k"?'),
        ("fron", 'Did you mean "front"?'),
    ],
)
def test_names_of_no_link_are_refused(target: str, words: str) -> None:
    assert words in refused({**CUT, "target": target})["faults[0].target"]


@pytest.mark.parametrize(
    ("fault", "path", "words"),
    [
        ({**TAMPER, "target": "nobody"}, "target", 'There is no link or node "nobody"'),
        ({**TAMPER, "kinds": ["wok"]}, "kinds[0]", 'Did you mean "work"?'),
        ({**TAMPER, "probability": 2}, "probability", "at most 1"),
        ({**LIE, "behaviour": "old value"}, "behaviour", 'Did you mean "old values"?'),
        ({**LIE, "target": "c"}, "behaviour", 'A node of type "client" has no behaviour "old values". Known: silent.'),
        ({**LIE, "target": "x"}, "target", 'There is no node "x"'),
        ({**SPOOF, "rate_per_s": 1e-300}, "rate_per_s", "at least 0.001"),
        ({**SPOOF, "to": "s"}, "claims", '"s" would hear from itself'),
        ({**SPOOF, "to": "c"}, "to", "cannot forge messages to itself"),
        ({**SPOOF, "claims": "c"}, "claims", "is the sender itself"),
        ({**SPOOF, "to": "s", "claims": "lb"}, "to", '"c" has no link to "s". Draw one.'),
        ({**SPOOF, "claims": "r-1"}, "claims", '"lb" has no link to "r-1"'),
        ({**SPOOF, "claims": "q"}, "claims", '"q" stands for 3 nodes; name one, such as "q-1"'),
        ({**SPOOF, "target": "lb", "to": "c"}, "message", 'A node of type "client" takes no message "write".'),
        ({**SPOOF, "target": "q-1", "claims": "q-2", "to": "r-1", "message": "work"}, "message", "Name one of: write"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(fault: dict[str, Any], path: str, words: str) -> None:
    assert words in refused(fault)[f"faults[0].{path}"]


def test_a_name_of_both_a_link_and_a_node_is_refused() -> None:
    data = document({**TAMPER, "target": "s"})
    data["links"][0]["id"] = "s"
    with pytest.raises(DocumentError, match="is the name of a link and of a node"):
        validate(data)


def test_forging_within_a_cluster_needs_no_drawn_link() -> None:
    (found,) = accepted({**SPOOF, "target": "q-1", "claims": "r-2", "to": "r-1", "rate_per_s": 50})
    assert found["rate_per_s"] == 50


# What a fault may wait for


def waiting(node: str, event: str, **more: Any) -> dict[str, Any]:
    return {**CUT, "target": "front", "at_ms": None, "when": {"node": node, "event": event, **more}}


@pytest.mark.parametrize(
    ("node", "event"),
    [
        ("c", "sent work"),
        ("c", "received done"),
        ("lb", "received work"),
        ("lb", "note s ejected"),
        ("lb", "sent probe"),
        ("s", "received probe"),
        ("c", "operation fail"),
        ("r-1", "fsync"),
        ("r-1", "written"),
        ("s", "boot"),
        ("s", "crash"),
        ("s", "queue = 5"),
    ],
)
def test_events_of_a_node_can_be_waited_for(node: str, event: str) -> None:
    (found,) = accepted(waiting(node, event))
    assert found["when"]["event"] == event


@pytest.mark.parametrize(
    ("node", "event", "words"),
    [
        ("c", "sent wrk", 'There is no message "wrk". Did you mean "work"?'),
        ("c", "received work", 'A node of type "client" takes no message "work". It takes answers only.'),
        ("c", "sent done", 'A node of type "client" answers nobody.'),
        ("s", "received store", 'takes no message "store". It takes: work, read, write, increment.'),
        ("s", "operation ok", 'A node of type "service" begins no operations.'),
        ("s", "falls over", "Must be a field of the state and its value"),
        ("s", "operation lost", "Must be a field of the state and its value"),
    ],
)
def test_events_that_cannot_come_are_refused(node: str, event: str, words: str) -> None:
    assert words in refused(waiting(node, event))["faults[0].when.event"]


def test_a_start_beyond_the_end_of_the_run_is_refused() -> None:
    assert "at most 1000 ms" in refused(waiting("s", "boot", after_ms=1001))["faults[0].when.after_ms"]


# Faults that contradict each other


def crash(at_ms: float, until_ms: float | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "crash", "target": "s", "at_ms": at_ms, "until_ms": until_ms, **more}


GROUPS = [["c"], ["lb", "s"]]


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (crash(100, 400), crash(150, 200), "faults[1].until_ms"),
        (crash(100, 400), crash(300, 500), "faults[0].until_ms"),
        (crash(100, 400), crash(300), "faults[0].until_ms"),
        (crash(100), {"kind": "restart", "target": "s", "at_ms": 300, "down_ms": 50}, "faults[1].down_ms"),
        (crash(100, 300, kind="pause"), crash(200, 400, kind="pause"), "faults[0].until_ms"),
        (crash(100, 300, kind="cut", target="back"), crash(200, kind="cut", target="back"), "faults[0].until_ms"),
        (
            crash(100, 300, kind="partition", target=GROUPS),
            crash(200, kind="partition", target=GROUPS[::-1]),
            "faults[0].until_ms",
        ),
        (crash(100, 300, kind="disk", mode="full"), crash(200, kind="disk", mode="full"), "faults[0].until_ms"),
        (
            crash(100, 300, kind="byzantine", behaviour="silent"),
            crash(200, kind="byzantine", behaviour="silent"),
            "faults[0].until_ms",
        ),
    ],
)
def test_an_end_that_mends_nothing_is_said(one: dict[str, Any], other: dict[str, Any], path: str) -> None:
    found = doubted(one, other)
    assert list(found) == [path]
    assert "Let one of them end before the other begins." in found[path]


def test_the_words_say_which_one_lasts() -> None:
    assert doubted(crash(100, 400), crash(150, 200))["faults[1].until_ms"] == (
        "Nothing is mended at 200 ms, because faults[0] does the same from 100 ms until 400 ms."
        " Let one of them end before the other begins."
    )
    assert "from 300 ms to the end of the run." in doubted(crash(100, 400), crash(300))["faults[0].until_ms"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (crash(100, 400), crash(400, 500)),
        (crash(100, 400), crash(200, 400)),
        (crash(100), crash(200)),
        (crash(100, 400), crash(200, 300, target="lb")),
        (crash(100, 400), crash(200, 300, kind="pause")),
        (crash(100, 400, kind="slow", factor=2), crash(200, 300, kind="slow", factor=3)),
        (
            crash(100, 400, kind="cut", target="back", direction="a-to-b"),
            crash(200, 300, kind="cut", target="back", direction="b-to-a"),
        ),
        (
            crash(100, 400, kind="partition", target=GROUPS),
            crash(200, 300, kind="partition", target=[["c", "lb"], ["s"]]),
        ),
        (crash(100, 400, kind="disk", mode="slow"), crash(200, 300, kind="disk", mode="slow")),
    ],
)
def test_faults_that_add_up_or_meet_may_overlap(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(accepted(one, other)) == 2
    assert doubted(one, other) == {}


# What the catalogue tells


def test_the_catalogue_gives_the_lies_of_every_type_and_the_defences_of_links() -> None:
    lies = {info["type"]: [lie["name"] for lie in info["lies"]] for info in describe()["types"]}
    assert lies["client"] == ["silent"]
    assert lies["load-balancer"] == ["silent", "black hole"]
    assert lies["register"][1:] == ["old values", "wrong values", "false acknowledgements", "equivocation"]
    names = [param["name"] for param in describe()["link"]["params"]]
    assert {"integrity", "authenticated", "replay_protection"} <= set(names)
    kinds = {fault["kind"]: [param["name"] for param in fault["params"]] for fault in describe()["faults"]}
    assert kinds["spoof"] == ["claims", "to", "message", "key", "value", "rate_per_s"]


def test_message_kinds_are_known_with_their_roles() -> None:
    kinds = message_kinds()
    assert (kinds["work"], kinds["done"], kinds["store"], kinds["probe"]) == (
        "request",
        "reply",
        "replication",
        "heartbeat",
    )
    assert "request" not in kinds


def test_a_link_without_defences_asked_for_is_as_before_in_the_physical_document() -> None:
    (link, *_) = validate(document()).physical()["links"]
    assert set(link["params"]) == {"latency", "loss"}
