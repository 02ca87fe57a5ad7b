"""Lamport clocks (CACM 21(7), 1978) and vector clocks (Fidge 1988, Mattern 1989), apart from any run."""

from __future__ import annotations

import pytest

from simulations.engine.logical_clocks import LOCAL, RECEIVE, LamportClock, Stamped, VectorClock, stamped
from simulations.engine.versions import covers


def test_a_lamport_clock_counts_events_and_goes_beyond_what_it_hears() -> None:
    clock = LamportClock()
    assert [clock.advance(), clock.advance()] == [1, 2]
    clock.witness(7)
    assert clock.advance() == 8
    clock.witness(3)
    assert clock.advance() == 9


def test_a_vector_clock_counts_the_events_that_were_heard_of() -> None:
    one, other = VectorClock(0), VectorClock(1)
    asked = one.advance()
    meanwhile = other.advance()
    other.witness(asked)
    heard = other.advance()
    assert (asked, meanwhile, heard) == (((0, 1),), ((1, 1),), ((0, 1), (1, 2)))
    assert covers(heard, asked)
    assert not covers(asked, heard)
    assert not covers(asked, meanwhile)
    assert not covers(meanwhile, asked)


@pytest.mark.parametrize(
    "event",
    [Stamped(LOCAL, "", 0, -5, 1, ((3, 1),)), Stamped(RECEIVE, "p-2", 17, 12_000_000, 40, ((0, 3), (12, 5)))],
)
def test_an_event_is_what_its_text_says(event: Stamped) -> None:
    assert stamped(event.text()) == event


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        stamped("k1 = 7")
