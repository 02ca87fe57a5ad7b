"""The replicated ledger: what a rule over all copies costs (Gilbert and Lynch 2002; O'Neil 1986)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.messages import Body, Increment
from simulations.engine.node import Node
from simulations.nodes.ledger import Ledger
from tests.nodes.commitment import asking, ends, published
from tests.worlds import Entry, Run, client, crash, interpreted, link, mesh, node, partition, run, world

COPIES = ("a", "b", "c")
APART = partition([["u", "a", "b"], ["v", "c"]], 100, 600)


def ledger(
    users: dict[str, Entry],
    faults: Sequence[Entry] = (),
    *types: type[Node],
    mode: str = "cp",
    units: int = 5,
    seed: int = 1,
    duration_ms: float = 1000,
    **params: Any,
) -> Run:
    """Three copies and users, each at one of them."""
    copies = [
        node(Ledger, id, mode=mode, units=units, **{"answer_timeout_ms": 50, "exchange_ms": 30, **params})
        for id in COPIES
    ]
    links = [link(entry["id"], to) for to, entry in users.items()]
    cluster = mesh(COPIES, 5) | {"protocol": "ledger"}
    return run(world([*users.values(), *copies], links, [cluster], faults, duration_ms, 600, seed), *types)


def take(id: str, at: str, times: Sequence[float], amount: int = 1) -> Entry:
    return asking(id, [(at_ms, Increment("x", amount)) for at_ms in times], at)


def last(story: Run, field: str) -> list[Any]:
    return [story.states(id, field)[-1][1] for id in COPIES]


def test_the_first_decides_and_a_majority_books_it() -> None:
    story = ledger({"c": take("v", "c", [10, 60])})
    assert ends(story, "v") == ["ok", "ok"]
    assert last(story, "taken") == [2, 2, 2]
    # To the copy and back 1 ms each, to the first 5 ms, its disk 0.5 ms, a peer there and back 10.5 ms, back 5 ms.
    assert story.operations("v")[0].takes_ms == 23


@pytest.mark.parametrize(("mode", "most", "beyond"), [("cp", 5, 0), ("shares", 3, 0), ("ap", 6, 1)])
def test_no_more_is_handed_out_than_there_is_if_copies_need_not_know_of_each_other(
    mode: str, most: int, beyond: int
) -> None:
    """Alone, two copies need no partition for it: that one does not know yet of the other's last unit will do."""
    times = [10 + 30 * n for n in range(8)]
    story = ledger({"a": take("u", "a", times), "c": take("v", "c", [time + 15 for time in times])}, mode=mode)
    assert last(story, "beyond") == [beyond] * 3
    assert last(story, "taken") == [most] * 3


def test_under_a_partition_a_copy_without_the_first_refuses() -> None:
    story = ledger({"a": take("u", "a", [200]), "c": take("v", "c", [200, 700])}, [APART])
    assert ends(story, "u") == ["ok"]
    assert ends(story, "v") == [("info", "timed out"), "ok"]
    assert sum(published(story, "c", "ledger.rejected")) == 1


def test_the_first_without_a_majority_refuses_too() -> None:
    alone = partition([["u", "a"], ["b", "c"]], 100, 600)
    story = ledger({"a": take("u", "a", [200])}, [alone])
    assert ends(story, "u") == [("info", "no quorum")]


def test_alone_each_side_hands_out_the_last_units() -> None:
    users = {"a": take("u", "a", [200, 230, 260, 290]), "c": take("v", "c", [200, 230, 260, 290])}
    story = ledger(users, [APART], mode="ap")
    assert ends(story, "u") == ends(story, "v") == ["ok"] * 4
    assert last(story, "beyond") == [3, 3, 3]
    assert len(set(last(story, "digest"))) == 1


def test_shares_are_never_too_much_and_do_not_serve_everybody() -> None:
    users = {"a": take("u", "a", [200, 230, 260]), "c": take("v", "c", [200, 230])}
    story = ledger(users, [APART], mode="shares")
    assert ends(story, "u") == ["ok", "ok", ("fail", "nothing left")]  # 2 of 5 are a's own, and 1 is c's
    assert ends(story, "v") == ["ok", ("fail", "nothing left")]
    assert last(story, "taken") == [3, 3, 3]


