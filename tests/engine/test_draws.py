"""What a node draws: a purpose drawn again for the same cause gives another number, and disturbs no other draw."""

from __future__ import annotations

from simulations.engine.distributions import distribution
from simulations.engine.streams import stream_key, uniform
from tests.worlds import Actor, actor, exponential, run, world


def noted(*purposes: str) -> list[str]:
    """What an actor draws for these purposes, one after another, as its main task."""

    async def main(a: Actor) -> None:
        for purpose in purposes:
            a.note(f"{purpose} {a.draw(purpose)}")

    return [text for _, text in run(world([actor("a", main)])).notes("a")]


def test_a_purpose_drawn_again_gives_another_number() -> None:
    drawn = noted(*["dice"] * 50)
    assert len(set(drawn)) == 50
    assert drawn == noted(*["dice"] * 50)


def test_the_first_draw_of_a_purpose_is_the_causes_own() -> None:
    found: list[float] = []

    async def main(a: Actor) -> None:
        for purpose in ("x", "y", "x", "y"):
            found.append(a.draw(purpose))
        found.extend(uniform(stream_key(1, "a", purpose), a.cause.lineage) for purpose in ("x", "y"))

    run(world([actor("a", main)]))
    assert found[:2] == found[4:]
    assert len(set(found)) == 4


def test_other_purposes_in_between_change_nothing() -> None:
    alone = noted("x", "x", "x")
    mixed = noted("z", "x", "y", "x", "z", "y", "x")
    assert [text for text in mixed if text[0] == "x"] == alone


def test_durations_are_drawn_anew_as_well() -> None:
    found: list[int] = []

    async def main(a: Actor) -> None:
        found.extend(a.draw_ns(distribution(exponential(5)), "work") for _ in range(20))

    run(world([actor("a", main)]))
    assert len(set(found)) == 20
