"""Adversaries: messages altered, sent again, forged; what links do about it, and what happens if they do nothing."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.messages import Body, Done, Read, Work, Write
from simulations.engine.tasks import Refused
from tests.engine.fabric import switch
from tests.rough import rough
from tests.worlds import (
    MS,
    Actor,
    Ask,
    Entry,
    Run,
    Tell,
    actor,
    client,
    crash,
    database,
    exponential,
    link,
    lossy,
    mesh,
    node,
    register,
    run,
    world,
)


class Store(Actor):
    """Notes every write that reaches it."""

    TYPE = "store"
    HANDLES = (Write, Read, Work)

    def on_request(self, body: Body, message: Message) -> Body:
        self.note(f"{body} from {message.channel.src.id}")
        return Done()


def wrong(kind: str, target: str, at_ms: float, until_ms: float | None = None, **what: Any) -> Entry:
    """An adversary, as an entry of a physical document."""
    defaults: dict[str, Entry] = {
        "tamper": {"probability": 1, "direction": "both"},
        "replay": {"probability": 1, "direction": "both", "delay": 100},
        "spoof": {"message": "write", "key": "k", "value": -1},
    }
    return {"kind": kind, "target": target, "at_ms": at_ms, "until_ms": until_ms, **defaults.get(kind, {}), **what}


def writing(*faults: Entry, latency: Any = 1, every_ms: float = 10, through: Entry | None = None, **params: Any) -> Run:
    """a writes 1, 2, 3 … to s, one every 10 ms for a second; through a switch, if there is one."""

    async def main(a: Actor) -> None:
        for number in range(int(1000 / every_ms)):
            a.spawn(ask(a, number + 1), a.cause)
            await a.sleep(int(every_ms * MS))

    async def ask(a: Actor, number: int) -> None:
        try:
            await a.call("s", Write("k", number), 0)
        except Refused as refused:
            a.note(refused.reason)

    document = world([actor("a", main), node(Store, "s"), actor("x")], [], faults=faults)
    far = "s"
    if through is not None:
        document["nodes"].append(through)
        far = through["id"]
        document["links"].append(link(far, "s", 0))
    document["links"] += [link("a", far, latency, **params), link("x", far, latency, **params)]
    return run(document, Store)


def conserved(story: Run) -> bool:
    """Every message was delivered, was dropped or is still under way."""
    ids = [row[0] for row in story.rows("settled")]
    return len(ids) == len(set(ids)) and set(ids) <= {sent.id for sent in story.messages()}


# Tampering


def test_a_checksum_finds_what_was_altered() -> None:
    story = writing(wrong("tamper", "a-s", 100, 200, direction="a-to-b"))
    assert story.drops() == {"corrupted": 10}
    assert {sent.sent_ns // (100 * MS) for sent in story.messages(outcome="corrupted")} == {1}
    assert conserved(story)


def test_without_a_checksum_the_altered_message_is_let_in() -> None:
    story = writing(wrong("tamper", "a-s", 100, 200, direction="a-to-b"), integrity="none")
    assert story.drops() == {}
    heard = [text for _, text in story.notes("s") if "Write" in text]
    assert len([text for text in heard if "value=-" in text]) == 10
    assert len([text for text in heard if "value=-" not in text]) == 90
    assert [text for _, text in story.notes("s")].count("altered on its way, unnoticed") == 10


def test_only_a_signature_finds_what_has_its_checksum_put_right() -> None:
    cunning = wrong("tamper", "a-s", 100, 200, direction="a-to-b", mends_checksum=True)
    assert writing(cunning).drops() == {}
    assert writing(cunning, integrity="signed").drops() == {"corrupted": 10}


def test_a_share_of_some_kinds_is_altered() -> None:
    half = writing(wrong("tamper", "a-s", 0, probability=0.5, kinds=["done"]))
    assert 30 < half.drops()["corrupted"] < 70
    assert {sent.kind for sent in half.messages(outcome="corrupted")} == {"done"}


def test_overlapping_tamperings_add_up_and_leave_nothing_behind() -> None:
    one, other = (wrong("tamper", "a-s", 0, 500, probability=0.5, kinds=["write"]) for _ in range(2))
    assert 28 < writing(one, other).drops()["corrupted"] < 46
    before = writing(wrong("tamper", "a-s", 0, 500), integrity="none")
    later = [(sent.sent_ns, sent.settled_ns) for sent in writing().messages() if sent.sent_ns >= 500 * MS]
    assert [(sent.sent_ns, sent.settled_ns) for sent in before.messages() if sent.sent_ns >= 500 * MS] == later


def test_a_node_as_target_means_all_its_links() -> None:
    story = writing(wrong("tamper", "s", 100, 200))
    assert story.drops() == {"corrupted": 10}
    assert writing(wrong("tamper", "s", 100, 200, direction="a-to-b")).drops() == {"corrupted": 10}
    assert writing(wrong("tamper", "x", 100, 200)).drops() == {}


def test_a_cluster_as_target_means_the_links_between_its_members() -> None:
    ids = ["r0", "r1", "r2"]
    nodes = [client("c", requests="read-write", rate_per_s=50), *(register(id) for id in ids)]
    faults = [wrong("tamper", "cluster:mesh", 0)]
    story = run(world(nodes, [link("c", "r0")], [mesh(ids)], faults))
    assert set(story.drops()) == {"corrupted"}
    assert {sent.outcome for sent in story.messages(src="c")} == {"delivered"}
    assert {sent.outcome for sent in story.messages(src="r0", dst="r1")} == {"corrupted"}
    one = run(world(nodes, [link("c", "r0")], [mesh(ids)], [rough("delay", "mesh:r0-r2", 0, latency=9)]))
    for src, dst, takes in (("r0", "r1", 1), ("r2", "r0", 10), ("r0", "r2", 10)):
        assert {sent.takes_ms for sent in one.messages(src=src, dst=dst, outcome="delivered")} == {takes}


# Replay


def test_what_has_passed_is_delivered_again() -> None:
    story = writing(wrong("replay", "a-s", 100, 200, direction="a-to-b"))
    again = [sent for sent in story.messages("write") if sent.cause >= 0]
    assert [sent.sent_ns / MS for sent in again] == [201 + 10 * n for n in range(10)]
    originals = [story.message(sent.cause) for sent in again]
    assert {(sent.src, sent.dst, sent.kind) for sent in originals} == {("a", "s", "write")}
    assert all(one.sent_ns < sent.sent_ns for one, sent in zip(originals, again, strict=True))
    assert len([text for _, text in story.notes("s") if "value=11" in text]) == 2
    assert conserved(story)


def test_a_replay_outlives_the_restart_of_both_ends() -> None:
    faults = [crash("s", 150, 160), crash("a", 150, 160)]
    story = writing(wrong("replay", "a-s", 100, 140, direction="a-to-b", delay=200), *faults)
    again = [sent for sent in story.messages("write") if sent.cause >= 0]
    assert [sent.outcome for sent in again] == ["delivered"] * 4


def test_sequence_numbers_find_a_replay() -> None:
    replay = wrong("replay", "a-s", 100, 200, direction="a-to-b")
    assert writing(replay, replay_protection=True).drops() == {"replayed": 10}
    assert writing(replay).drops() == {}
    assert writing(replay, integrity="signed").drops() == {}


def test_what_was_lost_is_not_replayed() -> None:
    story = writing(wrong("replay", "a-s", 100, 200, direction="a-to-b"), lossy("a-s", 1, 100, 200))
    assert [sent for sent in story.messages("write") if sent.cause >= 0] == []


# Spoofing


def spoof(**what: Any) -> Entry:
    return wrong("spoof", "x", 105, claims="a", to="s", **what)


def test_a_forged_message_seems_to_come_from_another_and_the_answer_goes_there() -> None:
    story = writing(spoof())
    (forged,) = story.messages(src="x")
    assert (forged.kind, forged.dst, forged.cause, forged.outcome) == ("write", "s", -1, "delivered")
    assert (105, "forged: claims to be a") in story.notes("x")
    assert (106, f"{Write('k', -1)} from a") in story.notes("s")
    assert story.messages(src="s", dst="x") == []
    (answer,) = [sent for sent in story.messages(src="s") if sent.cause == forged.id]
    assert answer.dst == "a"
    assert (107, "late reply") in story.notes("a")
    assert conserved(story)


def test_adversaries_act_on_each_link_of_a_way_through_a_switch() -> None:
    through = switch("w", forwarding_time=0)
    story = writing(spoof(), through=through)
    assert (106, f"{Write('k', -1)} from a") in story.notes("s")
    assert (107, "late reply") in story.notes("a")
    for target in ("a-w", "w-s", "s"):
        assert writing(wrong("tamper", target, 0), through=through).drops()["corrupted"] >= 100
        replayed = writing(wrong("replay", target, 0, 500), through=through)
        assert len(replayed.messages("write", dst="s")) >= 150
        assert conserved(replayed)


def test_authentication_finds_a_forgery() -> None:
    assert writing(spoof(), authenticated=True).drops() == {"not authenticated": 1}
    assert writing(spoof()).drops() == writing(spoof(), integrity="signed").drops() == {}


def test_forgeries_come_at_a_rate_until_the_end_while_the_attacker_lives() -> None:
    assert len(writing(spoof(rate_per_s=100, until_ms=305)).messages(src="x")) == 20
    down = writing(spoof(rate_per_s=100, until_ms=305), crash("x", 200))
    assert len(down.messages(src="x")) == 10


@pytest.mark.parametrize("message", ["work", "read"])
def test_other_requests_can_be_forged(message: str) -> None:
    (forged,) = writing(spoof(message=message)).messages(src="x")
    assert forged.kind == message


def test_a_forgery_to_a_stopped_process_is_refused_to_whom_it_claims_to_be() -> None:
    stop = {"kind": "stop", "target": "s", "at_ms": 100, "until_ms": 200}
    story = writing(spoof(), stop)
    (forged,) = story.messages(src="x")
    assert forged.outcome == "refused"
    (reset,) = [sent for sent in story.messages(src="s") if sent.cause == forged.id]
    assert reset.dst == "a"


# What all of them share


ALL = [
    wrong("tamper", "a-s", 500, probability=0.5),
    wrong("replay", "a-s", 500, probability=0.5, delay=exponential(20)),
    wrong("spoof", "x", 500, claims="a", to="s", rate_per_s=200),
    wrong("byzantine", "s", 500, behaviour="silent"),
]


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: str(fault["kind"]))
def test_what_happened_before_is_left_as_it_was_byte_for_byte(fault: Entry) -> None:
    plain, hit = writing(latency=exponential(3)), writing(fault, latency=exponential(3))
    before = [chunk.data for chunk in plain.chunks if chunk.end_ns < 500 * MS]
    assert len(before) > 2
    assert before == [chunk.data for chunk in hit.chunks][: len(before)]
    assert [chunk.data for chunk in plain.chunks] != [chunk.data for chunk in hit.chunks]
    assert conserved(hit)


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: str(fault["kind"]))
def test_draws_do_not_depend_on_faults_before_it_in_the_list(fault: Entry) -> None:
    other = rough("delay", "x-s", 0, 1, latency=1)
    one, two = writing(fault, latency=exponential(3)), writing(other, fault, latency=exponential(3))
    assert [sent.settled_ns for sent in one.messages()] == [sent.settled_ns for sent in two.messages()]


def test_a_link_that_asks_for_defences_nobody_needs_carries_as_before() -> None:
    plain = writing(latency=exponential(3))
    ready = writing(latency=exponential(3), integrity="signed", authenticated=True, replay_protection=True)
    assert [chunk.data for chunk in plain.chunks] == [chunk.data for chunk in ready.chunks]


def test_a_node_that_answers_nobody_takes_what_it_gets() -> None:
    story = writing(wrong("byzantine", "s", 100, 200, behaviour="silent"))
    assert story.drops() == {"withheld": 10}
    assert {sent.src for sent in story.messages(outcome="withheld")} == {"s"}
    assert len([text for _, text in story.notes("s") if "Write" in text]) == 100
    assert story.at(150, "s", "condition") == "lies: silent"
    assert story.at(250, "s", "condition") is None


def test_a_body_without_content_stays_what_it_is() -> None:
    assert Ask("x").altered(0.5) == Ask("x")
    assert Tell().altered(0.5) == Tell()
    assert Write("k", 5).altered(0.5) == Write("k", -500_001)


def test_clients_of_a_store_read_what_nobody_wrote_unless_links_check() -> None:
    def values(**params: Any) -> set[int]:
        nodes = [client("c", requests="read-write", keys=1, rate_per_s=100), database("d")]
        faults = [wrong("tamper", "c-d", 200, 600, probability=0.2)]
        story = run(world(nodes, [link("c", "d", **params)], faults=faults))
        return {op.result for op in story.operations(f="read") if isinstance(op.result, int)}

    assert min(values(integrity="none")) < 0 < min(values())
