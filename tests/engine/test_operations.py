"""Operations begun by one cause: each has chance of its own, and the first is as if it were the only one."""

from __future__ import annotations

from tests.worlds import Actor, Ask, Run, Tell, actor, database, exponential, interpreted, link, node, run, world

SPREAD = exponential(10)


def begun(count: int, nested: bool = False) -> Run:
    """a begins so many operations and asks b in each, over a link of random latency: all by one cause or, `nested`,
    each while the one before is still the cause.
    """

    def operate(a: Actor) -> None:
        op = a.invoke("work", "", None, a.new_process())
        a.note(f"draws {a.draw('choice')}")
        a.send("b", Ask())
        a.complete(op, "ok", None, "", 1)

    async def apart(a: Actor) -> None:
        operate(a)

    async def main(a: Actor) -> None:
        a.send("b", Tell("before"))
        for _ in range(count):
            if nested:
                operate(a)
            else:
                a.spawn(apart(a), a.cause)

    return run(world([actor("a", main), actor("b")], [link("a", "b", SPREAD)]))


class Twice(interpreted("nodes/client").Client):  # type: ignore[misc]
    """A client that begins two operations at each arrival."""

    def arrive(self) -> None:
        self.begin_operation(self.issued, self.new_process(), -1)
        super().arrive()


def test_a_client_that_begins_two_at_once_asks_for_different_keys() -> None:
    nodes = [node(Twice, "c", requests="read-write", keys=1000, rate_per_s=50), database("d")]
    operations = run(world(nodes, [link("c", "d")]), Twice).operations()
    pairs = list(zip(operations[0::2], operations[1::2], strict=True))
    assert len(pairs) > 30
    assert all(one.start_ns == other.start_ns for one, other in pairs)
    assert sum(one.key == other.key for one, other in pairs) < 3


def test_operations_begun_by_one_cause_draw_apart() -> None:
    for nested in (False, True):
        story = begun(5, nested)
        assert len({message.takes_ms for message in story.messages("ask")}) == 5
        assert len({text for _, text in story.notes("a")}) == 5


def test_the_first_is_as_if_it_were_the_only_one() -> None:
    for nested in (False, True):
        one, many = begun(1, nested), begun(5, nested)
        assert one.notes("a")[0] == many.notes("a")[0]
        assert one.messages("ask")[0].takes_ms == many.messages("ask")[0].takes_ms
