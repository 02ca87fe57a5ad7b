"""Outlier ejection at the load balancer: whom it leaves out by the requests themselves, for how long, and how many."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.load_balancer import LoadBalancer
from tests.worlds import MS, Entry, Run, balancer, client, crash, link, run, service, world

COUNT = {"outlier": "count", "outlier_failures": 3, "outlier_eject_ms": 500, "timeout_ms": 50}


def hang(target: str, at_ms: float, until_ms: float | None = None) -> Entry:
    return {"kind": "hang", "target": target, "at_ms": at_ms, "until_ms": until_ms}


def balanced(faults: Any = (), servers: int = 4, duration_ms: float = 3000, **params: Any) -> Run:
    """A client of 200 requests a second, a balancer, and servers s0, s1… of 5 ms."""
    names = [f"s{n}" for n in range(servers)]
    nodes = [client("c", rate_per_s=200, pattern="deterministic", timeout_ms=5000), balancer("lb", **params)]
    nodes += [service(name, concurrency=50, service_time=5) for name in names]
    links = [link("c", "lb"), *(link("lb", name) for name in names)]
    return run(world(nodes, links, faults=faults, duration_ms=duration_ms, settle_ms=200))


def asked(story: Run, server: str, from_ms: float, to_ms: float) -> int:
    """Requests sent to a server."""
    return sum(from_ms <= one.sent_ns / MS < to_ms for one in story.messages(kind="work", dst=server))


def notes(story: Run) -> list[tuple[float, str]]:
    """The balancer's remarks, late replies left out."""
    return [(time, text) for time, text in story.notes("lb") if text != "late reply"]


def failed(story: Run, from_ms: float = 0, to_ms: float = 1e9) -> int:
    return sum(op.type == "fail" and from_ms <= op.start_ns / MS < to_ms for op in story.operations())


def test_a_hanging_server_answers_probes_and_is_ejected_by_its_requests() -> None:
    probes = {"probe_interval_ms": 50, "probe_timeout_ms": 20}
    gray = [hang("s1", 500, 2000)]
    probed = balanced(gray, timeout_ms=50, **probes)
    assert probed.states("lb", "healthy") == [(0, 4)]
    assert failed(probed, 500, 2000) > 70
    ejecting = balanced(gray, **probes, **{**COUNT, "outlier_eject_ms": 5000})
    assert ejecting.states("lb", "healthy") == [(0, 4)]
    assert [value for _, value in ejecting.states("lb", "ejected")] == [0, 1]
    assert failed(ejecting, 700) == 0
    assert failed(ejecting) <= 3 + 4  # those in a row, and what was on its way when the third timed out


def test_an_ejected_server_gets_nothing_until_its_time_is_over() -> None:
    story = balanced([hang("s1", 500, 900)], **COUNT)
    (out_ms, first), (back_ms, second), *_ = notes(story)
    assert (first, second) == ("s1 ejected: 3 requests in a row failed", "s1 gets requests again")
    assert back_ms - out_ms == pytest.approx(500)
    assert asked(story, "s1", out_ms + 0.001, back_ms) == 0
    assert asked(story, "s1", back_ms, back_ms + 500) > 20
    assert failed(story, back_ms) == 0


def test_each_time_in_short_order_is_longer_and_none_longer_than_the_longest() -> None:
    story = balanced([hang("s1", 200)], duration_ms=8000, **COUNT, outlier_eject_max_ms=1200)
    times = [time for time, _ in notes(story)]
    lasted = [back - out for out, back in zip(times[::2], times[1::2], strict=False)]
    assert lasted[:4] == pytest.approx([500, 1000, 1200, 1200])


def test_who_served_well_for_as_long_as_it_was_out_starts_anew() -> None:
    def second(next_ms: float) -> float:
        faults = [hang("s1", 500, 900), hang("s1", next_ms, 3500)]
        told = notes(balanced(faults, duration_ms=6000, **COUNT))
        return told[3][0] - told[2][0]

    assert second(1250) == pytest.approx(1000)
    assert second(2000) == pytest.approx(500)


def test_failures_that_are_not_in_a_row_eject_nobody() -> None:
    """A server with a short queue refuses some requests and serves others."""
    nodes = [client("c", rate_per_s=400), balancer("lb", **COUNT)]
    nodes += [service("s0", concurrency=1, queue_max=0, service_time=3), service("s1", concurrency=50, service_time=3)]
    story = run(world(nodes, [link("c", "lb"), link("lb", "s0"), link("lb", "s1")], duration_ms=1000))
    assert story.ends()["fail", "queue full"] > 5
    assert notes(story) == []


RATE = {"outlier": "rate", "outlier_interval_ms": 500, "outlier_ratio": 0.3, "outlier_calls": 10, "timeout_ms": 50}


def test_by_rate_a_share_of_failures_in_an_interval_ejects() -> None:
    lossy = [{"kind": "loss", "target": "lb-s1", "probability": 0.3, "at_ms": 500, "until_ms": None}]  # half is lost
    story = balanced(lossy, **RATE)
    first = notes(story)[0]
    assert first[0] == 1000
    assert first[1].startswith("s1 ejected: ")
    assert notes(balanced(lossy, **{**RATE, "outlier_ratio": 0.9})) == []
    assert notes(balanced(lossy, **{**RATE, "outlier_calls": 30})) == []  # it gets 25 in an interval


def test_no_more_are_out_than_their_share_and_one_always_stays() -> None:
    everything = [crash(f"s{n}", 500) for n in range(4)]

    def most(servers: int, share: float) -> int:
        story = balanced(everything[:servers], servers, **{**COUNT, "outlier_eject_ms": 9000}, outlier_share_max=share)
        return max(value for _, value in story.states("lb", "ejected"))

    assert [most(4, share) for share in (0, 0.5, 1)] == [1, 2, 3]
    assert most(1, 1) == 0


def test_without_ejection_a_hanging_server_keeps_its_share() -> None:
    story = balanced([hang("s1", 500)], timeout_ms=50)
    assert asked(story, "s1", 1000, 2000) == 50
    assert notes(story) == []
    assert story.states("lb", "ejected") == []


def test_hedged_requests_are_counted_where_they_ended() -> None:
    stop = [{"kind": "stop", "target": "s1", "at_ms": 500, "until_ms": None}]
    story = balanced(stop, **{**COUNT, "outlier_eject_ms": 9000}, hedge_after_ms=20)
    assert [text for _, text in notes(story)] == ["s1 ejected: 3 requests in a row failed"]


def test_a_restarted_balancer_knows_nothing_of_it() -> None:
    story = balanced([hang("s1", 200), crash("lb", 1000, 1100)], **{**COUNT, "outlier_eject_ms": 9000})
    assert story.at(1100, "lb", "ejected") == 0
    assert story.at(2500, "lb", "ejected") == 1


def test_an_ejection_longer_than_the_longest_is_doubted() -> None:
    params = balancer("lb", outlier="count", outlier_eject_ms=2000, outlier_eject_max_ms=1000)["params"]
    assert [name for name, _ in LoadBalancer.doubts(params, frozenset())] == ["outlier_eject_ms"]
    assert LoadBalancer.doubts({**params, "outlier_eject_max_ms": 2000}, frozenset()) == []
    assert LoadBalancer.doubts({**params, "outlier": "none"}, frozenset()) == []
