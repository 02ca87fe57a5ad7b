"""State machines that apply the same commands in the same order stay alike (Schneider 1990)."""

from __future__ import annotations

from simulations.engine.messages import DONE, Increment, Read, Value, Write
from simulations.engine.state_machine import NOOP, Command, StateMachine


def commands(*requests: Read | Write | Increment) -> list[Command]:
    return [Command(request, number) for number, request in enumerate(requests)]


def after(*requests: Read | Write | Increment) -> StateMachine:
    machine = StateMachine()
    for command in commands(*requests):
        machine.apply(command)
    return machine


def test_commands_are_carried_out_in_their_order() -> None:
    machine = StateMachine()
    found = [machine.apply(one) for one in commands(Read("x"), Write("x", 3), Increment("x", 2), Read("x"))]
    assert found == [Value(None), DONE, DONE, Value(5)]
    assert machine.apply(NOOP) == DONE
    assert machine.read("x") == Value(5)


def test_the_digest_is_of_what_is_held_and_not_of_how_it_came_about() -> None:
    assert after(Write("x", 1), Write("y", 2)).digest == after(Write("y", 2), Write("x", 9), Write("x", 1)).digest
    assert after(Write("x", 1), Write("y", 2)).digest != after(Write("x", 2), Write("y", 1)).digest
    assert after(Read("x")).digest == StateMachine().digest


def test_a_command_with_a_key_has_its_effect_once_and_one_without_again() -> None:
    assert after(Increment("x", 1, token=7), Increment("x", 1, token=7)).values == {"x": 1}
    assert after(Increment("x", 1), Increment("x", 1)).values == {"x": 2}


def test_a_snapshot_holds_the_values_and_who_has_been_answered() -> None:
    machine = after(Write("x", 4), Increment("x", 1, token=7))
    copy = after(Write("z", 1))
    copy.restore(machine.snapshot())
    assert (copy.values, copy.digest) == (machine.values, machine.digest)
    copy.apply(Command(Increment("x", 1, token=7), 1))
    assert copy.values == {"x": 5}
