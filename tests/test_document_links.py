"""What a document may say of its links beyond latency and loss, and what a run is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import json_schema, validate
from tests.test_document import changed, mistakes, sound


def params(**given: Any) -> dict[str, Any]:
    return changed("links.0.params", given)


def physical(data: dict[str, Any]) -> dict[str, Any]:
    link: dict[str, Any] = validate(data).physical()["links"][0]
    return link


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("duplication", 1.5, "Must be at most 1 probability. Got 1.5."),
        ("burst_start", -0.1, "Must be at least 0 probability. Got -0.1."),
        ("reordering_delay", {"kind": "uniform", "low_ms": 2, "high_ms": 1}, "Needs a high_ms of at least low_ms."),
        ("bandwidth_mbit_per_s", -1, "Must be at least 0 Mbit/s. Got -1."),
        ("queue_bytes", 1.5, "Must be a whole number in bytes. Got 1.5."),
        ("size_max_bytes", 10**10, "Must be at most 1000000000 bytes. Got 10000000000."),
        ("bandwith_mbit_per_s", 1, 'Unknown key. Did you mean "bandwidth_mbit_per_s"?'),
    ],
)
@pytest.mark.parametrize("key", ["params", "a_to_b", "b_to_a"])
def test_what_cannot_be_is_refused_wherever_it_stands(key: str, name: str, value: Any, message: str) -> None:
    assert mistakes(changed(f"links.0.{key}", {name: value})) == {f"links[0].{key}.{name}": message}


def test_a_cluster_takes_the_same_parameters() -> None:
    assert list(mistakes(changed("clusters.0.link.duplication", 2))) == ["clusters[0].link.duplication"]
    assert validate(changed("clusters.0.link.duplication", 0.5)).physical()["clusters"][0]["link"]["duplication"] == 0.5


def test_a_run_is_told_what_is_not_the_default() -> None:
    constant = {"kind": "constant", "value_ms": 1}
    plain = {"latency": constant, "loss": 0}
    assert physical(params())["params"] == plain
    assert physical(params(duplication=0, queue_bytes=65_536, reordering_delay=10))["params"] == plain
    assert physical(params(duplication=0.5))["params"] == plain | {"duplication": 0.5}


def test_one_direction_has_what_it_gives_in_place_of_what_both_have() -> None:
    data = changed("links.0", {"id": "front", "a": "ann", "b": "web", "params": {"latency": 2, "loss": 0.1}})
    both = physical(data)
    data["links"][0]["b_to_a"] = {"latency": 2}
    assert physical(data) == both
    data["links"][0]["b_to_a"] = {"latency": 9}
    data["links"][0]["a_to_b"] = {"loss": 0.3}
    link = physical(data)
    assert link["params"] == {"latency": {"kind": "constant", "value_ms": 2}, "loss": 0.3}
    assert link["b_to_a"] == {"latency": {"kind": "constant", "value_ms": 9}, "loss": 0.1}


def test_the_schema_describes_both_directions() -> None:
    link = json_schema()["$defs"]["LinkEntry"]["properties"]
    assert link["params"] == link["a_to_b"] == link["b_to_a"]
    assert "b_to_a" not in sound()["links"][0]


# Streams


def test_a_stream_is_told_to_a_run_and_its_defaults_are_not() -> None:
    plain = physical(params())["params"]
    asked = params(transport="stream", send_buffer_bytes=65_536, rto_min_ms=200, drop_expired=False)
    assert physical(asked)["params"] == plain | {"transport": "stream"}
    assert physical(params(transport="datagram"))["params"] == plain
    tight = physical(params(transport="stream", send_buffer_bytes=900, retransmissions_max=3))["params"]
    assert tight == plain | {"transport": "stream", "send_buffer_bytes": 900, "retransmissions_max": 3}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("transport", "tcp", "Must be one of 'datagram' or 'stream'. Got \"tcp\"."),
        ("send_buffer_bytes", 0, "Must be at least 1 bytes. Got 0."),
        ("window_bytes", 0, "Must be at least 1 bytes. Got 0."),
        ("rto_min_ms", 0.5, "Must be at least 1 ms. Got 0.5."),
        ("retransmissions_max", 61, "Must be at most 60. Got 61."),
    ],
)
def test_a_stream_that_cannot_be_is_refused(name: str, value: Any, message: str) -> None:
    assert mistakes(params(**{name: value})) == {f"links[0].params.{name}": message}


@pytest.mark.parametrize("key", ["a_to_b", "b_to_a"])
def test_a_stream_goes_both_ways(key: str) -> None:
    message = "A stream goes both ways: set the transport in params."
    data = changed(f"links.0.{key}", {"transport": "stream"})
    assert mistakes(data) == {f"links[0].{key}.transport": message}
    one_way = changed(f"links.0.{key}", {"send_buffer_bytes": 900})
    one_way["links"][0]["params"] = {"transport": "stream"}
    assert mistakes(one_way) == {}


def test_a_cluster_may_talk_over_streams() -> None:
    assert (
        validate(changed("clusters.0.link.transport", "stream")).physical()["clusters"][0]["link"]["transport"]
        == "stream"
    )
