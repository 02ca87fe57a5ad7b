"""Timeouts by how long calls took: they settle above what is usual, follow it, and grow where it is not enough."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worlds import MS, Entry, Run, client, exponential, link, run, service, world

ADAPTIVE = {"timeout_by": "percentile", "timeout_percentile": 95, "timeout_margin": 2, "timeout_calls": 100}


def called(takes: Any, faults: Any = (), loss: float = 0, duration_ms: float = 4000, **params: Any) -> Run:
    """A client of 100 requests a second, and a server that is never short of workers."""
    nodes = [client("c", rate_per_s=100, timeout_ms=1000, **params), service("s", concurrency=500, service_time=takes)]
    return run(world(nodes, [link("c", "s", loss=loss)], faults=faults, duration_ms=duration_ms, settle_ms=1000))


def waited(story: Run, from_ms: float = 0, to_ms: float = 1e9) -> list[float]:
    """How long those waited that timed out."""
    return [op.takes_ms for op in story.operations() if op.error == "timed out" and from_ms <= op.start_ns / MS < to_ms]


def slow(factor: float, at_ms: float) -> Entry:
    return {"kind": "slow", "target": "s", "factor": factor, "at_ms": at_ms, "until_ms": None}


def test_it_is_so_many_times_what_calls_take() -> None:
    """They take 12 ms; two of a hundred are lost."""
    story = called(10, loss=0.01, **ADAPTIVE)
    late = waited(story, 1500)
    assert late
    assert late == pytest.approx([24.0] * len(late))
    assert set(waited(called(10, loss=0.01), 1500)) == {1000.0}


def test_until_some_calls_are_known_the_fixed_one_holds() -> None:
    early = called(10, loss=0.5, **{**ADAPTIVE, "timeout_percentile": 50})
    first = min(op.start_ns for op in early.operations()) / MS
    assert 1000.0 in waited(early, first, first + 100)


def test_it_follows_what_becomes_slower() -> None:
    """A hundred times as slow: at first everything times out, and that lengthens it."""
    story = called(2, [slow(100, 1000)], duration_ms=6000, **ADAPTIVE)
    assert len(waited(story, 1000, 1500)) > 30
    assert waited(story, 4000) == []
    assert {op.type for op in story.operations() if op.start_ns > 4000 * MS} == {"ok"}


def test_with_random_times_it_does_not_shrink_away() -> None:
    story = called(exponential(20), duration_ms=8000, **ADAPTIVE)
    late = [op for op in story.operations() if op.start_ns > 4000 * MS]
    failed = sum(op.type == "fail" for op in late) / len(late)
    assert failed < 0.02  # beyond twice the 95th percentile lies 1 of 400


def test_it_is_never_longer_than_the_fixed_one() -> None:
    story = called(10, loss=0.5, **ADAPTIVE)  # far more are lost than the percentile leaves room for
    assert max(waited(story)) == 1000.0


def test_each_target_has_its_own() -> None:
    nodes = [client("c", rate_per_s=100, timeout_ms=1000, **ADAPTIVE)]
    nodes += [service("s", concurrency=500, service_time=4), service("t", concurrency=500, service_time=40)]
    links = [link("c", "s", loss=0.01), link("c", "t", loss=0.01)]
    story = run(world(nodes, links, duration_ms=8000, settle_ms=1000))
    assert {round(one) for one in waited(story, 3000)} == {12, 84}


def test_a_service_uses_it_for_what_stands_behind() -> None:
    nodes = [
        client("c", rate_per_s=100, timeout_ms=5000),
        service("front", concurrency=50, service_time=0, timeout_ms=1000, **ADAPTIVE),
        service("back", concurrency=50, service_time=10),
    ]
    story = run(world(nodes, [link("c", "front"), link("front", "back", loss=0.01)], duration_ms=4000, settle_ms=1000))
    late = waited(story, 1500)
    assert late
    assert late == pytest.approx([26.0] * len(late))
