"""What users see of replicas that lag: sticky or roaming, with version tokens or without (Terry et al., PDIS 1994)."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.checks.history import registers
from simulations.checks.session_guarantees import check_sessions
from simulations.engine.log import Log
from tests.nodes.followers import LeaderFollower, group
from tests.worlds import Run, client, link, node, partition, run, world

MEMBERS = ["r0", "r1", "r2"]
USERS: dict[str, Any] = {
    "arrivals": "closed",
    "users": 6,
    "think_time": 20,
    "requests": "read-write",
    "own_keys": True,
    "keys": 1,
    "timeout_ms": 900,
}


def store(seed: int = 1, reads: str = "any", behind: str = "forward", faults: Any = (), **client_params: Any) -> Run:
    """Six users of a store whose followers are about 80 ms behind; each has a key of its own."""
    nodes = [client("c", **(USERS | client_params))]
    nodes += [node(LeaderFollower, id, acknowledge="async", ship_ms=80, reads=reads, behind=behind) for id in MEMBERS]
    links = [link("c", id) for id in MEMBERS]
    return run(world(nodes, links, [group(MEMBERS, 2)], faults, 3000, 500, seed), LeaderFollower)


def violations(story: Run) -> dict[str, int | None]:
    """Of reading one's own writes, and of reads that go back."""
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    found = check_sessions(registers(log.operations.values()), [])
    return {one.name: one.violations for one in found if one.name in ("read_your_writes", "monotonic_reads")}


def asked(story: Run) -> dict[int, set[str]]:
    """Whom each user asked."""
    found: dict[int, set[str]] = {}
    process = {op.id: op.process for op in story.operations()}
    for message in story.messages(src="c"):
        found.setdefault(process[message.op], set()).add(message.dst)
    return found


def test_a_sticky_user_stays_with_one_and_a_roaming_one_meets_all() -> None:
    assert {len(whom) for whom in asked(store()).values()} == {1}
    assert {len(whom) for whom in asked(store(sessions="roaming")).values()} == {3}


def test_roaming_users_miss_what_they_wrote_and_go_back() -> None:
    found = violations(store(sessions="roaming"))
    assert (found["read_your_writes"] or 0) > 0
    assert (found["monotonic_reads"] or 0) > 0


def test_a_sticky_user_never_goes_back_and_misses_what_it_wrote() -> None:
    found = violations(store())
    assert (found["read_your_writes"] or 0) > 0
    assert found["monotonic_reads"] == 0


@pytest.mark.parametrize("behind", ["forward", "wait"])
def test_version_tokens_give_both(behind: str) -> None:
    """A follower that is behind passes the read on, or waits."""
    story = store(behind=behind, sessions="roaming", version_tokens=True)
    assert violations(story) == {"read_your_writes": 0, "monotonic_reads": 0}
    reads = [op.id for op in story.operations(f="read")]
    passed = [sent for sent in story.messages(kind="forward", dst="r0", src="r1") if sent.op in reads]
    assert bool(passed) == (behind == "forward")


def test_reads_at_the_leader_give_both() -> None:
    assert violations(store(reads="leader", sessions="roaming")) == {"read_your_writes": 0, "monotonic_reads": 0}


def test_who_waits_for_a_version_waits_as_long_as_the_network_is_cut() -> None:
    """Nothing comes from the leader for a while."""
    cut_off = [partition([["r0"], ["r1", "r2"]], 1000, 1200)]
    story = store(behind="wait", sessions="roaming", version_tokens=True, faults=cut_off)
    assert violations(story) == {"read_your_writes": 0, "monotonic_reads": 0}
    assert max(op.takes_ms for op in story.operations(f="read")) > 100


def test_answers_carry_versions_only_to_those_who_ask_for_them() -> None:
    """Without tokens the same operations are asked at the same times, whatever the members answer with."""
    with_tokens, without = store(version_tokens=True, reads="leader"), store(reads="leader")
    assert [op.start_ns for op in with_tokens.operations()] == [op.start_ns for op in without.operations()]
