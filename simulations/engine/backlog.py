"""What a process misses while a fault holds it still: kept in order, and made up for when it is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulations.engine.channel import Message
from simulations.engine.kernel import Event
from simulations.engine.messages import Probe

if TYPE_CHECKING:
    from simulations.engine.node import Node


class Backlog:
    """The messages, timers and awaited ends that came due for a process that is held still."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.missed: list[Event] = []

    def add(self, event: Event) -> None:
        """Keep an event for later. A process that only hangs still answers probes."""
        node = self.node
        if isinstance(event, Message) and isinstance(event.body, Probe) and not node.host.pauses:
            node.alive = True
            node.receive(event)
            node.alive = False
        else:
            self.missed.append(event)

    def look_through(self) -> None:
        """Still hanging, but no longer paused: answer the probes that came meanwhile."""
        missed = self.missed
        self.missed = []
        for event in missed:
            self.add(event)

    def requests(self) -> list[Message]:
        """The messages that wait and are not replies."""
        return [event for event in self.missed if isinstance(event, Message) and not event.replies]

    def make_up(self) -> None:
        """All that was missed happens now, in its order."""
        for event in self.missed:
            if isinstance(event, Message):
                self.node.receive(event)
            else:
                event.fire()


def unanswered(node: Node) -> list[Message]:
    """The requests that a process was to answer, in the order of their sending."""
    tasks = sorted(node.tasks, key=lambda task: task.request.id)
    found: list[Message] = [task.request for task in tasks if task.answers and isinstance(task.request, Message)]
    return found if node.backlog is None else found + node.backlog.requests()
