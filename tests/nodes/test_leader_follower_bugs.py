"""Leader–follower replication with one rule broken: random faults find it, and do not fault the honest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations.checks.invariants import check_invariants
from simulations.engine.log import Log
from simulations.engine.node import Node
from tests.nodes.followers import FailoverMonitor, LeaderFollower, group, source
from tests.nodes.stories import atomic
from tests.worlds import Entry, Run, client, crash, cut, exponential, link, node, partition, run, world

MEMBERS = ["r0", "r1", "r2"]


class Careless:
    """A journal that begins to write to the disk, and does not wait for it."""

    def __init__(self, journal: Any) -> None:
        self.journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    async def durable(self) -> None:
        records = self.journal.journal
        if records.disk.cached:
            records.synced("each")


class AcknowledgesBeforeFsync(LeaderFollower):  # type: ignore[misc, name-defined]
    """A follower says that it has on disk what is in its page cache."""

    async def on_append(self, body: Any, message: Any) -> Any:
        journal = self.journal
        self.journal = Careless(journal)
        try:
            return await super().on_append(body, message)
        finally:
            self.journal = journal


class Unfenced(LeaderFollower):  # type: ignore[misc, name-defined]
    """Follows a leader of an epoch that it has promised to leave behind."""

    def fenced(self, epoch: int) -> bool:
        return False


class PromotesAnybody(FailoverMonitor):  # type: ignore[misc, valid-type]
    """Takes the last of those it reaches, however far behind."""

    async def seal(self, silent: str) -> str:
        calls = self.call_each(self.targets, source.Seal(self.epoch), self.timeout_ms)
        best = ""
        for member, call in zip(self.targets, calls, strict=True):
            if member != silent:
                try:
                    await call
                    best = member
                except source.Failure:
                    continue
        return best


class PromotesAlone(FailoverMonitor):  # type: ignore[misc, valid-type]
    """Is content with one member of three."""

    async def seal(self, silent: str) -> str:
        await super().seal(silent)
        calls = self.call_each(self.targets, source.Ping(self.epoch, ""), self.timeout_ms)
        for member, call in zip(self.targets, calls, strict=True):
            if member != silent:
                try:
                    await call
                    return str(member)
                except source.Failure:
                    continue
        return ""


def crashes(seed: int) -> list[Entry]:
    """All die at once, while the followers' disks are slow; the leader is away for longer."""
    at = 600 + 7.3 * seed
    slow = [{"kind": "disk", "mode": "slow", "factor": 20, "target": id, "at_ms": 300} for id in ("r1", "r2")]
    return [*slow, crash("r0", at, at + 900), crash("r1", at, at + 40), crash("r2", at, at + 40)]


def left_behind(seed: int) -> list[Entry]:
    """A follower is cut off for a while; then the leader dies, and later the other follower is away."""
    behind, ahead = ("r2", "r1") if seed % 2 else ("r1", "r2")
    at = 700 + 11 * seed
    return [
        partition([[behind], ["r0", ahead]], 300, at),
        crash("r0", at - 20, at + 1200),
        crash(ahead, at + 250 + 100 * (seed % 3), at + 600),
    ]


def unseen(seed: int) -> list[Entry]:
    """Neither the monitor nor the follower that is promoted sees the leader, which the other follower sees again."""
    at = 500 + 13 * seed
    return [
        cut("m-r0", at, 1500),
        partition([["r0"], ["r1"]], at, 1500),
        partition([["r0"], ["r2"]], at - 100, at + 215),
    ]


def ran(seed: int, faults: list[Entry], kind: type[Node], monitor: type[Node]) -> Run:
    nodes = [client(f"c{id}", requests="read-write", rate_per_s=60, keys=2, timeout_ms=400) for id in MEMBERS]
    nodes += [node(kind, id, fsync_time=exponential(3)) for id in MEMBERS]
    nodes.append(node(monitor, "m", silence_ms=150))
    links = [*[link(f"c{id}", id) for id in MEMBERS], *[link("m", id) for id in MEMBERS]]
    document = world(nodes, links, [group(MEMBERS, exponential(6))], faults, 2000, 1500, seed)
    return run(document, kind, monitor)


def right(story: Run, kind: type[Node]) -> bool:
    """Whether the history is linearizable and no declared rule is broken."""
    log = Log(watched=frozenset({"role", "epoch", "promised"}))
    for chunk in story.decoded:
        log.add(chunk)
    broken = [one for one in check_invariants(log, [(kind.INVARIANTS, MEMBERS)]) if one.verdict == "fail"]
    return not broken and atomic(story)


@pytest.mark.parametrize(
    ("kind", "monitor", "faults", "seeds"),
    [
        (AcknowledgesBeforeFsync, FailoverMonitor, crashes, 4),
        (Unfenced, FailoverMonitor, unseen, 4),
        (LeaderFollower, PromotesAnybody, left_behind, 6),
        (LeaderFollower, PromotesAlone, left_behind, 6),
    ],
)
def test_a_broken_rule_is_found_and_the_honest_one_passes(
    kind: type[Node], monitor: type[Node], faults: Callable[[int], list[Entry]], seeds: int
) -> None:
    wrong = [seed for seed in range(seeds) if not right(ran(seed, faults(seed), kind, monitor), kind)]
    assert wrong
    for seed in wrong[:2]:
        assert right(ran(seed, faults(seed), LeaderFollower, FailoverMonitor), LeaderFollower)
