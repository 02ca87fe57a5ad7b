"""The table of planted bugs: what is broken, what is explored for it, and where the search finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.document import Document, validate
from simulations.engine.certificates import Judge
from simulations.engine.node import Node
from simulations.exploring import Verdict, judged, prepared, struck
from simulations.minimising import AT_THE_END
from tests import test_exploring
from tests.nodes import (
    test_chain_bugs,
    test_commitment_bugs,
    test_leader_follower_bugs,
    test_lease_lock,
    test_multi_paxos_bugs,
    test_paxos_bugs,
    test_pbft_bugs,
    test_raft_bugs,
    test_register_cp,
    test_zab_bugs,
)
from tests.nodes.generals import Pbft
from tests.planted.documents import DOCUMENTS, NOT_PROMISED, Entry
from tests.searching import first_violation

SEED: Final = 1
RUNS_MAX: Final = 10_000  # after which a search gives up
FAULTS_MAX: Final = 5  # in a minimised schedule


class SmallCertificates(Pbft):  # type: ignore[misc]
    """f + 1 replicas are enough to settle a request, and to begin a view."""

    def make_judge(self, quorum: int) -> Judge:
        return Judge(self.members, quorum // 2 + 1, 2 * self.every)


@dataclass(frozen=True)
class Planted:
    """A rule broken. The search over the schedules of a document, from the first on, finds it after so many `runs`."""

    bug: type[Node]
    document: str
    runs: int

    @property
    def name(self) -> str:
        """Where it is, and what is wrong."""
        return f"{self.document}: {self.bug.__name__}"

    @property
    def types(self) -> dict[str, type[Node]]:
        """What takes the place of the honest type."""
        return {self.bug.TYPE: self.bug}

    @property
    def without(self) -> frozenset[str]:
        """What the honest type does not promise."""
        return NOT_PROMISED.get(self.document, frozenset())

    @property
    def explored(self) -> Entry:
        """What is explored."""
        return DOCUMENTS[self.document]

    @property
    def ready(self) -> Document:
        """The same, prepared."""
        return prepared(validate(self.explored))

    def struck(self) -> Document:
        """The same under the schedule that finds it."""
        return struck(self.ready, SEED, self.runs)

    def search(self, runs_max: int) -> Verdict | None:
        """The first schedule that finds it."""
        return first_violation(self.explored, self.types, runs_max, SEED, self.without)

    def survived(self, least: Document) -> bool:
        """Whether the honest type survives what a violation comes down to: a shorter run, with no time to recover."""
        return judged(least, without=self.without | {*AT_THE_END}).survived


BUGS: Final = (
    Planted(test_raft_bugs.ReadsAlone, "raft", 20),
    Planted(test_raft_bugs.AcknowledgesWhatIsNotOnDisk, "raft", 15),
    Planted(test_raft_bugs.SkipsTheCheck, "raft", 1),
    Planted(test_raft_bugs.FollowsOldTerms, "raft, entry by entry", 1),
    Planted(test_raft_bugs.RewritesItsLog, "raft, entry by entry", 1),
    Planted(test_raft_bugs.ForgetsItsVote, "raft, entry by entry", 2438),
    Planted(test_raft_bugs.CountsOldEntries, "raft, entry by entry", 550),
    Planted(test_raft_bugs.HalfIsEnough, "raft of four", 17),
    Planted(test_multi_paxos_bugs.ReusesBallots, "multi-paxos", 1),
    Planted(test_multi_paxos_bugs.ComparesNoBallots, "multi-paxos", 82),
    Planted(test_multi_paxos_bugs.ForgetsPromises, "multi-paxos", 13),
    Planted(test_multi_paxos_bugs.ForgetsValues, "multi-paxos", 10),
    Planted(test_multi_paxos_bugs.IgnoresValues, "multi-paxos", 6),
    Planted(test_multi_paxos_bugs.TakesTheFirstValue, "multi-paxos", 33),
    Planted(test_multi_paxos_bugs.AsksTooFew, "multi-paxos", 1),
    Planted(test_paxos_bugs.WritesNothing, "paxos", 11),
    Planted(test_paxos_bugs.ComparesNoBallots, "paxos", 6),
    Planted(test_paxos_bugs.IgnoresValues, "paxos", 6),
    Planted(test_paxos_bugs.AsksTooFew, "paxos", 1),
    Planted(test_zab_bugs.ForgetsEpochs, "zab", 1),
    Planted(test_zab_bugs.ComparesNoEpochs, "zab", 1),
    Planted(test_zab_bugs.BroadcastsBeforeSynchronisation, "zab", 1),
    Planted(test_zab_bugs.AsksTooFew, "zab", 1),
    Planted(test_zab_bugs.TakesTheOldestHistory, "zab", 1),
    Planted(test_chain_bugs.ReadsAnywhere, "chain", 1),
    Planted(test_chain_bugs.HeadAnswers, "chain", 1),
    Planted(test_chain_bugs.JoinsAtOnce, "chain", 5),
    Planted(test_leader_follower_bugs.Unfenced, "leader-follower", 15),
    Planted(test_leader_follower_bugs.PromotesAnybody, "leader-follower", 13),
    Planted(SmallCertificates, "pbft", 7),
    Planted(test_pbft_bugs.BlankViews, "pbft", 1),
    Planted(test_exploring.WritesAtOne, "register", 6),
    Planted(test_exploring.Forgets, "register", 12),
    Planted(test_register_cp.NoWriteBack, "register of one key", 15),
    Planted(test_commitment_bugs.ForgetfulVoter, "commitment", 4),
    Planted(test_commitment_bugs.ImpatientParticipant, "commitment", 20),
    Planted(test_commitment_bugs.OutspokenParticipant, "commitment", 16),
    Planted(test_lease_lock.ForgetfulService, "locks", 7),
    Planted(test_lease_lock.ForgetfulStore, "locks", 21),
)
