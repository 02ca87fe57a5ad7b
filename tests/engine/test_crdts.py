"""Types that merge: commutative, associative, idempotent, and right, over random histories.

Shapiro, Preguiça, Baquero, Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA
RR-7506, 2011: a merge that is a join of a semilattice makes copies converge (section 2.3.1).
"""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from simulations.engine.crdt_counters import Counter, added, merged, total
from simulations.engine.crdt_maps import put
from simulations.engine.crdt_sets import EMPTY, Entries, ObservedSet, Tag, text_of
from simulations.engine.versions import Version, Versions, advanced, covers, joined, reconciled

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


def values(fields: ObservedSet) -> dict[str, list[int]]:
    return {field: [value for name, _, _, value in fields.entries if name == field] for field in fields.elements()}


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
    assert values(one.merged(other)) == {"name": [2], "street": [3]}


def test_a_field_that_two_set_at_once_has_both_values_until_somebody_has_seen_them() -> None:
    """Section 3.2.2, the multi-value register."""
    one, other = put(EMPTY, "name", 1, (1, 1)), put(EMPTY, "name", 2, (2, 1))
    both = one.merged(other)
    assert values(both) == {"name": [1, 2]}
    assert values(put(both, "name", 3, (1, 2)).merged(other)) == {"name": [3]}


def test_a_field_set_at_once_outlives_its_removal_by_one_who_had_not_seen_that() -> None:
    both = put(EMPTY, "name", 1, (1, 1))
    assert values(both.without("name").merged(put(both, "name", 2, (2, 1)))) == {"name": [2]}


def test_what_is_shown_is_short() -> None:
    assert text_of(EMPTY.entries) == "{}"
    assert text_of(EMPTY.added("milk", (1, 1)).added("milk", (2, 1)).entries) == "{milk}"
    assert text_of(put(put(EMPTY, "a", 1, (1, 1)), "b", 2, (1, 2)).entries) == "{a: 1, b: 2}"
    many = EMPTY
    for number in range(9):
        many = many.added(f"i{number}", (1, number))
    assert text_of(many.entries) == "{i0, i1, i2, i3, i4, i5, 3 more}"


# Counters


def counted(seed: int, lowest: int, steps: int = 40) -> tuple[list[Counter], int]:
    """Copies of a counter that were added to and merged at random, by amounts from `lowest` to 3; what all came to."""
    rng = Random(seed)
    copies: list[Counter] = [()] * COPIES
    made = 0
    for _ in range(steps):
        place, amount = rng.randrange(COPIES), rng.randint(lowest, 3)
        if rng.random() < 0.5:
            copies[place] = merged(copies[place], copies[rng.randrange(COPIES)])
        else:
            copies[place] = added(copies[place], place, amount)
            made += amount
    return copies, made


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("lowest", [0, -3])
def test_counters_come_to_all_that_was_added_and_taken_away(seed: int, lowest: int) -> None:
    """The G-counter (section 3.1.2) and, where amounts may be negative, the PN-counter (3.1.3)."""
    copies, made = counted(seed, lowest)
    for one, two, three in product(copies, repeat=3):
        assert merged(one, one) == one
        assert merged(one, two) == merged(two, one)
        assert merged(merged(one, two), three) == merged(one, merged(two, three))
        assert lowest < 0 or total(merged(one, two)) >= max(total(one), total(two))
    assert total(merged(merged(*copies[:2]), copies[2])) == made


def test_a_g_counter_forgets_what_is_taken_away() -> None:
    """Why there are two of them in a PN-counter: of one writer's counts the greater stays."""
    before = added((), 1, 5)
    grown = ((1, 5 - 2, 0),)
    assert total(merged(before, grown)) == 5
    assert total(merged(before, added(before, 1, -2))) == 3


# Registers


def assigned(seed: int, multi: bool, hybrid: bool = True, steps: int = 40) -> tuple[list[Versions], list[Version]]:
    """Copies of a register that were written and merged at random, under clocks that differ; all that was written."""
    rng = Random(seed)
    copies: list[Versions] = [()] * COPIES
    made: list[Version] = []
    for step in range(steps):
        place = rng.randrange(COPIES)
        held = copies[place]
        if rng.random() < 0.5:
            copies[place] = reconciled(held, copies[rng.randrange(COPIES)], multi)
            continue
        stamp = max([100 * step - 1000 * place, *[one.wall_ns + 1 for one in held if hybrid]])
        own = [one.vector for one in made if one.writer == place]
        vector = advanced(joined([*[one.vector for one in held], *own]), place)
        made.append(Version(stamp, place, vector, step))
        copies[place] = reconciled(held, (made[-1],), multi)
    return copies, made


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("multi", [False, True])
def test_merging_registers_is_commutative_associative_and_idempotent(seed: int, multi: bool) -> None:
    copies, _ = assigned(seed, multi)
    for one, two, three in product(copies, repeat=3):
        assert reconciled(one, one, multi) == one
        assert reconciled(one, two, multi) == reconciled(two, one, multi)
        left, right = reconciled(one, two, multi), reconciled(two, three, multi)
        assert reconciled(left, three, multi) == reconciled(one, right, multi)


def merged_all(copies: list[Versions], multi: bool) -> Versions:
    return reconciled(reconciled(copies[0], copies[1], multi), copies[2], multi)


@pytest.mark.parametrize("seed", range(20))
def test_a_multi_value_register_keeps_what_no_later_write_has_seen(seed: int) -> None:
    """Section 3.2.2."""
    copies, made = assigned(seed, True)
    unseen = {one for one in made if not any(two is not one and covers(two.vector, one.vector) for two in made)}
    assert set(merged_all(copies, True)) == unseen


@pytest.mark.parametrize("seed", range(20))
def test_a_last_writer_wins_register_keeps_one_that_nobody_has_replaced(seed: int) -> None:
    """Section 3.2.1: the latest stamp, and no write that another has seen where stamps are consistent with that."""
    copies, made = assigned(seed, False)
    (left,) = merged_all(copies, False)
    assert left == max(made, key=lambda one: one.stamp)
    assert not any(two is not left and covers(two.vector, left.vector) for two in made)


def test_of_two_writes_at_once_one_register_keeps_one_and_the_other_both() -> None:
    one, other = Version(1, 1, advanced((), 1), 10), Version(2, 2, advanced((), 2), 20)
    assert reconciled((one,), (other,), False) == (other,)
    assert reconciled((one,), (other,), True) == (one, other)


def test_by_clocks_that_differ_the_last_writer_is_not_always_the_last() -> None:
    ends = [(merged_all(copies, False)[0], made) for copies, made in (assigned(n, False, False) for n in range(20))]
    assert any(two is not left and covers(two.vector, left.vector) for left, made in ends for two in made)
