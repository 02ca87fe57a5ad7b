"""The swarm peer: takes a file in pieces from others who want it too, and gives them those that it has.

A *seed* has every piece; everybody else begins with none, or with what its disk kept. A peer greets a few others at
random, and tells them of each piece that it gets. It asks for the piece that the fewest of its neighbours have, so that
rare pieces become common before whoever had them leaves. It gives to as many neighbours at a time as it has slots:
to those who gave most to it lately (tit for tat), and to one chosen at random, who may turn out to give more
(optimistic unchoking); the others are *choked*. Whoever is complete gives to all in turn. Its uplink sends one piece
after the other, so that a swarm's capacity grows with the number of its members, where a server's is shared by them.

The protocol is BitTorrent's: Bram Cohen, "Incentives Build Robustness in BitTorrent", P2P Econ 2003. That rarest first
keeps pieces equally common: Legout, Urvoy-Keller, Michiardi, "Rarest First and Choke Algorithms Are Enough", IMC 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Occurrence, Refusal, Reply, Request
from simulations.engine.node import Node
from simulations.engine.pieces import Neighbour, Pieces, Uplink
from simulations.engine.tasks import Cause, Failure, Refused

BYTES_PER_KB: Final = 1000
HEADER_BYTES: Final = 128
CHOKED: Final = "choked"

# Messages


@dataclass(frozen=True)
class Handshake(Request):
    """Let us be neighbours; I have these pieces, a bit each. `life`: how often I have started before."""

    pieces: int
    life: int

    def size(self) -> int:
        return HEADER_BYTES + self.pieces.bit_length() // 8


@dataclass(frozen=True)
class Bitfield(Reply):
    """Gladly; I have these."""

    pieces: int
    life: int

    def size(self) -> int:
        return HEADER_BYTES + self.pieces.bit_length() // 8


@dataclass(frozen=True)
class Have(Occurrence):
    """I have got this piece."""

    piece: int


@dataclass(frozen=True)
class Unchoke(Occurrence):
    """You may ask me for pieces."""


@dataclass(frozen=True)
class Choke(Occurrence):
    """You may not any longer."""


@dataclass(frozen=True)
class AskPiece(Request):
    """Give me this piece."""

    piece: int


@dataclass(frozen=True)
class Piece(Reply):
    """Here it is."""

    piece: int
    bytes: int

    def size(self) -> int:
        return HEADER_BYTES + self.bytes


@dataclass(frozen=True)
class Goodbye(Occurrence):
    """I leave."""


class Peer(Node):
    """Downloads a file together with others, and uploads to them."""

    TYPE: ClassVar[str] = "peer"
    TITLE: ClassVar[str] = "Swarm peer"
    CATEGORY: ClassVar[str] = "Peers"
    SUMMARY: ClassVar[str] = "Takes a file in pieces from others who want it, and gives them its own"
    ICON: ClassVar[str] = "peer"
    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("seed", "Seed", "boolean", False, help="It has the whole file from the start.", section="File"),
        Param("pieces", "Pieces", "integer", 32, "", 1, 2000, help="The file is cut into so many.", section="File"),
        Param("piece_kb", "Size of a piece", "number", 256, "kB", 0.1, 100_000, section="File"),
        Param(
            "upload_mbit_per_s",
            "Uplink",
            "number",
            10,
            "Mbit/s",
            0.001,
            100_000,
            help="Pieces leave one after the other at this rate; links may slow them further.",
            section="Giving",
        ),
        Param(
            "uploads",
            "Gives",
            "boolean",
            True,
            help="Off: it only takes (a free rider, or a mere client).",
            section="Giving",
        ),
        Param(
            "slots",
            "Slots",
            "integer",
            4,
            "neighbours",
            1,
            1000,
            help="To so many it gives at a time; the others are choked.",
            section="Giving",
        ),
        Param(
            "reciprocity",
            "Gives to",
            "choice",
            "tit-for-tat",
            choices=(
                Choice("tit-for-tat", "Those who gave most, and one at random"),
                Choice("rotation", "All in turn"),
            ),
            help="While it is not complete; afterwards it gives to all in turn.",
            section="Giving",
        ),
        Param(
            "round_ms",
            "Chooses anew every",
            "number",
            1000,
            "ms",
            1,
            3_600_000,
            help="Ten seconds in BitTorrent.",
            section="Giving",
        ),
        Param(
            "optimistic_rounds",
            "Keeps the one at random for",
            "integer",
            3,
            "rounds",
            1,
            1000,
            section="Giving",
            when=("reciprocity", "tit-for-tat"),
        ),
        Param(
            "leaves",
            "Leaves",
            "choice",
            "never",
            choices=(
                Choice("never", "Never"),
                Choice("complete", "As soon as it has everything"),
                Choice("copy", "When it has given each piece once"),
            ),
            section="Giving",
        ),
        Param(
            "order",
            "Asks first for",
            "choice",
            "rarest",
            choices=(
                Choice("rarest", "The rarest piece"),
                Choice("random", "Any piece"),
                Choice("sequential", "The first piece that it lacks"),
            ),
            section="Taking",
        ),
        Param(
            "pipeline",
            "Asks at a time",
            "integer",
            2,
            "pieces",
            1,
            100,
            help="Of each neighbour that lets it; more than one keeps the other's uplink busy.",
            section="Taking",
        ),
        Param(
            "neighbours",
            "Greets",
            "integer",
            10,
            "peers",
            0,
            2000,
            help="Chosen at random; others may greet it as well. 0: all.",
            section="Taking",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            20_000,
            "ms",
            0.001,
            3_600_000,
            help="Whoever has not sent a piece by then counts as gone.",
            section="Taking",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("have", "Pieces", look="bar", full="pieces"),
        Show("role", "Role", look="badge"),
        Show("ratio", "Given ÷ taken", title_first=True),
        Show("known", "Neighbours", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("pieces.downloaded", "pieces", "Pieces that it has got from others.", "count"),
        Metric("pieces.uploaded", "pieces", "Pieces that it has given to others.", "count"),
        Metric("completion_ms", "ms", "From its start until it had the whole file.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Handshake, Have, Unchoke, Choke, AskPiece, Goodbye)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        piece_ms = params["piece_kb"] * 8 / params["upload_mbit_per_s"]
        waits_ms = piece_ms * params["slots"] * params["pipeline"]
        if params["uploads"] and waits_ms > params["timeout_ms"]:
            found.append(
                (
                    "timeout_ms",
                    f"An uplink like this takes {waits_ms:,.0f} ms for what its slots may ask at once: peers that are"
                    " well would be given up. Wait longer than that, or have fewer slots.",
                )
            )
        if params["seed"] and not params["uploads"]:
            found.append(("uploads", "A seed that gives nothing is no help to anybody. Let it give, or be no seed."))
        return found

    def start(self) -> None:
        self.pieces = Pieces(self, self.integer("pieces"), self.text("order"))
        self.piece_bytes = int(self.number("piece_kb") * BYTES_PER_KB)
        self.sends_ns = int(self.piece_bytes * 8_000 / self.number("upload_mbit_per_s"))
        self.slots = self.integer("slots")
        self.pipeline = self.integer("pipeline")
        self.timeout_ms = self.number("timeout_ms")
        self.gives = self.boolean("uploads")
        self.tit_for_tat = self.text("reciprocity") == "tit-for-tat"
        self.known: dict[str, Neighbour] = {}
        self.given = 0  # pieces that we have given at least once
        self.uploaded = self.downloaded = 0
        self.uplink = Uplink()
        self.choices = self.rounds = 0
        self.optimistic = ""
        self.left = False
        self.op = -1
        self.began_ns = self.now_ns
        kept = sum(1 << int(piece) for piece in self.disk.read().values())  # from an earlier life
        self.pieces.own = self.pieces.full if self.boolean("seed") else kept
        self.show_progress()
        if not self.pieces.complete:
            self.op = self.invoke("download", "file", None, self.new_process())
        self.greet()
        self.timer(int(to_ns(self.number("round_ms")) * (0.5 + self.draw("first round") / 2)), "round", self.round)

    # Neighbours

    def greet(self) -> None:
        """Greet others at random, until there are enough neighbours."""
        strangers = [name for name in self.peers if name not in self.known]
        wanted = self.integer("neighbours") or len(self.peers)
        for _ in range(min(wanted - len(self.known), len(strangers))):
            stranger = strangers.pop(int(self.draw("whom to greet") * len(strangers)))
            self.spawn(self.meet(stranger), self.cause)

    async def meet(self, name: str) -> None:
        """Become neighbours, if the other is there."""
        told = self.pieces.own
        try:
            reply: Bitfield = await self.call(name, Handshake(told, self.incarnation), self.timeout_ms)
        except Failure:
            return
        neighbour = self.acquaint(name)
        neighbour.life = reply.life
        self.learn(neighbour, reply.pieces)
        for piece in self.pieces.numbers(self.pieces.own & ~told):
            self.send(name, Have(piece))

    def on_handshake(self, body: Handshake, message: Message) -> Body:
        if self.left:
            return Refusal("left", False)
        name = message.channel.src.id
        known = self.known.get(name)
        if known is not None and known.life != body.life:
            self.part(name)
        neighbour = self.acquaint(name)
        neighbour.life = body.life
        self.learn(neighbour, body.pieces)
        return Bitfield(self.pieces.own, self.incarnation)

    def acquaint(self, name: str) -> Neighbour:
        """The neighbour of that name, a new one if need be. While there is a free slot it may ask at once."""
        neighbour = self.known.get(name)
        if neighbour is None:
            neighbour = self.known[name] = Neighbour(name)
            self.show("known", len(self.known))
            if self.gives and len([one for one in self.known.values() if one.unchoked]) < self.slots:
                self.let_ask(neighbour)
        return neighbour

    def learn(self, neighbour: Neighbour, pieces: int) -> None:
        """A neighbour has these pieces too."""
        self.pieces.count_owner(pieces & ~neighbour.pieces, 1)
        neighbour.pieces |= pieces
        self.ask(neighbour)

    def part(self, name: str) -> None:
        """Somebody is no neighbour any longer."""
        neighbour = self.known.pop(name, None)
        if neighbour is None:
            return
        self.show("known", len(self.known))
        self.pieces.count_owner(neighbour.pieces, -1)

    def on_goodbye(self, body: Goodbye, message: Message) -> None:
        self.part(message.channel.src.id)

    # Taking

    def on_have(self, body: Have, message: Message) -> None:
        if not self.left:
            self.learn(self.acquaint(message.channel.src.id), 1 << body.piece)

    def on_unchoke(self, body: Unchoke, message: Message) -> None:
        if not self.left:
            neighbour = self.acquaint(message.channel.src.id)
            neighbour.chokes_us = False
            self.ask(neighbour)

    def on_choke(self, body: Choke, message: Message) -> None:
        neighbour = self.known.get(message.channel.src.id)
        if neighbour is not None:
            neighbour.chokes_us = True

    def ask(self, neighbour: Neighbour) -> None:
        """Ask a neighbour for as many pieces as it may be asked for."""
        while not neighbour.chokes_us and neighbour.asked < self.pipeline:
            piece = self.pieces.choose(neighbour.pieces)
            if piece < 0:
                return
            self.pieces.asked |= 1 << piece
            neighbour.asked += 1
            why = Cause(self.cause.id, self.op, self.cause.lineage_for("ask"))
            self.spawn(self.fetch(neighbour, piece), why)

    async def fetch(self, neighbour: Neighbour, piece: int) -> None:
        """Get one piece. Who does not send it is a neighbour no longer, unless it merely chokes us."""
        try:
            await self.call(neighbour.name, AskPiece(piece), self.timeout_ms)
        except Failure as failure:
            self.pieces.asked &= ~(1 << piece)
            neighbour.asked -= 1
            if failure.reason == CHOKED:
                neighbour.chokes_us = True
            elif self.known.get(neighbour.name) is neighbour:
                self.part(neighbour.name)
            for other in list(self.known.values()):
                self.ask(other)
            return
        self.pieces.asked &= ~(1 << piece)
        neighbour.asked -= 1
        neighbour.gave += 1
        if not self.left:
            self.keep(piece)
            self.ask(neighbour)

    def keep(self, piece: int) -> None:
        """A piece has come: tell the neighbours."""
        self.pieces.own |= 1 << piece
        self.downloaded += 1
        self.disk.write(f"piece {piece}", piece)
        self.publish("pieces.downloaded", 1)
        self.show_progress()
        if self.gives:
            self.broadcast(list(self.known), Have(piece))
        if self.pieces.complete:
            self.publish("completion_ms", self.now_ns - self.began_ns)
            self.complete(self.op, "ok", None, "", 1)
            if self.text("leaves") == "complete":
                self.leave()

    # Giving

    async def on_ask_piece(self, body: AskPiece, message: Message) -> Body:
        neighbour = self.known.get(message.channel.src.id)
        if self.left:
            raise Refused("left", False)
        if neighbour is None or not neighbour.unchoked or not self.pieces.own & (1 << body.piece):
            raise Refused(CHOKED, False)
        await self.uplink.turn(neighbour.name)
        await self.sleep(self.sends_ns)
        self.uplink.release()
        self.uploaded += 1
        self.given |= 1 << body.piece
        self.publish("pieces.uploaded", 1)
        if self.given == self.pieces.full and self.text("leaves") == "copy":
            self.timer(0, "departure", self.leave)
        return Piece(body.piece, self.piece_bytes)

    def round(self) -> None:
        """Choose anew to whom to give, and look for more neighbours where they are few."""
        if self.left:
            return
        self.timer(to_ns(self.number("round_ms")), "round", self.round)
        self.rounds += 1
        if self.downloaded:
            self.show("ratio", f"{self.uploaded / self.downloaded:.2f}")
        self.greet()
        if not self.gives:
            return
        chosen = [one.name for one in self.chosen()]
        for neighbour in list(self.known.values()):
            neighbour.gave_before = neighbour.gave
            neighbour.gave = 0
            if neighbour.name in chosen and not neighbour.unchoked:
                self.let_ask(neighbour)
            elif neighbour.name not in chosen and neighbour.unchoked:
                self.choke(neighbour)

    def chosen(self) -> list[Neighbour]:
        """To whom to give in the next round: of those who lack something that we have."""
        lacking = [one for one in self.known.values() if self.pieces.own & ~one.pieces]
        if self.pieces.complete or not self.tit_for_tat:
            lacking.sort(key=lambda one: one.served)
            for one in lacking[: self.slots]:
                self.choices += 1
                one.served = self.choices
            return lacking[: self.slots]
        order = [(-one.gave - one.gave_before, self.draw("whom to give"), one.name) for one in lacking]
        names = [name for _, _, name in sorted(order)]
        if self.rounds % self.integer("optimistic_rounds") == 0 or self.optimistic not in names:
            rest = names[self.slots - 1 :]
            self.optimistic = rest[int(self.draw("optimistic") * len(rest))] if rest else ""
        best = [name for name in names if name != self.optimistic][: self.slots - 1]
        return [self.known[name] for name in (*best, self.optimistic) if name]

    def let_ask(self, neighbour: Neighbour) -> None:
        """Unchoke a neighbour."""
        neighbour.unchoked = True
        self.choices += 1
        neighbour.served = self.choices
        self.send(neighbour.name, Unchoke())

    def choke(self, neighbour: Neighbour) -> None:
        """Let a neighbour ask no longer, and forget what it has asked for."""
        neighbour.unchoked = False
        self.send(neighbour.name, Choke())
        self.uplink.turn_away(neighbour.name, Refused(CHOKED, False))

    # Leaving

    def leave(self) -> None:
        """Say goodbye; from now on, refuse whoever asks."""
        if self.left:
            return
        self.left = True
        self.note("leaves the swarm")
        self.broadcast(list(self.known), Goodbye())
        self.known = {}
        self.show("role", "left")

    # What it shows

    def show_progress(self) -> None:
        """Show how much of the file is there."""
        self.show("have", len(self.pieces.numbers(self.pieces.own)))
        self.show("role", "seed" if self.pieces.complete else "peer")
