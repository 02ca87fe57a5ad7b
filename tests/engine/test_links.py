"""Links that do more than take time and lose; each beside the same link without it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import pytest

from simulations.engine.messages import Occurrence
from tests.worlds import MS, Actor, Answer, Ask, Entry, Run, Tell, actor, client, exponential, link, run, service, world


@dataclass(frozen=True)
class Parcel(Occurrence):
    """So many bytes."""

    bytes: int = 1000

    def size(self) -> int:
        return self.bytes


class Receiver(Actor):
    """An actor that takes parcels."""

    TYPE = "receiver"
    HANDLES = (Ask, Tell, Parcel)

    def on_parcel(self, body: Parcel, message: object) -> None:
        self.note(f"{body.bytes} bytes")


def steady(every_ms: float, count: int) -> Entry:
    """An actor that says something to b at a steady pace."""

    async def main(a: Actor) -> None:
        for _ in range(count):
            a.send("b", Tell())
            await a.sleep(int(every_ms * MS))

    return actor("a", main)


def talk(count: int = 4000, latency: Any = 1, seed: int = 1, **params: Any) -> Run:
    """`count` remarks from a to b, one each ms."""
    nodes = [steady(1, count), actor("b")]
    return run(world(nodes, [link("a", "b", latency, **params)], duration_ms=count + 500, seed=seed))


def parcels(sizes: Iterable[int], **params: Any) -> Run:
    """Parcels sent at once from a to b, over 1 ms."""

    async def main(a: Actor) -> None:
        for size in sizes:
            a.send("b", Parcel(size))

    receiver = actor("b") | {"type": "receiver"}
    return run(world([actor("a", main), receiver], [link("a", "b", **params)]), Receiver)


def fates(story: Run) -> list[tuple[float, str]]:
    """When each message was settled (ms), and how, in the order of sending."""
    return [(message.settled_ns / MS, message.outcome) for message in story.messages()]


def within(found: float, expected: float, sd: float, count: int) -> bool:
    return abs(found - expected) < 4 * sd / math.sqrt(count)


# Bursts: Gilbert 1960, Elliott 1963


def test_bursts_lose_the_share_that_the_chain_spends_in_the_bad_state() -> None:
    story = talk(10_000, burst_start=0.02, burst_end=0.18)
    lost = [message.outcome == "lost" for message in story.messages()]
    # π = p ÷ (p + r). Successive states correlate by λ = 1 − p − r, which widens the spread by (1 + λ) ÷ (1 − λ).
    share, carried = 0.1, 0.8
    spread = math.sqrt(share * (1 - share) * (1 + carried) / (1 - carried))
    assert within(sum(lost) / len(lost), share, spread, len(lost))
    bursts = [len(list(run_)) for bad, run_ in groupby(lost) if bad]
    # A burst lasts 1 ÷ r messages on average, geometrically.
    assert within(sum(bursts) / len(bursts), 1 / 0.18, math.sqrt(1 - 0.18) / 0.18, len(bursts))


def test_the_same_share_lost_without_bursts_comes_one_by_one() -> None:
    lost = [message.outcome == "lost" for message in talk(10_000, loss=0.1).messages()]
    runs = [len(list(run_)) for bad, run_ in groupby(lost) if bad]
    assert within(sum(runs) / len(runs), 1 / 0.9, math.sqrt(0.1) / 0.9, len(runs))


def test_elliotts_chain_loses_in_both_states() -> None:
    story = talk(10_000, loss=0.05, burst_start=0.1, burst_end=0.3, burst_loss=0.6)
    expected, carried = 0.75 * 0.05 + 0.25 * 0.6, 0.6
    spread = expected * (1 - expected) + (0.6 - 0.05) ** 2 * 0.25 * 0.75 * 2 * carried / (1 - carried)
    assert within(len(story.messages(outcome="lost")) / 10_000, expected, math.sqrt(spread), 10_000)


def test_bursts_of_one_direction_and_seed_are_their_own() -> None:
    def lost(story: Run) -> list[int]:
        return [message.id for message in story.messages(outcome="lost")]

    params = {"burst_start": 0.05, "burst_end": 0.2}
    assert lost(talk(**params)) == lost(talk(**params))
    assert lost(talk(**params)) != lost(talk(seed=2, **params))


# Copies


def test_a_copy_is_a_message_of_its_own_that_the_original_caused() -> None:
    story = talk(latency=exponential(5), duplication=0.2)
    originals = [message for message in story.messages() if message.cause == -1]
    copies = [message for message in story.messages() if message.cause >= 0]
    assert len(originals) == 4000
    assert within(len(copies) / 4000, 0.2, 0.4, 4000)
    for copy in copies:
        original = story.message(copy.cause)
        assert (copy.src, copy.dst, copy.kind, copy.size) == ("a", "b", original.kind, original.size)
        assert copy.sent_ns == original.sent_ns
    assert {story.message(copy.cause).takes_ms == copy.takes_ms for copy in copies} == {False}
    assert len(story.notes("b")) == len(story.messages(outcome="delivered"))


def test_without_duplication_every_message_is_there_once() -> None:
    story = talk()
    assert len(story.messages()) == len(story.notes("b")) == 4000


def test_copies_leave_the_draws_of_the_originals_as_they_were() -> None:
    def times(story: Run) -> list[int]:
        return [message.settled_ns for message in story.messages() if message.cause == -1]

    assert times(talk(latency=exponential(5), duplication=0.3)) == times(talk(latency=exponential(5)))


def test_a_request_that_is_copied_is_done_twice_and_answered_once() -> None:
    story = run(world([client("c", rate_per_s=100), service("s")], [link("c", "s", duplication=1)], settle_ms=500))
    done = story.messages(kind="work", outcome="delivered")
    assert len(done) == 2 * len(story.operations())
    assert set(story.ends()) == {("ok", "")}


def test_an_answer_to_a_copy_counts_when_the_original_is_lost() -> None:
    """Every message is copied, and half of all are lost: two thirds of the tries succeed, not a quarter."""

    def share(**params: Any) -> float:
        nodes = [client("c", rate_per_s=200, timeout_ms=50, retries=0), service("s", service_time=0, concurrency=99)]
        ends = run(world(nodes, [link("c", "s", loss=0.5, **params)], duration_ms=5000, settle_ms=100)).ends()
        return ends[("ok", "")] / sum(ends.values())

    # A copied request arrives never, once or twice (¼, ½, ¼); each arrival's reply gets through by ¾.
    expected = 0.5 * 0.75 + 0.25 * (1 - 0.25**2)
    assert within(share(duplication=1), expected, 0.5, 1000)
    assert within(share(), 0.25, 0.44, 1000)


# Order


def overtaken(story: Run) -> int:
    arrivals = [message.settled_ns for message in story.messages()]
    return sum(earlier > later for earlier, later in pairwise(arrivals))


def test_reordered_messages_take_longer_and_are_overtaken() -> None:
    story = talk(reordering=0.1, reordering_delay=2.5)
    late = [message for message in story.messages() if message.takes_ms == 3.5]
    assert {message.takes_ms for message in story.messages()} == {1, 3.5}
    assert within(len(late) / 4000, 0.1, 0.3, 4000)
    assert overtaken(story) > 200


def test_without_reordering_a_constant_latency_keeps_the_order() -> None:
    assert overtaken(talk()) == 0


# Capacity


def test_bandwidth_sends_one_message_after_the_other() -> None:
    # 1000 bytes at 8 Mbit/s take 1 ms to leave, and 1 ms to cross.
    story = parcels([1000, 1000, 500, 1000], bandwidth_mbit_per_s=8)
    assert fates(story) == [(2, "delivered"), (3, "delivered"), (3.5, "delivered"), (4.5, "delivered")]
    assert fates(parcels([1000] * 4)) == [(1, "delivered")] * 4


def test_a_full_queue_drops_the_tail() -> None:
    # The one being sent does not count as queued; a small one still fits behind what was dropped.
    story = parcels([5000, 1000, 1000, 1000, 400], bandwidth_mbit_per_s=8, queue_bytes=2500)
    assert [message.outcome for message in story.messages()] == [
        "delivered", "delivered", "delivered", "queue full", "delivered",
    ]  # fmt: skip
    assert story.messages()[-1].settled_ns == 8.4 * MS
    assert story.drops() == {"queue full": 1}
    assert parcels([5000, 1000, 1000, 1000, 400], bandwidth_mbit_per_s=8).drops() == {}


def test_the_queue_empties_as_messages_leave() -> None:
    """One message each ms that takes 2 ms to leave: half of all get through, whatever the queue holds."""
    story = talk(2000, bandwidth_mbit_per_s=128 * 8 / 2000, queue_bytes=256)
    through = len(story.messages(outcome="delivered"))
    assert abs(through - 1000) <= 3
    assert {message.outcome for message in story.messages()} == {"delivered", "queue full"}
    # Two wait at most, behind the one that is being sent.
    assert max(message.takes_ms for message in story.messages(outcome="delivered")) <= 1 + 3 * 2


def test_directions_do_not_share_their_bandwidth() -> None:
    async def main(one: Actor) -> None:
        for _ in range(5):
            one.send("b" if one.id == "a" else "a", Tell())

    story = run(world([actor("a", main), actor("b", main)], [link("a", "b", 1, bandwidth_mbit_per_s=1.024)]))
    assert sorted(message.settled_ns / MS for message in story.messages()) == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6]


def test_what_is_too_large_is_dropped() -> None:
    story = parcels([1500, 1501, 10], size_max_bytes=1500)
    assert fates(story) == [(1, "delivered"), (1, "too large"), (1, "delivered")]
    assert parcels([1500, 1501, 10]).drops() == {}


# Directions


def test_a_direction_may_have_parameters_of_its_own() -> None:
    nodes = [client("c", rate_per_s=50), service("s")]
    story = run(world(nodes, [link("c", "s", 3, back={"latency": 8, "loss": 0.25})], duration_ms=5000, settle_ms=100))
    assert {message.takes_ms for message in story.messages(src="c")} == {3}
    assert {message.takes_ms for message in story.messages(src="s")} == {8}
    assert story.messages(src="c", outcome="lost") == []
    replies = story.messages(src="s")
    assert within(len(story.messages(src="s", outcome="lost")) / len(replies), 0.25, 0.44, len(replies))


def test_conditions_of_one_direction_leave_the_other_plain() -> None:
    async def main(a: Actor) -> None:
        for _ in range(100):
            assert (await a.call("b", Ask(), 0)) == Answer()

    story = run(world([actor("a", main), actor("b")], [link("a", "b", back={"duplication": 1})]))
    assert len(story.messages(src="a")) == 100
    assert len(story.messages(src="b")) == 200


# All together


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_is_delivered_dropped_or_under_way(seed: int) -> None:
    params = {
        "burst_start": 0.05, "burst_end": 0.3, "duplication": 0.1, "reordering": 0.1,
        "bandwidth_mbit_per_s": 0.4, "queue_bytes": 600, "size_max_bytes": 128,
    }  # fmt: skip
    nodes = [client("c", rate_per_s=400, requests="read-write"), service("s", service_time=exponential(2))]
    story = run(world(nodes, [link("c", "s", exponential(3), loss=0.02, **params)], seed=seed))
    outcomes = [message.outcome for message in story.messages()]
    settled = story.rows("settled")
    assert len(settled) == len({id for id, _, _ in settled})
    assert {"delivered", "lost", "queue full"} <= set(outcomes)
    assert len(outcomes) == len(settled) + outcomes.count("")
    ids = [message.id for message in story.messages()]
    assert ids == list(range(len(ids)))
    again = run(world(nodes, [link("c", "s", exponential(3), loss=0.02, **params)], seed=seed))
    assert again.outcome.digest == story.outcome.digest


def test_conditions_that_do_nothing_change_nothing() -> None:
    """A link so wide and with a limit so large that neither matters runs to the digest of a plain one."""
    nodes = [client("c", rate_per_s=300), service("s", service_time=exponential(2))]
    plain = run(world(nodes, [link("c", "s", exponential(3), loss=0.1)]))
    idle = run(world(nodes, [link("c", "s", exponential(3), loss=0.1, size_max_bytes=10**6)]))
    assert idle.outcome.digest == plain.outcome.digest
