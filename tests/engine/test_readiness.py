"""Readiness: a process that starts or drains lives and wants no requests; beside it, one that ends at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulations.engine.messages import Body, Probe, Work
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.worlds import MS, Actor, Entry, Run, actor, balancer, client, crash, link, run, service, world

STARTS: dict[str, Any] = {"service_time": 10, "startup_ms": 100}


def asked(*faults: Entry, at_ms: Sequence[float], body: Body | None = None, **params: Any) -> dict[float, str]:
    """What came, and when (ms), of asking a service over 1 ms at each of these times."""
    story = told(*faults, at_ms=at_ms, body=body, **params)
    return {float(text.split(" ", 1)[0]): f"{time:g} {text.split(' ', 1)[1]}" for time, text in story.notes("a")}


def told(*faults: Entry, at_ms: Sequence[float], body: Body | None = None, **params: Any) -> Run:
    async def ask(a: Actor, at: float) -> None:
        await a.sleep(int(at * MS) - a.now_ns)
        try:
            await a.call("s", body or Work(""), 500)
            a.note(f"{at:g} ok")
        except Failure as failure:
            a.note(f"{at:g} {failure.reason}")

    async def main(a: Actor) -> None:
        for at in at_ms:
            a.spawn(ask(a, at), a.cause)

    nodes = [actor("a", main), service("s", **{"service_time": 10, **params})]
    return run(world(nodes, [link("a", "s")], faults=faults))


def test_a_process_that_starts_lives_and_refuses_requests_until_it_is_ready() -> None:
    assert asked(at_ms=[0, 98, 100], **STARTS) == {0: "2 starting", 98: "100 starting", 100: "112 ok"}
    assert asked(at_ms=[0, 98], body=Probe(), **STARTS) == {0: "2 ok", 98: "100 ok"}
    assert asked(at_ms=[0, 98, 100], body=Probe(True), **STARTS)[98] == "100 starting"
    assert asked(at_ms=[0, 98, 100], body=Probe(True), **STARTS)[100] == "102 ok"


def test_without_a_start_up_it_is_ready_at_once() -> None:
    assert asked(at_ms=[0]) == {0: "12 ok"}
    assert asked(at_ms=[0], body=Probe(True)) == {0: "2 ok"}


def test_every_incarnation_starts_anew_and_says_so() -> None:
    story = told(crash("s", 300, 400), at_ms=[200, 450, 600], **STARTS)
    assert [text for _, text in story.notes("a")] == ["200 ok", "450 starting", "600 ok"]
    assert story.states("s", "condition") == [(0, "starting"), (100, None), (400, "starting"), (500, None)]


def test_a_pause_puts_off_being_ready() -> None:
    assert asked(broken("pause", "s", 50, 300), at_ms=[60, 250], **STARTS) == {60: "301 starting", 250: "311 ok"}


def test_a_drained_process_finishes_what_it_has_and_one_that_ends_at_once_does_not() -> None:
    slow: dict[str, Any] = {"service_time": 80}
    assert asked(broken("stop", "s", 50), at_ms=[0], **slow) == {0: "51 connection reset"}
    assert asked(broken("stop", "s", 50, drain_ms=100), at_ms=[0], **slow) == {0: "82 ok"}
    assert asked(broken("stop", "s", 50, drain_ms=20), at_ms=[0], **slow) == {0: "71 connection reset"}


def test_draining_it_is_live_and_not_ready_and_takes_requests_for_the_lead() -> None:
    drained = broken("stop", "s", 100, 500, drain_ms=200, lead_ms=50)
    at_ms = [90, 120, 160, 320, 510]
    assert asked(drained, at_ms=at_ms) == {
        90: "102 ok", 120: "132 ok", 160: "162 draining", 320: "322 refused", 510: "522 ok",
    }  # fmt: skip
    assert asked(drained, at_ms=at_ms, body=Probe())[160] == "162 ok"
    ready = asked(drained, at_ms=at_ms, body=Probe(True))
    assert [ready[at].split(" ")[1] for at in at_ms] == ["ok", "draining", "draining", "refused", "ok"]
    story = told(drained, at_ms=at_ms)
    words = [(100, "draining"), (300, None), (300, "stopped"), (500, None)]
    assert story.states("s", "condition")[-4:] == words


def test_a_fault_that_ends_before_the_time_is_up_starts_a_new_process_then() -> None:
    story = told(broken("stop", "s", 100, 200, drain_ms=400), at_ms=[150, 210])
    assert [text for _, text in story.notes("a")] == ["150 draining", "210 ok"]
    assert story.states("s", "up") == [(0, True), (200, False), (200, True)]


def test_told_to_end_while_it_starts_it_never_becomes_ready() -> None:
    drained = broken("stop", "s", 50, 400, drain_ms=200, lead_ms=100)
    ends = asked(drained, at_ms=[60, 120, 200, 300, 550], **STARTS)
    assert [ends[at].split(" ")[1] for at in (60, 120, 200, 300)] == ["starting", "starting", "draining", "refused"]
    assert ends[550] == "562 ok"


def test_a_crash_while_it_drains_is_a_crash() -> None:
    faults = [broken("stop", "s", 100, 500, drain_ms=200, lead_ms=200), crash("s", 150, 250)]
    ends = asked(*faults, at_ms=[120, 260, 320, 510])
    assert ends == {120: "132 ok", 260: "272 ok", 320: "322 refused", 510: "522 ok"}


@pytest.mark.parametrize(("kind", "refused"), [("liveness", True), ("readiness", False)])
def test_probes_for_readiness_spare_a_process_that_starts(kind: str, refused: bool) -> None:
    probing = {"probe_interval_ms": 50, "probe_timeout_ms": 20, "probe_failures": 1, "probe_kind": kind}
    nodes = [client("c", rate_per_s=500), balancer("lb", **probing), service("s0"), service("s1", startup_ms=300)]
    links = [link("c", "lb"), link("lb", "s0"), link("lb", "s1")]
    story = run(world(nodes, links, faults=[broken("stop", "s1", 500, 600)]))
    asked = [m for m in story.messages(kind="work", src="lb", dst="s1") if 660 <= m.sent_ns / MS < 890]
    assert (len(asked) > 10) is refused
    assert ("fail", "starting") in story.ends() if refused else not asked


@pytest.mark.parametrize(
    ("stops", "fails"),
    [({}, True), ({"drain_ms": 200}, True), ({"drain_ms": 200, "lead_ms": 100}, False)],
    ids=["at once", "drained without a lead", "drained with a lead"],
)
def test_behind_probes_for_readiness_only_a_lead_spares_every_request(stops: dict[str, Any], fails: bool) -> None:
    probing = {"probe_interval_ms": 30, "probe_timeout_ms": 20, "probe_failures": 1, "probe_kind": "readiness"}
    servers = [service(f"s{n}", service_time=20, concurrency=50, startup_ms=100) for n in range(3)]
    nodes = [client("c", rate_per_s=200), balancer("lb", **probing), *servers]
    links = [link("c", "lb"), *(link("lb", f"s{n}") for n in range(3))]
    faults = [broken("stop", f"s{n}", 300 + 500 * n, 550 + 500 * n, **stops) for n in range(3)]
    story = run(world(nodes, links, faults=faults, duration_ms=2000, settle_ms=200))
    failed = [op for op in story.operations() if op.type != "ok" and op.start_ns > 200 * MS]
    assert bool(failed) is fails
