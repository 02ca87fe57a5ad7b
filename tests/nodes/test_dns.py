"""Names: what resolvers keep and for how long, stale answers (RFC 8767), answers by zone and by health, and clients
that ask for an address first.
"""

from __future__ import annotations

from typing import Any

from simulations.nodes.client import Client
from simulations.nodes.dns_authoritative import DnsAuthoritative
from simulations.nodes.dns_resolver import DnsResolver
from tests.nodes.stories import Step, answers, read, user, write
from tests.worlds import MS, Entry, Run, client, crash, link, node, partition, run, service, world

QUICK: dict[str, Any] = {"service_time": 0}


def authority(id: str = "auth", **params: Any) -> Entry:
    return node(DnsAuthoritative, id, **{**QUICK, **params})


def resolver(id: str = "res", **params: Any) -> Entry:
    return node(DnsResolver, id, **{**QUICK, **params})


def web(id: str, zone: str = "") -> Entry:
    return service(id, service_time=1) | {"zone": zone}


def lookups(steps: list[Step], faults: Any = (), owner: Any = None, propagation_ms: float = 0, **params: Any) -> Run:
    """A user who reads records through a resolver, 10 ms from the name server that an owner writes to."""
    theirs = authority(ttl_ms=1000, negative_ttl_ms=300, propagation_ms=propagation_ms)
    nodes = [user("u", "res", steps), user("o", "auth", owner or [write(0, 7)]), resolver(**params), theirs]
    links = [link("u", "res"), link("res", "auth", 10), link("o", "auth")]
    return run(world(nodes, links, (), faults, 6000))


def surf(faults: Any = (), duration_ms: float = 4000, load: Any = None, **params: Any) -> Run:
    """A client that asks for www, which stands for two servers, and asks these."""
    nodes = [
        client("c", rate_per_s=100, timeout_ms=200, resolver="res", **(load or {})) | {"zone": "west"},
        resolver() | {"zone": "west"},
        authority(records="www: a b; nobody:", ttl_ms=500, **params),
        web("a", "east"),
        web("b", "west"),
    ]
    links = [link("c", "res"), link("res", "auth", 10), link("c", "a"), link("c", "b")]
    probed = [link("auth", "a"), link("auth", "b")]
    return run(world(nodes, [*links, *probed], (), faults, duration_ms, 500))


def asked(found: Run, dst: str) -> int:
    return len(found.messages("work", dst=dst))


# Resolvers


def test_an_answer_is_good_for_as_long_as_its_name_server_says() -> None:
    found = lookups([read(100), read(200), read(1000), read(1300)])
    assert answers(found, "u") == [7, 7, 7, 7]
    assert [op.takes_ms for op in found.operations("u")] == [22, 2, 2, 22]
    assert len(found.messages("name_query", dst="auth")) == 2


def test_a_resolver_may_believe_it_for_a_shorter_time() -> None:
    found = lookups([read(100), read(300), read(500)], ttl_ms=300)
    assert len(found.messages("name_query", dst="auth")) == 2


def test_a_change_is_seen_when_the_time_to_live_is_over() -> None:
    change = [write(0, 7), write(300, 8)]
    steps = [read(at) for at in (200, 400, 1100, 1300)]
    assert answers(lookups(steps, owner=change), "u") == [7, 7, 7, 8]
    slow = lookups([*steps, read(2400)], owner=change, propagation_ms=1000)
    assert answers(slow, "u") == [None, None, 7, 7, 8]


def test_that_there_is_no_such_name_is_kept_for_a_shorter_time() -> None:
    found = lookups([read(100, "y"), read(200, "y"), read(500, "y")])
    assert answers(found, "u") == [None] * 3
    assert [op.takes_ms for op in found.operations("u")] == [22, 2, 22]


def test_stale_answers_are_given_while_name_servers_are_out_of_reach() -> None:
    away = [partition([["res", "u"], ["auth", "o"]], 500, 4000)]
    steps = [read(200), read(1000), read(2000), read(3500), read(5000)]
    assert answers(lookups(steps, away), "u") == [7, 7, "timed out", "timed out", 7]
    assert answers(lookups(steps, away, stale="on-error"), "u") == [7] * 5
    unheard = lookups([read(2000)], away, stale="on-error")
    assert answers(unheard, "u") == ["timed out"]


