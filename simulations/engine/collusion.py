"""How replicas lie that should agree: one that orders, those that help it, and one that forges proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulations.engine.byzantine import Commit, Prepare
from simulations.engine.certificates import (
    Order,
    Prepared,
    PrePrepare,
    ViewChange,
    committed,
    digest_of,
    make_order,
    ordered,
    prepared,
    seal,
    twin_of,
)
from simulations.engine.messages import Body
from simulations.engine.state_machine import NOOP


class Collusion:
    """What one liar knows: which order stands for which in the other half's story. Liars share their keys."""

    def __init__(self, id: str, members: Sequence[str]) -> None:
        self.id = id
        self.places = {member: place for place, member in enumerate(members)}
        self.stories: dict[str, Order] = {}  # by digest, both ways

    def learn(self, order: Order, primary: str) -> None:
        """Make up the other story of an order, unless there is one; liars make up the same."""
        if order.digest not in self.stories and order.number >= 0:
            number = -1 - order.number - self.places[order.contact] * 1_000_000_000
            twin = twin_of(order, primary, number)
            self.stories[order.digest] = twin
            self.stories[twin.digest] = order

    def apart(self, body: Body, to: str) -> Body:
        """As a primary, a story for each: the first backup hears the true one."""
        if not isinstance(body, PrePrepare) or body.who != self.id or body.order is None or body.order.number < 0:
            return body
        place = self.places[to]
        if place == min([other for member, other in self.places.items() if member != self.id]):
            return body
        return self._ordering(body, twin_of(body.order, self.id, -1 - body.seq * len(self.places) - place))

    def halves(self, body: Body, to: str, primary: str) -> Body:
        """A story for each half, in all phases."""
        if self.places[to] % 2 == self.places[self.id] % 2:
            return body
        if isinstance(body, PrePrepare) and body.who == self.id and body.order is not None:
            self.learn(body.order, primary)
            return self._ordering(body, self.stories.get(body.order.digest, body.order))
        if isinstance(body, (Prepare, Commit)) and body.digest in self.stories:
            digest = self.stories[body.digest].digest
            says = prepared if isinstance(body, Prepare) else committed
            return replace(body, digest=digest, seal=seal(self.id, says(body.view, body.seq, digest)))
        return body

    def forged(self, change: ViewChange, count: int) -> ViewChange:
        """A view change that claims to have prepared what nobody ordered; the seals of others are not theirs."""
        view = change.view - 1
        proofs: list[Prepared] = []
        for seq in range(change.stable.seq + 1, change.stable.seq + 1 + count):
            order = make_order(self.id, -1 - seq, NOOP)
            statement = prepared(view, seq, order.digest)
            seals = tuple([(member, seal(self.id, statement)) for member in self.places])
            proofs.append(Prepared(view, seq, order, seals))
        return replace(change, prepared=tuple(proofs)).sealed()

    def _ordering(self, said: PrePrepare, order: Order) -> PrePrepare:
        statement = ordered(said.view, said.seq, digest_of(order))
        return PrePrepare(said.view, said.seq, order, self.id, seal(self.id, statement))
