"""Consumer groups: who of a group reads which partitions of a log.

A partition is read by one member at a time. When a member joins, leaves or is silent for longer than its session, the
partitions are shared out anew, evenly and with as few moves as possible. A partition that moves is taken from its
holder first, who finishes what it has in hand, and given to the next one after that (Kafka's KIP-848, "The Next
Generation of the Consumer Rebalance Protocol"). A member whose session has ended is not waited for: what it still does
may be done twice, but it can no longer commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NOBODY: Final = ""


def shared_out(partitions: int, members: Sequence[str], before: dict[int, str]) -> dict[int, str]:
    """Which member is to read each partition: evenly, and as before where that can be."""
    if not members:
        return {}
    share, extra = divmod(partitions, len(members))
    load = dict.fromkeys(members, 0)
    found: dict[int, str] = {}
    for partition in range(partitions):
        member = before.get(partition, NOBODY)
        if member not in load or load[member] > share or (load[member] == share and extra == 0):
            continue
        if load[member] == share:
            extra -= 1
        load[member] += 1
        found[partition] = member
    for partition in range(partitions):
        if partition not in found:
            member = min(members, key=lambda one: (load[one], one))
            load[member] += 1
            found[partition] = member
    return found


class Group:
    """A group's members, who is to read what, who does, and how far the group has come."""

    def __init__(self, name: str, partitions: int, committed: dict[int, int], begins_ns: int) -> None:
        self.name = name
        self.partitions = partitions
        self.committed = committed  # by partition: the offset of the next record
        self.begins_ns = begins_ns  # before that nothing is shared out: others may still come
        self.generation = 0
        self.members: dict[str, int] = {}  # until when each counts as there
        self.wanted: dict[int, str] = {}  # by partition: who is to read it
        self.holder: dict[int, str] = {}  # who does

    def renew(self, member: str, held: Sequence[int], until_ns: int) -> bool:
        """A member is there and has these partitions in hand. True if it is new."""
        joins = member not in self.members
        self.members[member] = until_ns
        if joins:  # to the group, or to a broker that has forgotten it
            for partition in held:
                self.holder.setdefault(partition, member)
        for partition, holder in list(self.holder.items()):
            if holder == member and self.wanted.get(partition, member) != member and partition not in held:
                del self.holder[partition]
        return joins

    def remove(self, member: str) -> None:
        """A member is gone, and holds nothing any longer."""
        del self.members[member]
        for partition, holder in list(self.holder.items()):
            if holder == member:
                del self.holder[partition]

    def rebalance(self) -> str:
        """Share the partitions out among those who are there; what has come of it, in words."""
        self.generation += 1
        members = sorted(self.members)
        self.wanted = shared_out(self.partitions, members, {**self.holder, **self.wanted})
        parts = [
            f"{member}: {', '.join(str(one) for one in range(self.partitions) if self.wanted[one] == member) or 'none'}"
            for member in members
        ]
        return f"{self.name}, generation {self.generation}: {'; '.join(parts) or 'no members'}"

    def assigned(self, member: str) -> tuple[tuple[int, int], ...]:
        """The partitions that a member is to read now: those meant for it that nobody else holds; before anything is
        shared out, those that it holds.
        """
        found: list[tuple[int, int]] = []
        for partition in range(self.partitions):
            meant_for = self.wanted.get(partition, self.holder.get(partition, NOBODY))
            if meant_for == member and self.holder.setdefault(partition, member) == member:
                found.append((partition, self.committed[partition]))
        return tuple(found)