def test_another_name_server_is_asked_when_one_fails() -> None:
    nodes = [user("u", "res", [read(100)]), authority(), authority("second"), resolver(timeout_ms=50, retry="fixed")]
    links = [link("u", "res"), link("res", "auth"), link("res", "second")]
    found = run(world(nodes, links, (), [crash("auth", 0)]))
    assert answers(found) == [None]


def test_what_a_resolver_passes_on_is_good_for_what_is_left() -> None:
    """So a client that asked late has as new an address as one that asked early."""
    nodes = [
        *[client(id, rate_per_s=rate, resolver="res") for id, rate in (("c", 100), ("d", 3))],
        resolver(),
        authority(records="www: s", ttl_ms=1000),
        service("s", service_time=1),
    ]
    links = [link("c", "res"), link("d", "res"), link("res", "auth"), link("c", "s"), link("d", "s")]
    found = run(world(nodes, links, duration_ms=5000))
    expired = [one.settled_ns for one in found.messages("name_answer", src="auth")]
    for asker in ("c", "d"):
        for one in found.messages("name_query", src=asker):
            assert min(abs(one.sent_ns - time) for time in expired) < 1000 * MS
    assert len(found.messages("name_query", src="c")) <= 2 * len(expired)


# Clients


def test_a_client_asks_the_resolver_once_in_a_time_to_live_and_then_the_addresses_in_turn() -> None:
    found = surf()
    assert found.ends() == {("ok", ""): len(found.operations())}
    assert 8 <= len(found.messages("name_query", dst="auth")) <= 10
    assert abs(asked(found, "a") - asked(found, "b")) <= 1


def test_the_nearest_are_those_in_the_askers_zone() -> None:
    found = surf(answers="nearest")
    assert (asked(found, "a"), asked(found, "b")) == (0, len(found.operations()))


def test_rotated_another_one_comes_first_each_time() -> None:
    found = surf(answers="rotated", load={"call_order": "failover"})
    assert asked(found, "a") > 100
    assert asked(found, "b") > 100
    assert asked(surf(load={"call_order": "failover"}), "b") == 0


def test_an_address_that_does_not_answer_is_left_out_and_comes_back() -> None:
    down = [crash("b", 1000, 2500)]
    probed = surf(down, answers="nearest", probe_interval_ms=100, probe_timeout_ms=50)
    late = [op for op in probed.operations() if 1900 < op.start_ns / 1e6 < 2500]
    assert all(op.end == ("ok", "") for op in late)
    assert [text for _, text in probed.notes("auth")] == [
        "b is left out of the answers",
        "b is back in the answers",
    ]
    blind = surf(down, answers="nearest")
    assert not [op for op in blind.operations() if 1900 < op.start_ns / 1e6 < 2400 and op.type == "ok"]


def test_a_name_that_is_not_there_or_not_within_reach() -> None:
    assert set(surf(load={"server_name": "wwww"}).ends()) == {("fail", "no such name")}
    assert set(surf(load={"server_name": "nobody"}).ends()) == {("fail", "no address within reach")}


def test_without_a_resolver_within_reach_nobody_is_found() -> None:
    found = surf([crash("res", 0)])
    assert set(found.ends()) == {("fail", "timed out")}
    doubts = Client.doubts(client("c", resolver="rse")["params"], frozenset(["res"]))
    assert [name for name, _ in doubts] == ["resolver"]


def test_records_that_cannot_be_read_or_probed_are_doubts() -> None:
    def doubted(records: str, **params: Any) -> list[str]:
        told = authority(records=records, **params)["params"]
        return [name for name, _ in DnsAuthoritative.doubts(told, frozenset(["a"]))]

    assert doubted("www: a b; api") == ["records"]
    assert doubted("www: a b;", probe_interval_ms=1000) == ["probe_interval_ms"]
    assert doubted("www: a", probe_interval_ms=1000) == doubted("www: a b") == doubted("") == []


def test_who_is_not_ready_is_left_out_where_readiness_is_probed() -> None:
    def left_out(probe_kind: str) -> list[int]:
        shown = authority(records="www: a b", probe_interval_ms=100, probe_timeout_ms=50, probe_kind=probe_kind)
        nodes = [shown, service("a", startup_ms=5000), service("b")]
        story = run(world(nodes, [link(shown["id"], "a"), link(shown["id"], "b")]))
        return [value for _, value in story.states(shown["id"], "unwell")]

    assert left_out("readiness")[-1] == 1
    assert set(left_out("liveness")) == {0}
