"""PBFT with one rule broken is found out: some run of a few fails a check; the whole protocol passes the same runs.

Castro and Liskov, OSDI 1999: sections 4.2 (prepared, committed) and 4.4 (view changes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from simulations.engine.certificates import Judge, Order, Prepared, ViewChange, digest_of, ordered, vouched
from simulations.engine.node import Node
from tests.nodes.generals import Pbft, byzantine, contest, failures
from tests.worlds import Entry, crash


def two_stories(seed: int) -> list[Entry]:
    """The primary tells two stories; one who has carried out the one goes down while the next view begins."""
    return [byzantine("r0", "collusion"), crash("r1", 200 + 130 * seed, 1000)]


def one_after_another(seed: int) -> list[Entry]:
    """Each primary goes down in its turn, in the midst of its work."""
    first = 250 + 37 * seed
    return [crash(f"r{view}", first + 350 * view, first + 350 * view + 200) for view in range(3)]


def one_forges(seed: int) -> list[Entry]:
    """The same, and one replica proves what was never prepared."""
    return [byzantine("r0", "forged proofs"), *one_after_another(seed)]


class SmallPrepares(Pbft):  # type: ignore[misc, valid-type]
    """2 f, the primary among them, are enough to be prepared."""

    def is_prepared(self, votes: int) -> bool:
        return bool(votes >= self.judge.quorum - 1)

    def make_judge(self, quorum: int) -> Judge:
        return SmallQuorum(self.members, quorum, 2 * self.every)


class SmallQuorum(Judge):
    """Believes in such certificates, too."""

    def accepts_prepared(self, proof: Prepared) -> bool:
        return Judge(self.members, self.quorum - 1, self.window).accepts_prepared(proof)


class NoPrepares(Pbft):  # type: ignore[misc, valid-type]
    """Commits what it was given, without asking what others were given."""

    def is_prepared(self, votes: int) -> bool:
        return True

    def make_judge(self, quorum: int) -> Judge:
        return Gullible(self.members, quorum, 2 * self.every)


class Gullible(Judge):
    """Takes the primary's word for a proof that a request is prepared."""

    def accepts_prepared(self, proof: Prepared) -> bool:
        statement = ordered(proof.view, proof.seq, digest_of(proof.order))
        return len(vouched(proof.seals, statement, [self.primary(proof.view)])) == 1


class BlankViews(Pbft):  # type: ignore[misc, valid-type]
    """Begins views without regard to what was prepared in earlier ones."""

    def make_judge(self, quorum: int) -> Judge:
        return Forgetful(self.members, quorum, 2 * self.every)


class Forgetful(Judge):
    """Orders nothing anew."""

    def following(self, changes: Sequence[ViewChange]) -> list[tuple[int, Order | None]]:
        return []


class NoProofs(Pbft):  # type: ignore[misc, valid-type]
    """Believes what others say to have prepared."""

    def make_judge(self, quorum: int) -> Judge:
        return Trusting(self.members, quorum, 2 * self.every)


class Trusting(Judge):
    """Looks at no proof."""

    def accepts_prepared(self, proof: Prepared) -> bool:
        return True


BUGS = [
    (SmallPrepares, two_stories, (2, 4)),
    (NoPrepares, two_stories, (2, 4)),
    (BlankViews, one_after_another, (0, 1)),
    (NoProofs, one_forges, (0, 1)),
]


@pytest.mark.parametrize(("kind", "faults", "seeds"), BUGS)
def test_a_broken_rule_is_found_out(
    kind: type[Node], faults: Callable[[int], list[Entry]], seeds: Sequence[int]
) -> None:
    found = [failures(contest(faults(seed), seed, kind, status_ms=300)) for seed in seeds]
    assert any("pbft_agreement" in one for one in found)


@pytest.mark.parametrize(("kind", "faults", "seeds"), BUGS[1:])
def test_the_whole_protocol_passes_the_same_runs(
    kind: type[Node], faults: Callable[[int], list[Entry]], seeds: Sequence[int]
) -> None:
    for seed in seeds:
        assert "pbft_agreement" not in failures(contest(faults(seed), seed, status_ms=300))
