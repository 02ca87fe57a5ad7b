"""Chain replication: copies in a row, writes go in at the head, reads are answered by the tail.

The **head** puts writes in order and passes them to its successor, which passes them on, each when it has them on disk.
What reaches the **tail** is on all members: it is done, and acknowledgements go back along the chain. So the tail can
answer every read from its own copy and asks nobody, and each member sends a write once, whereas a leader sends it to
all (van Renesse and Schneider, "Chain Replication for Supporting High Throughput and Availability", OSDI 2004, section
2). In the paper the tail answers writes, too; here the answer comes with the acknowledgement from whom the client
asked. Any member takes any request and sends it to the head or the tail.

A **master** leaves out who falls silent (section 3): a new head goes on with what it has; a new tail has at least what
the old one had; in between, the predecessor sends what is not acknowledged again. Who comes back is the new tail, gets
what it lacks from its predecessor, and answers when it has all that its predecessor had then.

The paper takes it that who is silent has stopped, and that everybody knows. Here nobody does: members ignore what
belongs to another version of the chain, and the tail answers reads only as long as it knows that the master has not
given it up, by a lease.
"""

from __future__ import annotations

from typing import ClassVar, Final

from simulations.engine.chaining import Asked, Chain, Here, Lacking, Pass, Reached, Watch
from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.forwarding import Forward
from simulations.engine.journaled_log import Cut, Entry, JournaledLog, Promise
from simulations.engine.messages import Body, Increment, Read, Request, Write
from simulations.engine.node import Node
from simulations.engine.state_machine import Command, StateMachine
from simulations.engine.tasks import Future, Refused

BATCH: Final = 200  # entries sent at once
ROUNDS: Final = 100  # of the master's questions, remembered


