"""Paxos: replicas choose one value a key, once and for ever.

Lamport, "Paxos Made Simple", 2001, section 2: any replica may propose. In phase 1 the proposer picks a ballot and has
a majority **promise** to take no part in lower ones; each tells the value that it has accepted in the highest ballot
so far. In phase 2 it asks all to **accept** the value of the highest of those ballots, or its own when there is none.
What a majority has accepted is **chosen**; any later majority shares a replica with that one, so that every higher
ballot has the same value. Promises and accepted values are on disk before the answer.

The first write to a key has its value chosen, later ones are refused. A read makes sure of what may be chosen already
by a ballot of its own. Whoever finds a higher ballot in its way begins again with one that is higher still: two that
do so at once can keep each other from finishing for ever (section 2.4). A pause of random length, longer each time,
ends that; electing one proposer, as Multi-Paxos does, avoids it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Param, QuorumRule, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Read, Reply, Value, Vote, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Refused

Ballot = tuple[int, int]  # a round, and the proposer: no two have the same
NONE: Ballot = (0, 0)
DOUBLINGS = 6  # pauses grow no further


@dataclass(frozen=True)
class State:
    """What an acceptor must remember of a key: its promise, and the value that it has accepted, and in which ballot."""

    promised: Ballot
    accepted: Ballot
    value: int


BLANK = State(NONE, NONE, 0)


@dataclass(frozen=True)
class Prepare(Vote):
    """Promise me to take no part in lower ballots, and tell what you have accepted."""

    key: str
    ballot: Ballot


@dataclass(frozen=True)
class Promise(Reply):
    """This is my promise and what I have accepted. Where the promise is to somebody higher, it means no."""

    state: State


@dataclass(frozen=True)
class Accept(Vote):
    """Accept this value."""

    key: str
    ballot: Ballot
    value: int


@dataclass(frozen=True)
class Accepted(Reply):
    """My promise: accepted, unless it is to somebody higher."""

    promised: Ballot


@dataclass(frozen=True)
class Chosen(Vote):
    """This value is chosen."""

    key: str
    value: int


class Paxos(Node):
    """A replica: proposer, acceptor and learner in one."""

    TYPE: ClassVar[str] = "paxos"
    TITLE: ClassVar[str] = "Paxos replica"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica that agrees with others on one value a key, whoever proposes"
    ICON: ClassVar[str] = "paxos"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule()
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "backoff",
            "After a higher ballot",
            "choice",
            "random",
            choices=(Choice("random", "Wait a random time"), Choice("none", "Try again at once")),
            help="What a proposer does that found a higher ballot in its way.",
            section="Agreement",
        ),
        Param(
            "backoff_ms",
            "Back-off",
            "number",
            20,
            "ms",
            0.001,
            3_600_000,
            help="Pauses are drawn evenly from 0 to this, which doubles with each further attempt, up to 64 times.",
            section="Agreement",
            when=("backoff", "random"),
        ),
        Param(
            "quorum_timeout_ms",
            "Quorum timeout",
            "number",
            200,
            "ms",
            0.001,
            3_600_000,
            help="How long a proposer waits for a majority before it refuses.",
            section="Agreement",
        ),
        Param(
            "give_up_ms",
            "Gives up after",
            "number",
            5000,
            "ms",
            0.001,
            3_600_000,
            help="How long a proposer tries again with higher ballots.",
            section="Agreement",
        ),
        fsync_param("Nothing is promised or accepted before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("chosen", "Chosen"),
        Show("accepted", "Accepted"),
        Show("ballot", "Ballot"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("proposals", "ballots", "Ballots that the replica began as a proposer.", "count"),
        Metric("decisions", "values", "Values that it had accepted by a majority as a proposer.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Prepare, Accept, Chosen)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "paxos_one_value",
            "Agreement on a value",
            "What is chosen under a key is the same on all replicas, for ever.",
            "agreement",
            ("chosen",),
        ),
    )

    def start(self) -> None:
        self.states: dict[str, State] = {}
        for key, state in self.disk.read().values():
            self.states[key] = merged(self.states.get(key, BLANK), state)
        self.chosen: dict[str, int] = {}
        self.rounds: dict[str, int] = {}  # the highest round heard of
        self.majority = (len(self.peers) + 1) // 2 + 1
        self.timeout_ms = self.number("quorum_timeout_ms")
        self.fsync_time = self.duration("fsync_time")

    # Clients

    async def on_read(self, body: Read, message: Message) -> Body:
        return Value(await self.settle(body.key, None))

    async def on_write(self, body: Write, message: Message) -> Body:
        if await self.settle(body.key, body.value) != body.value:
            raise Refused("already decided", False)
        return DONE

    # Proposer

    async def settle(self, key: str, value: int | None) -> int | None:
        """The value that is chosen under a key: this one, unless there is another; None if there is neither."""
        ends_ns = self.now_ns + to_ns(self.number("give_up_ms"))
        attempts = 0
        risked = False  # others may have accepted the value
        while key not in self.chosen:
            if self.now_ns >= ends_ns:
                raise Refused("gave up", risked)
            attempts += 1
            ballot = self.higher_ballot(key)
            try:
                found = await self.prepare(key, ballot)
                if found is not None:
                    proposed = self.safe(found, value)
                    if proposed is None:
                        return None
                    risked = risked or proposed == value
                    if await self.accept(key, ballot, proposed):
                        self.learn(key, proposed)
                        self.publish("decisions", 1)
                        self.broadcast(self.peers, Chosen(key, proposed))
            except Failure as failure:
                raise Refused(failure.reason, risked) from None
            if key not in self.chosen and self.text("backoff") == "random":
                longest_ns = to_ns(self.number("backoff_ms")) << min(attempts - 1, DOUBLINGS)
                await self.sleep(int(longest_ns * self.draw(f"back-off {attempts}")))
        return self.chosen[key]

    def higher_ballot(self, key: str) -> Ballot:
        """A ballot above all that were heard of, which nobody else uses, nor did an earlier incarnation."""
        self.rounds[key] = max(self.rounds.get(key, 0), self.states.get(key, BLANK).promised[0]) + 1
        self.publish("proposals", 1)
        return self.rounds[key], self.incarnation * len(self.network.hosts) + self.host.index

    async def prepare(self, key: str, ballot: Ballot) -> list[State] | None:
        """Phase 1: what a majority has accepted; None when somebody has promised to a higher ballot."""
        calls = self.call_each(self.peers, Prepare(key, ballot), self.timeout_ms)
        own = [Promise(await self.promise(key, ballot))]
        states = [promise.state for promise in await self.quorum(calls, self.majority, own)]
        return None if self.outbid(key, ballot, [state.promised for state in states]) else states

    async def accept(self, key: str, ballot: Ballot, value: int) -> bool:
        """Phase 2: whether a majority has accepted the value."""
        calls = self.call_each(self.peers, Accept(key, ballot, value), self.timeout_ms)
        own = [Accepted(await self.take(key, ballot, value))]
        answers = await self.quorum(calls, self.majority, own)
        return not self.outbid(key, ballot, [answer.promised for answer in answers])

    def outbid(self, key: str, ballot: Ballot, promised: list[Ballot]) -> bool:
        """Whether somebody has promised to a higher ballot."""
        highest = max(promised)
        self.rounds[key] = max(self.rounds[key], highest[0])
        return highest > ballot

    def safe(self, found: list[State], value: int | None) -> int | None:
        """What may be proposed: the value accepted in the highest ballot, one's own when there is none (P2c)."""
        best = max(found, key=lambda state: state.accepted)
        return best.value if best.accepted > NONE else value

    # Acceptor

    async def on_prepare(self, body: Prepare, message: Message) -> Body:
        return Promise(await self.promise(body.key, body.ballot))

    async def on_accept(self, body: Accept, message: Message) -> Body:
        return Accepted(await self.take(body.key, body.ballot, body.value))

    async def promise(self, key: str, ballot: Ballot) -> State:
        """Take no part in lower ballots from now on (P1a); returns when that is on disk."""
        state = self.states.get(key, BLANK)
        if ballot > state.promised:
            state = State(ballot, state.accepted, state.value)
            self.remember(key, state)
        await self.sync()
        return state

    async def take(self, key: str, ballot: Ballot, value: int) -> Ballot:
        """Accept a value, unless a higher ballot was promised to; returns the promise when all is on disk."""
        state = self.states.get(key, BLANK)
        if self.admits(state, ballot):
            state = State(ballot, ballot, value)
            self.remember(key, state)
            self.show("accepted", f"{key} = {value}")
        await self.sync()
        return state.promised

    def admits(self, state: State, ballot: Ballot) -> bool:
        """Whether a promise leaves room for a ballot (P1a)."""
        return ballot >= state.promised

    def remember(self, key: str, state: State) -> None:
        """Write what must outlive a crash, under a key of its own: a write that is torn destroys no older one."""
        self.disk.write(f"{key} {state.promised} {state.accepted}", (key, state))
        self.states[key] = state
        self.show("ballot", f"{key}: {state.promised[0]}.{state.promised[1]}")

    async def sync(self) -> None:
        """Returns when all that was written so far is on disk."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    # Learner

    def on_chosen(self, body: Chosen, message: Message) -> None:
        self.learn(body.key, body.value)

    def learn(self, key: str, value: int) -> None:
        """A value is chosen."""
        self.chosen[key] = value
        self.show("chosen", f"{key} = {value}")


def merged(one: State, other: State) -> State:
    """The higher promise of two states, and the later value."""
    last = other if other.accepted >= one.accepted else one
    return State(max(one.promised, other.promised), last.accepted, last.value)
