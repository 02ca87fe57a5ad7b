"""Gossip: updates spread like a disease, from member to member, each choosing its partners at random.

Clients write at any member. How the others come to know is an epidemic of one of two sorts, or of both:

- **Anti-entropy**: every so often a member compares all it has with a partner drawn at random. It *pushes* what the
  partner lacks, *pulls* what it lacks itself, or does both. Nobody stops, so everybody is reached in the end: a
  *simple* epidemic. Pushing is quick at first and slow at the end, when few are left to be found: log2 n + ln n rounds
  (Pittel: "On Spreading a Rumor", SIAM Journal on Applied Mathematics 47(1), 1987). Pulling is quick at the end: who
  is left is missed again only if his partner is left, too.
- **Rumour mongering**: only news travels. Who hears of an update is *infected* and spreads it as a *rumour* each round,
  until it loses interest and is *removed*: a *complex* epidemic, which dies out before all have heard. The share that
  is left *susceptible* is the *residue*. Interest goes *blindly*, with each time it is passed on, or by *feedback*,
  only when the partner knew; and by a *coin*, with probability 1 / k, or by a *counter*, the k-th time. Feedback that
  somebody needed the rumour sets the counter back to nothing.

Anti-entropy, now and then, is the backup that finds whom rumours missed. The latest stamp wins where two write the same
key. Cassandra, Riak, Redis Cluster and Consul gossip; Bitcoin's transactions spread as rumours.

Demers, Greene, Hauser, Irish, Larson, Shenker, Sturgis, Swinehart, Terry: "Epidemic Algorithms for Replicated Database
Maintenance", PODC 1987, sections 1.3 and 1.4. Left out: direct mail, deletion and its certificates, connection limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.gossip_params import (
    BLIND,
    COUNTER,
    FEEDBACK,
    GOSSIP_PARAMS,
    NEVER,
    NONE,
    PULL,
    PUSH,
    TOGETHER,
)
from simulations.engine.messages import DONE, Body, Occurrence, Read, Replication, Reply, Value, Write
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Failure, Refused
from simulations.engine.versions import ONE_VALUE

SUSCEPTIBLE: Final = "susceptible"
INFECTED: Final = "infected"
REMOVED: Final = "removed"

Stamp = tuple[int, int]  # the writer's wall clock, and its number


@dataclass(frozen=True)
class Update:
    """What was written under a key, where and when."""

    key: str
    stamp: Stamp
    value: int


Updates = tuple[Update, ...]


def bytes_of(updates: Updates) -> int:
    """What updates take on the wire."""
    return 64 + 48 * len(updates)


@dataclass(frozen=True)
class Rumours(Replication):
    """Have you heard?"""

    updates: Updates

    def size(self) -> int:
        return bytes_of(self.updates)


@dataclass(frozen=True)
class Heard(Reply):
    """Which of the rumours were news."""

    news: tuple[bool, ...]


@dataclass(frozen=True)
class AskRumours(Replication):
    """What is new?"""


@dataclass(frozen=True)
class Told(Reply):
    """This."""

    updates: Updates

    def size(self) -> int:
        return bytes_of(self.updates)


@dataclass(frozen=True)
class Feedback(Occurrence):
    """Which of the rumours that I asked for were news."""

    keys: tuple[str, ...]
    news: tuple[bool, ...]


@dataclass(frozen=True)
class Compare(Replication):
    """This is what I have: its keys and stamps. What do you lack of it, where I `push`; what do I, where I `pull`?"""

    stamps: tuple[tuple[str, Stamp], ...]
    push: bool
    pull: bool

    def size(self) -> int:
        return 64 + 32 * len(self.stamps)


@dataclass(frozen=True)
class Difference(Reply):
    """What you lack, and the keys of what I lack."""

    updates: Updates
    wanted: tuple[str, ...]

    def size(self) -> int:
        return bytes_of(self.updates) + 16 * len(self.wanted)


@dataclass(frozen=True)
class Missing(Replication):
    """What you lack."""

    updates: Updates

    def size(self) -> int:
        return bytes_of(self.updates)


@mypyc_attr(allow_interpreted_subclasses=True)
class Gossip(Node):
    """A member of a store that spreads updates by gossip."""

    TYPE: ClassVar[str] = "gossip"
    TITLE: ClassVar[str] = "Gossip"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store whose updates spread like a disease, from one to another"
    ICON: ClassVar[str] = "gossip"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = GOSSIP_PARAMS
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "State", look="badge"),
        Show("keys", "Keys"),
        Show("hot", "Rumours that it spreads"),
        Show("version", "Last version", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("gossip.sent", "updates", "Updates that it sent to others, needed or not: its traffic.", "count"),
        Metric("gossip.unneeded", "updates", "Updates that it was sent and had already.", "count"),
        Metric(
            "gossip.rounds",
            "rounds",
            "How many rounds after an update was written it arrived here, by the clocks of both.",
            "sample",
        ),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Rumours, AskRumours, Feedback, Compare, Missing)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (ONE_VALUE,)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if params["rumours"] == NONE and params["anti_entropy"] == NONE:
            return [("rumours", "Nothing spreads: choose rumours, anti-entropy, or both.")]
        return []

    def start(self) -> None:
        self.rumours = self.text("rumours")
        self.interest = self.text("interest")
        self.every_ns = to_ns(self.number("every_ms"))
        self.anti_entropy = self.text("anti_entropy")
        self.compare_ns = to_ns(self.number("compare_ms"))
        self.round_ns = self.every_ns if self.rumours != NONE else self.compare_ns
        self.together = self.text("rounds") == TOGETHER
        self.fsync_time = self.duration("fsync_time")
        self.held: dict[str, Update] = {}
        self.learned: dict[str, int] = {}  # by key: the number of the round
        self.hot: dict[str, int] = {}  # what it spreads, and how often in vain
        self.passed: dict[str, bool] = {}  # rumours passed on since its last round; whether anybody lacked them
        self.stamped_ns = -1
        self.writing: dict[str, Update] = {}  # clients' writes on their way to the disk
        self.digest = 0
        self.turning = False
        on_disk = self.disk.read()
        for key in sorted(on_disk):
            self.put(on_disk[key])
        self.show_state()
        self.phase_ns = 0 if self.together else int(self.draw("phase") * self.round_ns)
        if not self.peers:
            return
        if self.rumours == PULL:
            self.turn_soon()
        if self.anti_entropy != NONE:
            self.plan_to_compare()

    # Clients

    def on_read(self, body: Read, message: Message) -> Body:
        held = self.held.get(body.key)
        return Value(None if held is None else held.value)

    async def on_write(self, body: Write, message: Message) -> Body:
        held = self.held.get(body.key)
        self.stamped_ns = max(self.wall_ns, self.stamped_ns + 1, 0 if held is None else held.stamp[0] + 1)
        update = Update(body.key, (self.stamped_ns, self.host.index), body.value)
        self.disk.write(body.key, update)
        self.writing[body.key] = update
        await self.disk.fsync(self.fsync_time)
        if self.writing.get(body.key) is update:
            del self.writing[body.key]
        if self.newer(update):
            self.accept(update, True)
        return DONE

    # Rumour mongering, section 1.4

    def turn_soon(self) -> None:
        """Plan the next round."""
        if not self.turning and self.peers:  # one alone has nobody to tell
            self.turning = True
            self.timer(self.until_next(self.every_ns), "round", self.turn)

    def turn(self) -> None:
        """A round: lose interest, or not; then tell or ask a partner."""
        self.turning = False
        self.tire()
        if self.rumours == PULL:
            self.spawn(self.ask(self.partner("whom to ask")), self.cause)
            self.turn_soon()
        elif self.hot:
            self.spawn(self.tell(self.partner("whom to tell"), self.spread()), self.cause)
            self.turn_soon()

    def spread(self) -> Updates:
        """The rumours, as they are passed on."""
        if self.hot:
            self.publish("gossip.sent", len(self.hot))
        if self.interest == BLIND:
            self.passed.update(dict.fromkeys(self.hot, False))
        return tuple([self.held[key] for key in self.hot])

    async def tell(self, partner: str, updates: Updates) -> None:
        """Push."""
        if self.interest != FEEDBACK:
            self.send(partner, Rumours(updates))
            return
        try:
            reply: Heard = await self.call(partner, Rumours(updates), self.number("every_ms"))
        except Failure:
            return  # nobody knows whether it was news
        self.learn_of_news([update.key for update in updates], reply.news)

    def on_rumours(self, body: Rumours, message: Message) -> Body | None:
        news = self.hear(body.updates)
        return Heard(news) if self.interest == FEEDBACK else None

    async def ask(self, partner: str) -> None:
        """Pull."""
        try:
            reply: Told = await self.call(partner, AskRumours(), self.number("every_ms"))
        except Failure:
            return
        news = self.hear(reply.updates)
        if news and self.interest == FEEDBACK:
            self.send(partner, Feedback(tuple([update.key for update in reply.updates]), news))

    def on_ask_rumours(self, body: AskRumours, message: Message) -> Body:
        return Told(self.spread())

    def on_feedback(self, body: Feedback, message: Message) -> None:
        self.learn_of_news(list(body.keys), body.news)

    def learn_of_news(self, keys: list[str], news: tuple[bool, ...]) -> None:
        """Feedback: somebody needed a rumour, or nobody so far."""
        for key, new in zip(keys, news, strict=True):
            self.passed[key] = new or self.passed.get(key, False)

    def hear(self, updates: Updates) -> tuple[bool, ...]:
        """Take rumours in, and spread those that are news; which ones were."""
        news = tuple([self.needs(update) for update in updates])
        for update in updates:
            self.take(update, True)
        return news

    def needs(self, update: Update) -> bool:
        """Whether it is news; where all act together, also what came in the same round from somebody else."""
        if self.newer(update):
            return True
        this_round = self.together and self.learned[update.key] == self.round_number()
        return this_round and self.held[update.key].stamp == update.stamp

    def tire(self) -> None:
        """Lose interest in what was passed on in vain since the last round. A rumour that any one needed is as fresh
        as at first (the note to table 3).
        """
        for key, needed in self.passed.items():
            if key in self.hot and self.interest != NEVER:
                self.hot[key] = 0 if needed else self.hot[key] + 1
                if not needed and self.has_enough(key):
                    del self.hot[key]
        self.passed = {}
        self.show_state()

    def has_enough(self, key: str) -> bool:
        """Coin or counter."""
        if self.text("by") == COUNTER:
            return self.hot[key] >= self.integer("k")
        return self.draw(f"interest in {key}") * self.integer("k") < 1

    # Anti-entropy, section 1.3

    def plan_to_compare(self) -> None:
        """Set the timer."""
        self.timer(self.until_next(self.compare_ns), "compare", self.compare)

    def compare(self) -> None:
        """Compare all there is with a partner. Who has nothing has nothing to push."""
        self.plan_to_compare()
        if self.held or self.anti_entropy != PUSH:
            self.spawn(self.resolve(self.partner("whom to compare with")), self.cause)

    async def resolve(self, partner: str) -> None:
        """Resolve the differences with a partner, one way or both."""
        stamps = tuple([(key, update.stamp) for key, update in self.held.items()])
        try:
            reply: Difference = await self.call(
                partner,
                Compare(stamps, self.anti_entropy != PULL, self.anti_entropy != PUSH),
                self.number("compare_ms"),
            )
        except Failure:
            return
        if reply.wanted:
            self.publish("gossip.sent", len(reply.wanted))
            self.send(partner, Missing(tuple([self.held[key] for key in reply.wanted])))
        for update in reply.updates:
            self.take(update, False)

    def on_compare(self, body: Compare, message: Message) -> Body:
        theirs = dict(body.stamps)
        wanted: list[str] = []
        if body.push:
            for key, stamp in body.stamps:
                if key not in self.held or self.held[key].stamp < stamp:
                    wanted.append(key)
        lacking: list[Update] = []
        if body.pull:
            lacking = [held for key, held in self.held.items() if theirs.get(key, (-1, -1)) < held.stamp]
        if lacking:
            self.publish("gossip.sent", len(lacking))
        return Difference(tuple(lacking), tuple(wanted))

    def on_missing(self, body: Missing, message: Message) -> None:
        for update in body.updates:
            self.take(update, False)

    # What it has

    def newer(self, update: Update) -> bool:
        """Whether it is newer than what there is under its key."""
        held = self.held.get(update.key)
        return held is None or held.stamp < update.stamp

    def take(self, update: Update, spread: bool) -> None:
        """Take in what somebody has sent, if it is newer and there is room; as a rumour to spread, or not."""
        if not self.newer(update):
            self.publish("gossip.unneeded", 1)
            return
        later = self.writing.get(update.key)
        try:
            if later is None or later.stamp < update.stamp:
                self.disk.write(update.key, update)
        except Refused:
            return
        self.publish("gossip.rounds", max(0, self.wall_ns // self.round_ns - update.stamp[0] // self.round_ns))
        self.accept(update, spread)

    def accept(self, update: Update, spread: bool) -> None:
        """Hold what has been written to disk, and spread it or not."""
        self.put(update)
        self.show("version", f"{update.key}@{update.stamp[0]}.{update.stamp[1]} = {update.value}")
        self.show("value", f"{update.key} = {update.value}")
        self.hot.pop(update.key, None)
        self.passed.pop(update.key, None)
        if spread and self.rumours != NONE:
            self.hot[update.key] = 0
            self.turn_soon()
        self.show_state()

    def put(self, update: Update) -> None:
        """Have an update in place of what was under its key."""
        before = self.held.get(update.key)
        if before is not None:
            self.digest ^= share(before)
        self.digest ^= share(update)
        self.held[update.key] = update
        self.learned[update.key] = self.round_number()

    def show_state(self) -> None:
        """Susceptible knows nothing; infected spreads it; removed knows it and is silent."""
        infected = bool(self.hot) or (self.rumours == NONE and bool(self.held))
        self.show("role", INFECTED if infected else REMOVED if self.held else SUSCEPTIBLE)
        self.show("hot", len(self.hot))
        self.show("keys", len(self.held))
        self.show("digest", f"{self.digest:08x}")

    # Rounds

    def round_number(self) -> int:
        """How many rounds have begun."""
        return self.now_ns // self.round_ns

    def until_next(self, every_ns: int) -> int:
        """The time until the next round of some length."""
        return every_ns - (self.now_ns - self.phase_ns) % every_ns

    def partner(self, purpose: str) -> str:
        """One of the others, each as likely as any."""
        return self.peers[int(self.draw(purpose) * len(self.peers))]


def share(update: Update) -> int:
    """An update's share of the digest of all that a member has."""
    return fingerprint(f"{update.key} {update.stamp[0]} {update.stamp[1]}", update.value)
