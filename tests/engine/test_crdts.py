"""Sets and maps that merge: commutative, associative, idempotent, and right, over random histories.

Shapiro, Preguiça, Baquero, Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA
RR-7506, 2011: a merge that is a join of a semilattice makes copies converge (section 2.3.1).
"""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from simulations.engine.crdt_maps import put, values
from simulations.engine.crdt_sets import EMPTY, Entries, ObservedSet, Tag, text_of

COPIES = 3


def history(seed: int, steps: int = 40) -> tuple[list[ObservedSet], set[Tag], set[Tag]]:
    """Copies that were changed and merged at random; all additions, and those that a removal has seen."""
    rng = Random(seed)
    copies = [EMPTY] * COPIES
    made: set[Tag] = set()
    gone: set[Tag] = set()
    for step in range(steps):
        place, element = rng.randrange(COPIES), rng.choice("abc")
        held, tag = copies[place], (place, step)
        seen = {(writer, count) for name, writer, count, _ in held.entries if name == element}
        what = rng.choice(("add", "remove", "put", "merge", "merge"))
        if what == "merge":
            copies[place] = held.merged(copies[rng.randrange(COPIES)])
        elif what == "remove":
            copies[place] = held.without(element)
            gone |= seen
        else:
            copies[place] = held.added(element, tag) if what == "add" else put(held, element, step + 1, tag)
            made.add(tag)
            gone |= seen if what == "put" else set()
    return copies, made, gone


def tags(entries: Entries) -> set[Tag]:
    return {(writer, count) for _, writer, count, _ in entries}


@pytest.mark.parametrize("seed", range(20))
def test_merging_is_commutative_associative_and_idempotent(seed: int) -> None:
    copies, _, _ = history(seed)
    for one, two, three in product(copies, repeat=3):
        assert one.merged(one) == one
        assert one.merged(two) == two.merged(one)
        assert one.merged(two).merged(three) == one.merged(two.merged(three))


@pytest.mark.parametrize("seed", range(20))
def test_in_the_end_there_is_what_was_added_and_not_removed_by_one_who_had_seen_it(seed: int) -> None:
    """Section 3.3.5: the sequential specification, by the tags of what is observed."""
    copies, made, gone = history(seed)
    end = copies[0].merged(copies[1]).merged(copies[2])
    assert tags(end.entries) == made - gone
    assert set(end.removed) == gone


def test_an_addition_wins_against_a_removal_that_has_not_seen_it() -> None:
    both = EMPTY.added("milk", (1, 1))
    one, other = both.without("milk"), both.added("milk", (2, 1))
    assert one.merged(other).elements() == ["milk"]
    assert one.merged(both).elements() == []
    assert one.merged(other).without("milk").merged(other).elements() == []


def test_what_is_added_again_is_there_again() -> None:
    """Unlike in a set whose removals are for ever (section 3.3.2, the 2P-set)."""
    assert EMPTY.added("milk", (1, 1)).without("milk").added("milk", (1, 2)).elements() == ["milk"]


def test_two_who_set_different_fields_are_not_in_each_others_way() -> None:
    both = put(EMPTY, "name", 1, (1, 1))
    one, other = put(both, "name", 2, (1, 2)), put(both, "street", 3, (2, 1))
    assert values(one.merged(other).entries) == {"name": [2], "street": [3]}


def test_a_field_that_two_set_at_once_has_both_values_until_somebody_has_seen_them() -> None:
    """Section 3.2.2, the multi-value register."""
    one, other = put(EMPTY, "name", 1, (1, 1)), put(EMPTY, "name", 2, (2, 1))
    both = one.merged(other)
    assert values(both.entries) == {"name": [1, 2]}
    assert values(put(both, "name", 3, (1, 2)).merged(other).entries) == {"name": [3]}


def test_what_is_shown_is_short() -> None:
    assert text_of(EMPTY.entries) == "{}"
    assert text_of(EMPTY.added("milk", (1, 1)).added("milk", (2, 1)).entries) == "{milk}"
    assert text_of(put(put(EMPTY, "a", 1, (1, 1)), "b", 2, (1, 2)).entries) == "{a: 1, b: 2}"
    many = EMPTY
    for number in range(9):
        many = many.added(f"i{number}", (1, number))
    assert text_of(many.entries) == "{i0, i1, i2, i3, i4, i5, 3 more}"