class ChainStore(Node):
    """A member of a chain."""

    TYPE: ClassVar[str] = "chain"
    TITLE: ClassVar[str] = "Chain store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a chain: writes at the head, reads at the tail"
    ICON: ClassVar[str] = "chain"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "lease_ms",
            "Lease",
            "number",
            200,
            "ms",
            0.1,
            3_600_000,
            help="How long the tail answers reads after the master last heard of it: less than the master's patience.",
            section="Chain",
        ),
        Param(
            "resend_ms",
            "Sends again after",
            "number",
            50,
            "ms",
            0.1,
            3_600_000,
            help="What is not acknowledged.",
            section="Chain",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            300,
            "ms",
            0.001,
            3_600_000,
            help="How long a member waits for the head or the tail.",
            section="Calls",
        ),
        fsync_param("Nothing is passed on or acknowledged before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Place", look="badge"),
        Show("version", "Chain", title_first=True),
        Show("length", "Log", "entries", title_first=True),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
        Show("done", "Done", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("chain.dropped", "entries", "Entries dropped because the chain went on without them.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Increment, Forward, Pass, Reached, Lacking, Watch)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "chain_one_head",
            "One head a version",
            "In any one version of the chain there is at most one head.",
            "one-per-term",
            ("role", "version"),
            "head",
        ),
        Invariant(
            "chain_done_stays",
            "What is done stays",
            "What a tail has declared done is the same at every tail that comes after.",
            "agreement",
            ("done",),
        ),
    )

    def start(self) -> None:
        self.journal = JournaledLog(self.disk, self.duration("fsync_time"), Promise(0, ""))
        self.timeout_ms = self.number("timeout_ms")
        self.lease_ns = to_ns(self.number("lease_ms"))
        self.machine = StateMachine()
        self.applied = 0
        self.chain = Chain(0, ())
        self.before = self.after = ""  # predecessor and successor
        self.whole = False
        self.settled = False  # all that was in the log when the chain changed is on disk
        self.own = 0  # entries on the own disk
        self.sent = self.incarnation << 32  # requests that it has forwarded, unlike any incarnation's before
        self.taken = {entry.name: True for entry in self.journal.entries if isinstance(entry, Asked)}
        self.goal = -1  # entries that the predecessor had when this member became its successor; −1: not known
        self.passed = 0  # entries that the successor is taken to have
        self.waiting: dict[int, Future] = {}
        self.rounds: dict[int, int] = {}  # the master's questions, and when they were answered
        self.lease_until_ns = -1
        self.show("role", "outside")
        self.show("version", 0)
        self.show("length", len(self.journal.entries))
        self.machine.show_all(self)
        self.again()

    # Clients

    async def on_write(self, body: Write, message: Message) -> Body:
        return await self.change(body, message)

    async def on_increment(self, body: Increment, message: Message) -> Body:
        return await self.change(body, message)

    async def change(self, body: Request, message: Message) -> Body:
        """A write goes in at the head (section 2.2)."""
        if self.heads():
            return await self.put_in(Entry(self.chain.version, Command(body, message.op)))
        if not self.chain.members:
            raise Refused("not in charge", False)
        self.sent += 1
        forward = Forward(self.chain.version, self.sent, body)
        reply: Body = await self.call(self.chain.members[0], forward, self.timeout_ms)
        return reply

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        """What another member was asked for. It stands in the log by its name, so that a copy that the network makes is
        known even after a restart; it gets no answer of its own. Raises Refused where one is not the head; who was it
        before a restart may have put it in.
        """
        name = (message.channel.src.id, body.number)
        if name in self.taken:
            return None
        if not self.heads():
            raise Refused("not in charge", self.incarnation > 0)
        entry = Asked(self.chain.version, Command(body.request, message.op), name)
        return await self.put_in(entry)

    def heads(self) -> bool:
        """Whether it is the head."""
        return self.chain.members[:1] == (self.id,)

    async def put_in(self, entry: Entry) -> Body:
        """As the head: an entry goes into the log, and down the chain. Raises Refused when the disk is full."""
        version = self.chain.version
        length = len(self.journal.entries)
        self.journal.add(Cut(length, (entry,)))
        if isinstance(entry, Asked):
            self.taken[entry.name] = True
        self.show("length", length + 1)
        written = Future()
        self.waiting[length + 1] = written
        await self.journal.durable()
        if self.chain.version == version:
            self.own = max(self.own, length + 1)
            self.forward()
        answer: Body = await written
        return answer

    async def on_read(self, body: Read, message: Message) -> Body:
        """A read is answered by the tail, while its lease lasts."""
        members = self.chain.members
        if not members or members[-1] != self.id:
            return await self.ask_tail(body, message)
        if not (self.whole and self.settled) or self.now_ns >= self.lease_until_ns:
            raise Refused("no lease", False)
        return self.machine.read(body.key)

    async def ask_tail(self, body: Read, message: Message) -> Body:
        """Have the tail answer. Raises Refused where it is not known."""
        members = self.chain.members
        if not members or message.channel.src.id in self.peers:
            raise Refused("not in charge", False)
        reply: Body = await self.call(members[-1], body, self.timeout_ms)
        return reply

    # Along the chain

    def forward(self) -> None:
        """There is more on the own disk: pass it on, or declare it done."""
        if self.after:
            self.send_on()
        elif self.whole and self.settled:
            self.done(self.own)
            self.tell_back()

    def send_on(self) -> None:
        """Send the successor what it is not known to have: what comes twice does no harm."""
        if not self.settled or not self.after:
            return
        journal = self.journal
        last = max(self.passed, min(self.own, self.passed + BATCH))
        entries = tuple(journal.entries[self.passed : last])
        version = self.chain.version
        self.send(self.after, Pass(version, self.passed, journal.epoch_at(self.passed), entries, self.own))

    def tell_back(self) -> None:
        """Acknowledge to the predecessor what is done."""
        if self.before:
            self.send(self.before, Reached(self.chain.version, self.applied))

    def again(self) -> None:
        """Send again what is not acknowledged, over and over."""
        if self.applied < self.own or self.chain.joining == self.after:
            self.send_on()
        self.timer(to_ns(self.number("resend_ms")), "again", self.again)

    async def on_pass(self, body: Pass, message: Message) -> None:
        """Take over the predecessor's log from where both agree (section 3, the update propagation invariant)."""
        before = message.channel.src.id
        if body.version != self.chain.version or before != self.before:
            return
        journal = self.journal
        if self.goal < 0 and not self.begin_after(body.length):
            return
        if journal.epoch_at(body.after) != body.after_version:
            self.send(before, Lacking(body.version, self.earlier(body.after)))
            return
        if not self.take(body):
            return
        last = body.after + len(body.entries)
        last_version = journal.epoch_at(last)
        await journal.durable()
        if self.chain.version != body.version or journal.epoch_at(last) != last_version:
            return
        if not self.after and not self.whole and last >= self.goal:
            self.whole = True
            self.note("has caught up")
        self.own = max(self.own, last)
        if self.after and last <= self.applied:
            self.tell_back()
        elif self.after or self.whole:
            self.forward()
        else:
            self.send(before, Lacking(body.version, last))

    def begin_after(self, length: int) -> bool:
        """The first that comes from a predecessor: what goes beyond its log is not in the chain. False when the disk is
        full.
        """
        beyond = len(self.journal.entries) - length
        if beyond > 0:
            try:
                self.journal.add(Cut(length, ()))
            except Refused:
                return False
            self.own = min(self.own, length)
            self.publish("chain.dropped", beyond)
            self.show("length", length)
        self.goal = length
        return True

    def take(self, body: Pass) -> bool:
        """Keep what is new; what differs goes, with all that follows it. False when the disk is full."""
        journal = self.journal
        for place, entry in enumerate(body.entries, body.after + 1):
            if journal.epoch_at(place) != entry.epoch:
                dropped = len(journal.entries) - place + 1
                try:
                    journal.add(Cut(place - 1, body.entries[place - 1 - body.after :]))
                except Refused:
                    return False
                if dropped:
                    self.publish("chain.dropped", dropped)
                self.own = min(self.own, place - 1)
                self.show("length", len(journal.entries))
                break
        return True

    def earlier(self, after: int) -> int:
        """Where the predecessor's log may agree with this one."""
        journal = self.journal
        place = min(after, len(journal.entries))
        if place == after:
            version = journal.epoch_at(place)
            while place and journal.epoch_at(place) == version:
                place -= 1
        return place

    def on_lacking(self, body: Lacking, message: Message) -> None:
        """The successor has less than was thought, or is ready for more."""
        if body.version == self.chain.version and message.channel.src.id == self.after:
            self.passed = body.length
            self.send_on()

    def on_reached(self, body: Reached, message: Message) -> None:
        """The tail has it: it is done, and the predecessor is told."""
        if body.version != self.chain.version or message.channel.src.id != self.after:
            return
        full = body.length == self.passed + BATCH
        self.passed = max(self.passed, body.length)
        if body.length > self.applied:
            self.done(min(body.length, self.own))
            self.tell_back()
        if full:
            self.send_on()

    def done(self, length: int) -> None:
        """Apply the log up to here, and answer who waits."""
        tail = not self.after
        while self.applied < length:
            entry = self.journal.entries[self.applied]
            self.applied += 1
            answer = self.machine.apply(entry.command)
            self.machine.show(self, entry.command)
            if tail:
                self.show("done", f"{self.applied} = version {entry.epoch}, operation {entry.command.op}")
            written = self.waiting.pop(self.applied, None)
            if written is not None:
                written.resolve(answer, None)

    # The chain itself

    async def on_watch(self, body: Watch, message: Message) -> Body:
        """The master asks, and tells of the chain (section 3)."""
        if body.heard in self.rounds:
            self.lease_until_ns = max(self.lease_until_ns, self.rounds[body.heard] + self.lease_ns)
        if body.chain.version > self.chain.version:
            self.adopt(body.chain)
            await self.settle(body.chain.version)
        self.rounds.setdefault(body.round, self.now_ns)
        if len(self.rounds) > ROUNDS:
            del self.rounds[min(self.rounds)]
        return Here(self.chain.version, self.whole)

    def adopt(self, chain: Chain) -> None:
        """Take one's place in a new chain."""
        self.chain = chain
        members = chain.members
        place = members.index(self.id) if self.id in members else -1
        self.before = members[place - 1] if place > 0 else ""
        self.after = members[place + 1] if 0 <= place < len(members) - 1 else ""
        self.whole = place >= 0 and chain.joining != self.id
        self.settled = False
        self.goal = -1
        self.passed = self.applied
        last = place == len(members) - 1
        role = "outside" if place < 0 else "head" if place == 0 else "tail" if last else "middle"
        self.show("role", role)
        self.show("version", chain.version)
        if place != 0:
            for written in self.waiting.values():
                written.fail(Refused("no longer the head", True), None)
            self.waiting = {}

    async def settle(self, version: int) -> None:
        """Have all that is in the log on disk, and go on in the new chain."""
        length = len(self.journal.entries)
        await self.journal.durable()
        if self.chain.version == version:
            self.own = max(self.own, min(length, len(self.journal.entries)))
            self.settled = True
            self.forward()
