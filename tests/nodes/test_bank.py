"""Distributed snapshots: Chandy and Lamport, ACM TOCS 3(1), 1985."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.node import Node
from simulations.nodes.bank import Bank, Marker, Part, Payment
from tests.nodes.electors import breaches
from tests.worlds import Entry, Run, crash, exponential, link, lossy, node, run, world

LATENCY = {"kind": "uniform", "low_ms": 5, "high_ms": 25}
STREAM = {"transport": "stream"}


def bank(
    faults: Iterable[Entry] = (),
    kind: type[Node] = Bank,
    own: dict[str, Any] | None = None,
    links: dict[str, Any] | None = None,
    seed: int = 1,
    **params: Any,
) -> Run:
    """Four branches for a second, of which the first asks for the total; `own`: what is said of that one."""
    ids = ["a", "b", "c", "d"]
    asks = {"snapshot_every_ms": 100, "count_every_ms": 100} if own is None else own
    paying = {"pays_every": exponential(10)} | params
    nodes = [node(kind, id, **(paying | (asks if id == "a" else {}))) for id in ids]
    wired = {"latency": LATENCY} | (STREAM if links is None else links)
    wires = [link(*pair, **wired) for pair in combinations(ids, 2)]
    return run(world(nodes, wires, (), faults, duration_ms=1000, settle_ms=600, seed=seed), kind)


def published(story: Run, metric: str) -> list[int]:
    return [amount for _, _, name, amount in story.rows("published") if name == f"bank.{metric}"]


def totals(story: Run, which: str, branch: str = "a") -> set[Any]:
    return {value for _, value in story.states(branch, which)}


def safes(story: Run) -> list[int]:
    return [story.states(id, "safe")[-1][1] for id in story.nodes]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_snapshot_has_the_total_and_hardly_a_count_does(seed: int) -> None:
    story = bank(seed=seed)
    assert totals(story, "snapshot") == {4000}
    assert (len(published(story, "snapshots")), sum(published(story, "snapshots_wrong"))) == (9, 0)
    assert min(published(story, "coming")) > 0
    assert len(published(story, "counts")) == 9
    assert sum(published(story, "counts_wrong")) >= 5
    assert sum(safes(story)) == 4000
    assert len(set(safes(story))) > 1
    assert not breaches(story, Bank)


def test_nothing_stops_for_a_snapshot() -> None:
    in_order = {"latency": 10}
    with_them, without = bank(links=in_order), bank(own={}, links=in_order)
    paid = [[row[:2] for row in story.rows("published") if row[2] == "bank.paid"] for story in (with_them, without)]
    assert paid[0] == paid[1] != []
    assert len(with_them.messages("marker")) == 9 * 4 * 3  # one a channel and snapshot
    assert totals(with_them, "snapshot") == {4000}
    assert not without.messages("marker")


def test_what_is_on_its_way_belongs_to_the_total() -> None:
    story = bank(notes_channels=False)
    assert sum(published(story, "snapshots_wrong")) == len(published(story, "snapshots")) == 9
    assert all(total < 4000 for total in totals(story, "snapshot"))
    assert breaches(story, Bank)


def test_markers_that_are_overtaken_divide_nothing() -> None:
    story = bank(links={})
    assert len(published(story, "snapshots")) == 9
    assert sum(published(story, "snapshots_wrong")) > 3


def test_copies_of_markers_begin_no_snapshot_anew() -> None:
    story = bank(links={"duplication": 0.5}, amount_max=0)
    assert len(published(story, "snapshots")) == 9
    assert totals(story, "snapshot") == totals(story, "count") == {4000}


def test_streams_that_lose_keep_the_order() -> None:
    story = bank([lossy("a-b", 0.3, 0, 1000), lossy("c-d", 0.3, 0, 1000)])
    assert story.messages(outcome="lost")
    assert totals(story, "snapshot") == {4000}


def test_several_begin_at_once() -> None:
    story = bank(snapshot_every_ms=100)
    assert len(published(story, "snapshots")) == 36
    assert [totals(story, "snapshot", id) for id in story.nodes] == [{4000}] * 4


def test_a_count_is_right_while_nobody_pays() -> None:
    story = bank(amount_max=0)
    assert not story.messages("payment")
    assert totals(story, "count") == {4000}


def test_without_a_branch_nothing_is_complete() -> None:
    story = bank([crash("d", 450, 500)])
    assert story.at(900, "d", "role") == "closed"
    assert len(published(story, "snapshots")) == len(published(story, "counts")) == 4
    assert totals(story, "snapshot") == {4000}
    assert not [sent for sent in story.messages(src="d") if sent.sent_ns > 450e6 and sent.kind == "payment"]


class Late(Bank):
    """Pays before it sends its markers, from what it has noted."""

    TYPE = "late"

    def note_safe(self, marker: Marker) -> Part:
        safe = self.safe
        self.pay()
        part = super().note_safe(marker)
        part.safe = safe
        return part


class Careless(Bank):
    """Notes what comes in by each channel, also after its marker."""

    TYPE = "careless"

    def on_payment(self, body: Payment, message: Message) -> None:
        super().on_payment(body, message)
        for part in self.parts.values():
            if message.channel.src.id not in part.open:
                part.coming += body.amount


class Tardy(Bank):
    """Notes its safe only once all markers have come, without what came in since."""

    TYPE = "tardy"

    def on_marker(self, body: Marker, message: Message) -> None:
        part = self.parts.get(f"{body.begun_by} {body.number}")
        if part is not None and len(part.open) == 1:
            part.safe = self.safe
        super().on_marker(body, message)


@pytest.mark.parametrize("kind", [Late, Careless, Tardy])
def test_a_rule_that_is_not_kept_shows_in_the_totals(kind: type[Node]) -> None:
    story = bank(kind=kind)
    assert sum(published(story, "snapshots_wrong")) > 3
    assert breaches(story, kind)