@pytest.mark.parametrize("mode", ["cp", "ap"])
def test_the_books_outlive_a_crash_of_everybody(mode: str) -> None:
    story = ledger(
        {"a": take("u", "a", [10, 60, 700, 750, 800, 850])}, [crash(id, 300, 400) for id in COPIES], mode=mode
    )
    assert ends(story, "u") == ["ok"] * 5 + [("fail", "nothing left")]


class Unnamed(interpreted("nodes/ledger").Ledger):  # type: ignore[misc, name-defined]
    """It takes whatever comes for a new request."""

    async def decide(self, body: Increment, name: str) -> Body:
        reply: Body = await super().decide(body, "")
        return reply


class Forgetful(interpreted("nodes/ledger").Ledger):  # type: ignore[misc, name-defined]
    """It knows the names of what it did until it crashes."""

    def start(self) -> None:
        super().start()
        self.passed_on = {}


TWICE = [
    {"kind": "duplicate", "target": "mesh:a-c", "probability": 1, "at_ms": 0, "until_ms": 600},
    {"kind": "reorder", "target": "mesh:a-c", "probability": 0.5, "latency": 70, "at_ms": 0, "until_ms": 600},
]
CRASHES = [crash("a", 100 * n + 50, 100 * n + 55) for n in range(6)]


@pytest.mark.parametrize(("bug", "faults"), [(Unnamed, TWICE), (Forgetful, [*TWICE, *CRASHES])])
def test_what_is_passed_on_is_handed_out_once_however_often_it_arrives(bug: type[Node], faults: list[Entry]) -> None:
    """At most once: the first keeps the name of what it did as long as the effect (Birrell and Nelson 1984)."""
    users = {"c": take("v", "c", [10 + 30 * n for n in range(20)])}
    once = ledger(users, faults, units=50, answer_timeout_ms=200)
    assert len(once.messages("pass_on", outcome="delivered")) > 25
    assert 8 < once.ends()["ok", ""] <= last(once, "taken")[0] <= 20
    assert last(ledger(users, faults, bug, units=50, answer_timeout_ms=200), "taken")[0] > 20


def test_one_copy_is_its_own_majority() -> None:
    copies = [node(Ledger, "a", mode="cp", units=1)]
    story = run(world([take("u", "a", [10, 60]), *copies], [link("u", "a")]))
    assert ends(story) == ["ok", ("fail", "nothing left")]


def test_nothing_is_taken_back() -> None:
    """A count that only grows would not keep it (INRIA RR-7506, section 3.1.2)."""
    for mode in ("cp", "ap", "shares"):
        story = ledger({"c": asking("v", [(10, Increment("x", 1)), (60, Increment("x", -1))], "c")}, mode=mode)
        assert ends(story, "v") == ["ok", ("fail", "nothing is taken back")]
        assert last(story, "taken") == [1, 1, 1]


def contest(seed: int, *types: type[Node]) -> Run:
    """A rush on both sides of a partition, and a crash of all."""
    load = {"requests": "increment", "rate_per_s": 60, "keys": 2, "timeout_ms": 200}
    users = {"a": client("u", **load), "c": client("v", **load)}
    at_ms = 150 + 30 * seed
    faults = [partition([["u", "a", "b"], ["v", "c"]], at_ms, at_ms + 200)]
    faults += [crash(id, at_ms + 250, at_ms + 300) for id in COPIES]
    return ledger(users, faults, *types, units=20, seed=seed)


class Presumptuous(interpreted("nodes/ledger").Ledger):  # type: ignore[misc, name-defined]
    """It hands out by itself what it could not ask the first for."""

    async def on_increment(self, body: Increment, message: Message) -> Body:
        self.mode = "cp" if self.id == self.first else "ap"
        reply: Body = await super().on_increment(body, message)
        return reply


class Unwritten(interpreted("nodes/ledger").Ledger):  # type: ignore[misc, name-defined]
    """What it hands out is in its memory only."""

    def know(self, entry: str, count: int) -> None:
        super().know(entry, count)
        self.disk.cached.clear()


def sound(story: Run) -> bool:
    """Nothing too much by the books, and the books show all that was handed out."""
    confirmed = story.ends().get(("ok", ""), 0)
    return max(last(story, "beyond")) == 0 and min(last(story, "taken")) >= confirmed > 0


def test_on_these_schedules_the_rule_holds() -> None:
    assert all(sound(contest(seed)) for seed in range(5))


@pytest.mark.parametrize("bug", [Presumptuous, Unwritten])
def test_a_broken_rule_is_found(bug: type[Node]) -> None:
    assert any(not sound(contest(seed, bug)) for seed in range(5))
