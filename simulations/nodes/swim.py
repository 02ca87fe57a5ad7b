"""SWIM: a group finds out who of it has failed, at a cost for each member that does not grow with the group.

Each *period* a member *pings* one other. Who does not *ack* in time may be well and the way to it bad, so k others are
asked to ping it, too (*ping-req*), and to pass its ack on. If none has come when the period ends, it has failed. How
soon a failure is noticed and what each member sends do not depend on the number of members.

- **Order**: members are pinged in turn, in an order that each shuffles anew after each pass, so that everybody is
  pinged within two passes at the latest (section 4.3). At random, it may take any time; in the same order for all, they
  all ping the same one, and a failed one waits for its turn.
- **Dissemination**: who has failed, or joined, is *piggybacked* on pings and acks, what was passed on least often first
  and each λ · log2(n + 1) times at most: news spread like a disease, without messages of their own (section 4.1).
- **Suspicion**: who does not answer is at first *suspected*. Others hear of it, and so does the one in question, who
  refutes it: *alive*, with a higher *incarnation number*, which only itself may raise. Only who has not refuted it in
  time is declared failed (section 4.2). A higher incarnation overrides; at the same one suspect overrides alive, and
  failed both.

As in HashiCorp's memberlist, which Consul, Nomad and Serf use, and unlike the paper: who is sent a message is told
first what is held against it; alive with a higher incarnation overrides failed, too; and now and then a member pings
one that it holds failed, so that the sides of a partition find together again.

Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol", DSN 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from zlib import crc32

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Heartbeat
from simulations.engine.node import Node

ALIVE: Final = 0
SUSPECT: Final = 1
FAILED: Final = 2
SHUFFLED: Final = "shuffled"
RANDOM: Final = "random"
FIXED: Final = "fixed"
TOGETHER: Final = "together"
BOOT: Final = 1 << 20  # more than the incarnations of one process


@dataclass(frozen=True)
class News:
    """What a member is, as of one of its incarnations."""

    member: str
    status: int
    incarnation: int

    def overrides(self, other: News) -> bool:
        """Section 4.2."""
        return (self.incarnation, self.status) > (other.incarnation, other.status)


Piggyback = tuple[News, ...]


@dataclass(frozen=True)
class Ping(Heartbeat):
    """Are you there? The number-th probe of the one who asks, who may be another than the sender."""

    asker: str
    number: int
    news: Piggyback

    def size(self) -> int:
        return 32 + 16 * len(self.news)


@dataclass(frozen=True)
class PingReq(Heartbeat):
    """Ping this member for me."""

    member: str
    number: int
    news: Piggyback

    def size(self) -> int:
        return 32 + 16 * len(self.news)


@dataclass(frozen=True)
class Ack(Heartbeat):
    """This member is there."""

    member: str
    asker: str
    number: int
    news: Piggyback

    def size(self) -> int:
        return 32 + 16 * len(self.news)


@mypyc_attr(allow_interpreted_subclasses=True)
class Swim(Node):
    """A member of a group that keeps an eye on each other."""

    TYPE: ClassVar[str] = "swim"
    TITLE: ClassVar[str] = "SWIM membership"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a group that finds out together who has failed"
    ICON: ClassVar[str] = "swim"
    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "period_ms",
            "Period",
            "number",
            1000,
            "ms",
            1,
            3_600_000,
            help="One member is probed each period.",
            section="Probes",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            200,
            "ms",
            0.001,
            3_600_000,
            help="When others are asked to ping whom one has pinged in vain. A round trip, and some more.",
            section="Probes",
        ),
        Param(
            "k",
            "Indirect probes",
            "integer",
            3,
            "",
            0,
            100,
            help="How many others are asked. 0: none.",
            section="Probes",
        ),
        Param(
            "order",
            "Order",
            "choice",
            SHUFFLED,
            choices=(
                Choice(SHUFFLED, "In turn, shuffled by each anew"),
                Choice(RANDOM, "At random"),
                Choice(FIXED, "In turn, the same for all"),
            ),
            help="Whom it probes next.",
            section="Probes",
        ),
        Param(
            "rounds",
            "Periods begin",
            "choice",
            "apart",
            choices=(Choice("apart", "Each at a time of its own"), Choice(TOGETHER, "Together")),
            section="Probes",
        ),
        Param(
            "retry_periods",
            "Pings a failed one every",
            "integer",
            10,
            "periods",
            0,
            1_000_000,
            help="One that it holds failed, in case it was not. 0: never.",
            section="Probes",
        ),
        Param(
            "suspicion_periods",
            "Suspicion lasts",
            "number",
            10,
            "periods",
            0,
            1_000_000,
            help="Who has not refuted it by then is declared failed. 0: declared failed at once.",
            section="Suspicion",
        ),
        Param(
            "lambda",
            "λ",
            "integer",
            3,
            "",
            1,
            100,
            help="News are passed on λ · log2(n + 1) times, rounded up, by each member.",
            section="Dissemination",
        ),
        Param(
            "piggyback",
            "News a message",
            "integer",
            6,
            "",
            1,
            1000,
            help="At most so many on one message.",
            section="Dissemination",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("probes", "Probes"),
        Show("view", "Holds alive", look="badge"),
        Show("suspected", "Suspects"),
        Show("failed", "Holds failed"),
        Show("incarnation", "Incarnation", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("swim.messages", "messages", "Messages that it sent in a period.", "sample"),
        Metric("swim.accused", "members", "Members that did not answer its probe, directly or indirectly.", "count"),
        Metric("swim.declared", "members", "Members that it declared failed itself, not by hearsay.", "count"),
        Metric("swim.refuted", "accusations", "Suspicions and declarations of itself that it refuted.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Ping, PingReq, Ack)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "incarnations",
            "Incarnations rise",
            "A member's incarnation number never falls, over its restarts neither.",
            "monotonic",
            ("incarnation",),
            durable=True,
        ),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if params["k"] and params["timeout_ms"] * 2 > params["period_ms"]:
            why = "Indirect probes have no time to come back before the period ends: choose at most half of a period."
            return [("timeout_ms", why)]
        return []

    def start(self) -> None:
        self.period_ns = to_ns(self.number("period_ms"))
        self.suspicion_ns = int(self.number("suspicion_periods") * self.period_ns)
        self.order = self.text("order")
        self.own = self.incarnation * BOOT
        self.view: dict[str, News] = {peer: News(peer, ALIVE, 0) for peer in self.peers}
        self.failed: dict[str, bool] = {}  # whom it holds failed, in the order of hearing
        self.suspected: dict[str, bool] = {}
        self.buffer: dict[str, News] = {}  # what is to be passed on, by member
        self.passed: dict[str, int] = {}  # how often it was
        self.passes_max = self.integer("lambda") * (len(self.peers) + 1).bit_length()
        self.piggyback = self.integer("piggyback")
        self.queue: list[str] = []
        self.target = ""
        self.number_of_probe = 0
        self.answered = True
        self.sent = 0
        if self.own:
            self.spread(News(self.id, ALIVE, self.own))
        self.show("incarnation", self.own)
        self.show_view()
        if self.peers:
            phase_ns = 0 if self.text("rounds") == TOGETHER else int(self.draw("phase") * self.period_ns)
            self.timer(phase_ns or self.period_ns, "period", self.turn)

    # Probing, section 3.1

    def turn(self) -> None:
        """A period ends and the next begins."""
        self.timer(self.period_ns, "period", self.turn)
        if self.target:
            self.publish("swim.messages", self.sent)
        self.sent = 0
        if not self.answered and self.view[self.target].status == ALIVE:
            self.accuse(self.target)
        self.number_of_probe += 1
        self.target = self.next_target()
        self.answered = not self.target
        self.show("probes", self.target)
        if self.target:
            self.say(self.target, Ping(self.id, self.number_of_probe, self.news_for(self.target)))
            number = self.number_of_probe
            self.timer(to_ns(self.number("timeout_ms")), "timeout", lambda: self.probe_indirectly(number))
        every = self.integer("retry_periods")
        if every and self.failed and self.number_of_probe % every == 0:
            lost = list(self.failed)
            member = lost[int(self.draw("whom to try again") * len(lost))]
            self.say(member, Ping(self.id, 0, self.news_for(member)))

    def next_target(self) -> str:
        """Whom to probe; "": nobody is left."""
        if len(self.failed) == len(self.peers):
            return ""
        if self.order == RANDOM:
            present = [peer for peer in self.peers if peer not in self.failed]
            return present[int(self.draw("whom to probe") * len(present))]
        while True:
            if not self.queue:
                self.queue = self.peers[::-1] if self.order == FIXED else self.shuffled(list(self.peers))
            target = self.queue.pop()
            if target not in self.failed:
                return target

    def shuffled(self, members: list[str]) -> list[str]:
        """In an order in which each is as likely as any (Fisher, Yates)."""
        for last in range(len(members) - 1, 0, -1):
            other = int(self.draw("order") * (last + 1))
            members[last], members[other] = members[other], members[last]
        return members

    def put_in_order(self, member: str) -> None:
        """Who joins is put anywhere among all, before or behind those whose turn has been (section 4.3)."""
        place = int(self.draw("where to put") * len(self.peers))
        if place <= len(self.queue) and member not in self.queue:
            self.queue.insert(place, member)

    def probe_indirectly(self, number: int) -> None:
        """No ack yet: ask k others."""
        if self.answered or number != self.number_of_probe or not self.integer("k"):
            return
        others = [peer for peer in self.peers if peer != self.target and self.view[peer].status == ALIVE]
        for _ in range(min(self.integer("k"), len(others))):
            other = others.pop(int(self.draw("whom to ask") * len(others)))
            self.say(other, PingReq(self.target, number, self.news_for(other)))

    def on_ping(self, body: Ping, message: Message) -> None:
        self.learn(body.news)
        sender = message.channel.src.id
        self.say(sender, Ack(self.id, body.asker, body.number, self.news_for(sender)))

    def on_ping_req(self, body: PingReq, message: Message) -> None:
        self.learn(body.news)
        if body.member in self.view:
            self.say(body.member, Ping(message.channel.src.id, body.number, self.news_for(body.member)))

    def on_ack(self, body: Ack, message: Message) -> None:
        self.learn(body.news)
        if body.asker != self.id:
            if body.asker in self.view:
                self.say(body.asker, Ack(body.member, body.asker, body.number, self.news_for(body.asker)))
        elif body.number == self.number_of_probe and body.member == self.target:
            self.answered = True

    def say(self, to: str, body: Body) -> None:
        """Send, and count."""
        self.sent += 1
        self.send(to, body)

    # Suspicion, section 4.2

    def accuse(self, member: str) -> None:
        """It has not answered: suspect it, or declare it failed."""
        self.publish("swim.accused", 1)
        status = SUSPECT if self.suspicion_ns else FAILED
        if status == FAILED:
            self.publish("swim.declared", 1)
        self.accept(News(member, status, self.view[member].incarnation))

    def give_up(self, suspicion: News) -> None:
        """Nobody has refuted it in time."""
        if self.view[suspicion.member] == suspicion:
            self.publish("swim.declared", 1)
            self.accept(News(suspicion.member, FAILED, suspicion.incarnation))

    def learn(self, news: Piggyback) -> None:
        """Take in what others say."""
        for one in news:
            if one.member == self.id:
                self.refute(one)
            elif one.member in self.view and one.overrides(self.view[one.member]):
                self.accept(one)

    def refute(self, news: News) -> None:
        """I am alive: only I may say so. Who has missed that I said so is told again."""
        if news.status == ALIVE:
            return
        if news.incarnation >= self.own:
            self.own = news.incarnation + 1
            self.publish("swim.refuted", 1)
            self.show("incarnation", self.own)
        self.spread(News(self.id, ALIVE, self.own))

    def accept(self, news: News) -> None:
        """Hold something of a member, and pass it on."""
        member = news.member
        if member in self.failed and self.order == SHUFFLED:
            self.put_in_order(member)
        self.failed.pop(member, None)
        self.suspected.pop(member, None)
        self.view[member] = news
        if news.status == FAILED:
            self.failed[member] = True
        elif news.status == SUSPECT:
            self.suspected[member] = True
            self.timer(self.suspicion_ns, "suspicion", lambda: self.give_up(news))
        self.spread(news)
        self.show_view()

    # Dissemination, section 4.1

    def spread(self, news: News) -> None:
        """Pass it on with what is sent anyway."""
        self.buffer[news.member] = news
        self.passed[news.member] = 0

    def news_for(self, to: str) -> Piggyback:
        """What to pass on: what is held against the receiver, then what was passed on least often."""
        found: list[News] = []
        if self.view[to].status != ALIVE:
            found.append(self.view[to])
        if self.buffer:
            for member in sorted(self.buffer, key=lambda one: self.passed[one])[: self.piggyback - len(found)]:
                if member != to:
                    found.append(self.buffer[member])
                    self.passed[member] += 1
                    if self.passed[member] >= self.passes_max:
                        del self.buffer[member]
        return tuple(found)

    def show_view(self) -> None:
        """Whom it holds alive, suspects, holds failed."""
        failed = " ".join(sorted(self.failed))
        self.show("view", f"{len(self.peers) + 1 - len(self.failed)} of {len(self.peers) + 1}")
        self.show("suspected", " ".join(self.suspected))
        self.show("failed", failed)
        self.show("digest", f"{crc32(failed.encode()):08x}")
