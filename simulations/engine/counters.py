"""The PN-counter: a number to which everybody may add anywhere, and that comes out the same everywhere.

Each writer counts for itself what it has added and what it has taken away. Both only grow, so that two copies are
merged by the greater of each, in any order and as often as one likes (Shapiro, Preguiça, Baquero, Zawirski:
"Conflict-free Replicated Data Types", SSS 2011; specification 7 of their technical report INRIA RR-7506).
"""

from __future__ import annotations

from simulations.engine.state_machine import fingerprint

Counter = tuple[tuple[int, int, int], ...]  # writers, what each has added and taken away, by writer


def added(counter: Counter, writer: int, amount: int) -> Counter:
    """The counter once a writer has added an amount, which may be negative."""
    parts = {one: (plus, minus) for one, plus, minus in counter}
    plus, minus = parts.get(writer, (0, 0))
    parts[writer] = (plus + amount, minus) if amount >= 0 else (plus, minus - amount)
    return _counter(parts)


def merged(one: Counter, other: Counter) -> Counter:
    """What both have counted."""
    parts = {writer: (plus, minus) for writer, plus, minus in one}
    for writer, plus, minus in other:
        known_plus, known_minus = parts.get(writer, (0, 0))
        parts[writer] = (max(plus, known_plus), max(minus, known_minus))
    return _counter(parts)


def total(counter: Counter) -> int:
    """The number."""
    return sum([plus - minus for _, plus, minus in counter])


def share(key: str, counter: Counter) -> int:
    """A counter's share of a digest of many."""
    return fingerprint(f"counter {key} {counter}", None) if counter else 0


def _counter(parts: dict[int, tuple[int, int]]) -> Counter:
    return tuple([(writer, *parts[writer]) for writer in sorted(parts)])
