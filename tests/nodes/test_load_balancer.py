"""The load balancer: whom it chooses, whom it leaves out, and what a retry rescues."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from tests.worlds import MS, Entry, Run, balancer, client, crash, cut, exponential, link, partition, run, service, world


def balanced(
    servers: int = 4,
    faults: Any = (),
    rate_per_s: float = 200,
    slow: int = 0,
    settle_ms: float = 0,
    requests: str = "work",
    **params: Any,
) -> Run:
    """A client, a balancer, servers s0, s1… of 10 ms; the first `slow` of them take 100 ms."""
    nodes: list[Entry] = [
        client("c", rate_per_s=rate_per_s, timeout_ms=5000, requests=requests),
        balancer("lb", **params),
    ]
    nodes += [service(f"s{n}", concurrency=50, service_time=100 if n < slow else 10) for n in range(servers)]
    links = [link("c", "lb"), *(link("lb", f"s{n}") for n in range(servers))]
    return run(world(nodes, links, faults=faults, duration_ms=2000, settle_ms=settle_ms))


def shares(story: Run, from_ms: float = 0, to_ms: float = 1e9) -> Counter[str]:
    """How many requests went to each server."""
    return Counter(
        message.dst
        for message in story.messages(src="lb")
        if message.kind in ("work", "read", "write") and from_ms <= message.sent_ns / MS < to_ms
    )


# Policies


def test_round_robin_gives_each_the_same() -> None:
    story = balanced()
    assert max(shares(story).values()) - min(shares(story).values()) <= 1
    order = [message.dst for message in story.messages(kind="work", src="lb")]
    assert all(order[at] == order[at + 4] for at in range(len(order) - 4))


def test_round_robin_gives_a_slow_server_as_much_as_the_others() -> None:
    counts = shares(balanced(slow=1))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_least_connections_gives_a_slow_server_less() -> None:
    counts = shares(balanced(slow=1, policy="least-connections"))
    assert counts["s0"] < min(counts["s1"], counts["s2"], counts["s3"]) / 3
    assert max(counts["s1"], counts["s2"], counts["s3"]) < 1.3 * min(counts["s1"], counts["s2"], counts["s3"])


def test_least_connections_chooses_the_one_with_the_fewest() -> None:
    story = balanced(policy="least-connections", rate_per_s=400)
    under_way: Counter[str] = Counter()
    ends = {reply.settled_ns: reply.src for reply in story.messages(kind="done", dst="lb") if reply.outcome}
    for sent in story.messages(kind="work", src="lb"):
        for moment in sorted(moment for moment in ends if moment <= sent.sent_ns):
            under_way[ends.pop(moment)] -= 1
        assert under_way[sent.dst] == min(under_way[f"s{n}"] for n in range(4))
        under_way[sent.dst] += 1


def test_least_connections_spreads_what_is_equal() -> None:
    counts = shares(balanced(policy="least-connections", rate_per_s=20))
    assert min(counts.values()) > 0


# Silent servers


def test_a_server_that_crashed_silently_keeps_its_share_and_its_requests_fail() -> None:
    story = balanced(faults=[crash("s1", 500)], timeout_ms=100)
    counts = shares(story, 600)
    assert max(counts.values()) - min(counts.values()) <= 1
    late = [op for op in story.operations() if 600 <= op.start_ns / MS < 1800]
    failed = [op for op in late if op.error == "timed out"]
    assert abs(len(failed) / len(late) - 0.25) < 0.02
    assert {round(op.takes_ms) for op in failed} == {102}


def test_retries_elsewhere_rescue_them() -> None:
    story = balanced(faults=[crash("s1", 500)], timeout_ms=100, retries=1, settle_ms=500)
    assert set(story.ends()) == {("ok", "")}
    waited = [op for op in story.operations() if op.takes_ms > 100]
    assert len(waited) > 50


def test_a_retry_goes_to_another_server_and_so_often_as_it_may() -> None:
    everything = [crash(f"s{n}", 0) for n in range(4)]
    for retries, tries in ((0, 1), (2, 3), (3, 4), (10, 4)):
        story = balanced(faults=everything, timeout_ms=50, retries=retries, rate_per_s=20, settle_ms=500)
        assert set(story.ends()) == {("fail", "timed out")}
        for op in story.operations():
            asked = [message.dst for message in story.messages(kind="work", src="lb") if message.op == op.id]
            assert len(asked) == len(set(asked)) == tries


def test_a_retry_takes_nobodys_turn() -> None:
    """With one of two servers dead, every second request meets it first, and not each of them."""
    story = balanced(2, [crash("s1", 0)], timeout_ms=100, retries=1, settle_ms=500)
    waited = [op.takes_ms > 100 for op in story.operations()]
    assert waited == [at % 2 == waited.index(False) ^ 1 for at in range(len(waited))]


def test_a_refused_request_is_retried_too() -> None:
    def ends(retries: int) -> dict[tuple[str, str], int]:
        nodes = [client("c", rate_per_s=100), balancer("lb", retries=retries, policy="round-robin")]
        nodes += [
            service("s0", concurrency=1, queue_max=0, service_time=1000),
            service("s1", service_time=1, concurrency=9),
        ]
        return run(world(nodes, [link("c", "lb"), link("lb", "s0"), link("lb", "s1")], settle_ms=1500)).ends()

    assert ends(0)["fail", "queue full"] > 20
    assert ("fail", "queue full") not in ends(1)


def test_a_write_that_may_have_been_done_somewhere_stays_unknown() -> None:
    """The first server may have carried it out; that the second refused does not undo that."""
    nodes = [
        client("c", requests="read-write", rate_per_s=60, timeout_ms=5000),
        balancer("lb", retries=1, timeout_ms=50),
        service("s0", service_time=1),
        service("s1", concurrency=1, queue_max=0, service_time=1500),
    ]
    faults = [cut("lb-s0", 0, None, "b-to-a")]
    story = run(world(nodes, [link("c", "lb"), link("lb", "s0"), link("lb", "s1")], faults=faults, settle_ms=500))
    assert {"queue full", "timed out"} == {op.error for op in story.operations(f="write")}
    assert {op.type for op in story.operations(f="write")} == {"info"}
    assert set(story.ends(f="read")) == {("fail", "queue full"), ("fail", "timed out")}


# Health probes

PROBING = {"probe_interval_ms": 50, "probe_timeout_ms": 20, "probe_failures": 2, "timeout_ms": 100}


def test_probes_eject_a_silent_server_and_bring_it_back() -> None:
    story = balanced(faults=[crash("s1", 500, 1200)], **PROBING)
    # Probes at 500 ms (it is down by then) and 550 ms fail; the one at 1200 ms succeeds.
    assert story.notes("lb") == [(570, "s1 ejected after 2 failed probes"), (1202, "s1 is back")]
    assert story.states("lb", "healthy") == [(0, 4), (570, 3), (1202, 4)]
    assert shares(story, 570, 1202)["s1"] == 0
    assert shares(story, 500, 570)["s1"] > 0
    assert shares(story, 1202)["s1"] > 20


def test_once_ejected_a_silent_server_costs_nothing() -> None:
    story = balanced(faults=[crash("s1", 500)], settle_ms=200, **PROBING)
    assert {op.type for op in story.operations() if op.start_ns > 570 * MS} == {"ok"}
    plain = balanced(faults=[crash("s1", 500)], settle_ms=200, timeout_ms=100)
    assert ("fail", "timed out") in Counter(op.end for op in plain.operations() if op.start_ns > 570 * MS)


def test_one_failed_probe_is_not_enough_when_two_are_needed() -> None:
    story = balanced(faults=[crash("s1", 490, 520)], **PROBING)
    assert story.notes("lb") == []


def test_failures_count_only_in_a_row() -> None:
    faults = [crash("s1", at - 5, at + 20) for at in range(100, 2000, 100)]  # every second probe fails
    assert balanced(faults=faults, **PROBING).notes("lb") == []


@pytest.mark.parametrize("failures", [1, 2, 4])
def test_detection_takes_so_many_probes_and_a_timeout(failures: int) -> None:
    story = balanced(faults=[crash("s1", 495)], **(PROBING | {"probe_failures": failures}))
    assert [at_ms for at_ms, _ in story.notes("lb")] == [500 + 50 * (failures - 1) + 20]


def test_probes_that_overlap_are_counted_each() -> None:
    """A timeout longer than the interval: several probes are under way at a time."""
    for failures in (2, 3):
        story = balanced(faults=[crash("s1", 495)], probe_interval_ms=50, probe_timeout_ms=120, probe_failures=failures)
        assert [at_ms for at_ms, _ in story.notes("lb")] == [500 + 50 * (failures - 1) + 120]


def test_a_partition_looks_like_a_crash() -> None:
    story = balanced(faults=[partition([["lb"], ["s1", "s2"]], 500, 1200)], **PROBING)
    assert [value for _, value in story.states("lb", "healthy")] == [4, 3, 2, 3, 4]
    assert set(shares(story, 600, 1200)) == {"s0", "s3"}


def test_when_all_are_ejected_requests_are_refused_at_once() -> None:
    story = balanced(faults=[crash(f"s{n}", 500) for n in range(4)], **PROBING)
    late = [op for op in story.operations() if 600 < op.start_ns / MS < 1990]
    assert {op.end for op in late} == {("fail", "no healthy server")}
    assert {op.takes_ms for op in late} == {2}


def test_without_servers_requests_are_refused() -> None:
    story = run(world([client("c"), balancer("lb")], [link("c", "lb")]))
    assert set(story.ends()) == {("fail", "no healthy server")}


def test_without_an_interval_nobody_is_probed() -> None:
    assert balanced().messages(kind="probe") == []
    assert len(balanced(**PROBING).messages(kind="probe")) == 4 * 40


# What it shows and passes on


def test_what_is_under_way_is_shown() -> None:
    story = balanced(rate_per_s=400, settle_ms=200)
    sent = [message.sent_ns for message in story.messages(kind="work", src="lb")]
    back = [message.settled_ns for message in story.messages(kind="done", dst="lb")]
    for at_ms in range(100, 2100, 100):
        under_way = sum(one <= at_ms * MS for one in sent) - sum(one <= at_ms * MS for one in back)
        assert story.at(at_ms, "lb", "in_flight") == under_way
    assert story.at(2200, "lb", "in_flight") == 0


def test_a_restarted_balancer_begins_anew() -> None:
    story = balanced(faults=[crash("lb", 500, 600), crash("s1", 300)], settle_ms=100, **PROBING)
    assert story.at(550, "lb", "healthy") is None
    assert story.at(600, "lb", "healthy") == 4
    assert story.at(700, "lb", "healthy") == 3


def test_reads_and_writes_pass_through() -> None:
    nodes = [
        client("c", requests="read-write", rate_per_s=100),
        balancer("lb"),
        service("s", service_time=exponential(2)),
    ]
    story = run(world(nodes, [link("c", "lb"), link("lb", "s")], settle_ms=100))
    assert set(story.ends()) == {("ok", "")}
    assert len(story.messages(kind="read")) == 2 * len(story.operations(f="read"))


def test_random_gives_each_about_the_same_in_no_order() -> None:
    story = balanced(policy="random", rate_per_s=1000)
    counts = shares(story)
    assert max(counts.values()) < 1.2 * min(counts.values())
    order = [message.dst for message in story.messages(kind="work", src="lb")]
    assert sum(one == other for one, other in itertools.pairwise(order)) > len(order) / 6


def test_the_best_of_two_gives_a_slow_server_less_and_the_best_of_one_is_random() -> None:
    two, one = shares(balanced(slow=1, policy="best-of")), shares(balanced(slow=1, policy="best-of", samples=1))
    assert two["s0"] < 0.6 * one["s0"]
    assert one == shares(balanced(slow=1, policy="random"))


# Hedging


def test_a_hedge_asks_a_second_server_and_the_first_answer_counts() -> None:
    story = balanced(slow=1, settle_ms=200, hedge_after_ms=30)
    latencies = [op.takes_ms for op in story.operations() if op.type == "ok"]
    assert len(latencies) > 300
    assert max(latencies) < 30 + 10 + 4 + 0.01
    plain = shares(balanced(slow=1, settle_ms=200))
    assert sum(shares(story).values()) == sum(plain.values()) + shares(story, to_ms=2000)["s0"]


def test_without_a_hedge_a_slow_server_is_waited_for() -> None:
    assert max(op.takes_ms for op in balanced(slow=1).operations() if op.type == "ok") >= 100


def test_a_server_that_fails_before_the_hedge_is_a_failure_at_once() -> None:
    stop = {"kind": "stop", "target": "s0", "at_ms": 0.5}
    story = balanced(servers=2, faults=[stop], hedge_after_ms=500)
    failed = [op for op in story.operations() if op.type == "fail"]
    assert len(failed) > 100
    assert max(op.takes_ms for op in failed) < 10


def test_when_both_fail_the_request_does() -> None:
    story = balanced(servers=2, faults=[crash("s0", 0.5), crash("s1", 0.5)], hedge_after_ms=50, timeout_ms=100)
    assert set(story.ends()) <= {("fail", "timed out"), ("fail", "run ended"), ("info", "run ended")}
    assert story.ends()["fail", "timed out"] > 300
