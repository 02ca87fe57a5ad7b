"""Counters that merge: numbers to which everybody may add anywhere, and that come out the same everywhere.

In the *G-counter* each writer counts for itself what it has added. The counts only grow, so that two copies are merged
by the greater of each, in any order and as often as one likes; the number is their sum (Shapiro, Preguiça, Baquero,
Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA RR-7506, 2011, section
3.1.2). By the greater of each one cannot take anything away: the smaller count would not last. The *PN-counter* is two
of them, one for what was added and one for what was taken away (section 3.1.3). A counter here is a PN-counter; while
nobody takes away, it is a G-counter.
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
