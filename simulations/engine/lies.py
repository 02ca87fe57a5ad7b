"""Lies: what a Byzantine node says and feigns (Lamport, Shostak, Pease: "The Byzantine Generals Problem", TOPLAS 4(3),
1982). What lying means is declared by each node type; that it answers nobody can be said of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Lie
from simulations.engine.fault import HostFault
from simulations.engine.host import Host
from simulations.engine.messages import Body
from simulations.engine.network import Network
from simulations.engine.taps import outlet_of, shut

if TYPE_CHECKING:
    from simulations.engine.node import Node

SILENT: Final = "silent"
LIES: Final[tuple[Lie, ...]] = (Lie(SILENT, "Answers nobody", "It takes requests and says nothing."),)  # of every type


class Feint:
    """What handles one kind of message of a process that may feign: its handler, and what goes before it."""

    def __init__(self, liar: Liar, process: Node, honest: Callable[[Any, Message], Any]) -> None:
        self.liar = liar
        self.process = process
        self.honest = honest

    def handle(self, body: Any, message: Message) -> Any:
        """Feign an answer, or handle the message as ever."""
        for behaviour in self.liar.behaviours:
            answer = self.process.feign(behaviour, body, message)
            if answer is not None:
                return answer
        return self.honest(body, message)


class Liar:
    """The lies that a host tells at the moment, whichever process runs on it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.behaviours: list[str] = []
        self.feints: list[Feint] = []
        host.lay_channels()
        for channel in host.channels.values():
            outlet_of(channel).liar = self
        if host.process is not None:
            self.possess(host.process)

    def possess(self, process: Node) -> None:
        """Take hold of a process."""
        self.feints = []
        handlers = process.handlers
        for kind in list(handlers):
            feint = Feint(self, process, handlers[kind])
            self.feints.append(feint)
            handlers[kind] = feint.handle

    def leave(self) -> None:
        """Let the host be honest again."""
        for channel in self.host.channels.values():
            outlet_of(channel).liar = None
            shut(channel)
        process = self.host.process
        if process is not None:
            for kind, feint in zip(list(process.handlers), self.feints, strict=True):
                process.handlers[kind] = feint.honest

    def says(self, to: str, body: Body, replies: bool) -> Body | None:
        """What is said to a neighbour in place of a body; None: nothing."""
        process = self.host.process
        if process is None:
            return body
        said: Body | None = body
        for behaviour in self.behaviours:
            if behaviour == SILENT:
                said = None if replies else said
            elif said is not None:
                try:
                    said = process.lie(behaviour, to, said)
                except Exception as error:
                    raise process.bug(error) from error
        return said


class Byzantine(HostFault):
    """A node deceives others in one of the ways that its type declares."""

    def __init__(self, network: Network, number: int, host: Host, behaviour: str) -> None:
        super().__init__(network, number, host, f"lies: {behaviour}")
        self.behaviour = behaviour

    def apply(self) -> None:
        if self.host.liar is None:
            self.host.liar = Liar(self.host)
        self.host.liar.behaviours.append(self.behaviour)

    def revert(self) -> None:
        liar = self.host.liar
        if liar is not None:
            liar.behaviours.remove(self.behaviour)
            if not liar.behaviours:
                liar.leave()
                self.host.liar = None
