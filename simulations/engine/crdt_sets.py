"""The observed-remove set: who removes an element takes away the additions that it has seen, and no others.

Every addition has a tag of its own. Removing an element removes the tags that are here and remembers them; an addition
made elsewhere meanwhile has another tag and stays: the addition wins. What is added and what is removed both only grow,
so that two copies are merged by taking both together, in any order and as often as one likes (Shapiro, Preguiça,
Baquero, Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA RR-7506, 2011,
section 3.3.5). The memory of what was removed is the price; it is not collected here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulations.engine.state_machine import fingerprint

Tag = tuple[int, int]  # a writer, and which of its additions
Entry = tuple[str, int, int, int]  # an element, the tag of its addition, and a value (0: a mere element)
Entries = tuple[Entry, ...]
SHOWN_MAX: Final = 6


@dataclass(frozen=True)
class ObservedSet:
    """The additions that are there, and the tags of those that were removed; both in order."""

    entries: Entries = ()
    removed: tuple[Tag, ...] = ()

    def elements(self) -> list[str]:
        """What is in it."""
        return list(dict.fromkeys([entry[0] for entry in self.entries]))

    def added(self, element: str, tag: Tag, value: int = 0) -> ObservedSet:
        """The same with one more addition."""
        return ObservedSet(tuple(sorted((*self.entries, (element, *tag, value)))), self.removed)

    def without(self, element: str) -> ObservedSet:
        """The same without the additions of an element that are here."""
        seen = [tag_of(entry) for entry in self.entries if entry[0] == element]
        left = tuple([entry for entry in self.entries if entry[0] != element])
        return ObservedSet(left, tuple(sorted((*self.removed, *seen))))

    def merged(self, other: ObservedSet) -> ObservedSet:
        """What both have added, without what either has removed."""
        removed = dict.fromkeys((*self.removed, *other.removed))
        entries = united((self.entries, other.entries))
        return ObservedSet(tuple([one for one in entries if tag_of(one) not in removed]), tuple(sorted(removed)))

    def size(self) -> int:
        """Bytes on the wire."""
        return 24 * len(self.entries) + 12 * len(self.removed)

    def share(self, key: str) -> int:
        """Its share of a digest of many."""
        return fingerprint(f"set {key} {self.entries} {self.removed}", None) if self.entries or self.removed else 0


EMPTY: Final = ObservedSet()


def tag_of(entry: Entry) -> Tag:
    """By which an addition is known."""
    return entry[1], entry[2]


def united(several: Iterable[Entries]) -> Entries:
    """All that is in any of them."""
    together: dict[Entry, bool] = {}
    for entries in several:
        together.update(dict.fromkeys(entries, True))
    return tuple(sorted(together))


def text_of(entries: Entries) -> str:
    """How a set or a map is shown."""
    values: dict[str, list[str]] = {}
    for element, _, _, value in entries:
        values.setdefault(element, []).extend([str(value)] if value else [])
    words = [f"{element}: {'/'.join(found)}" if found else element for element, found in values.items()]
    more = [f"{len(words) - SHOWN_MAX} more"] if len(words) > SHOWN_MAX else []
    return "{" + ", ".join(words[:SHOWN_MAX] + more) + "}"
