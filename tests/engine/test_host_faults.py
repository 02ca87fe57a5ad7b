"""Faults on hosts: a process that stops, pauses, hangs or slows down, each told from a crash by what others see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.distributions import distribution
from simulations.engine.messages import Body, Probe
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.worlds import MS, Actor, Answer, Ask, Entry, Run, actor, client, crash, link, run, service, world

Ends = list[tuple[float, str]]


async def slow_answer(a: Actor, body: Ask, message: Message) -> Body:
    """Ten milliseconds of work."""
    await a.work(distribution(10), "work")
    return Answer(body.text)


def asked(*faults: Entry, at_ms: Sequence[float], body: Body | None = None, answer: Any = slow_answer) -> Run:
    """a asks b at each of these times over 1 ms, with 100 ms of patience, and notes when what came back."""

    async def ask(a: Actor, at: float) -> None:
        await a.sleep(int(at * MS) - a.now_ns)
        try:
            await a.call("b", body or Ask(), 100)
            end = "ok"
        except Failure as failure:
            end = f"{failure.reason}{'?' if failure.uncertain else ''}"
        a.note(f"{at:g} {end}")

    async def main(a: Actor) -> None:
        for at in at_ms:
            a.spawn(ask(a, at), a.cause)

    return run(world([actor("a", main), actor("b", answer=answer)], [link("a", "b")], faults=faults))


def ends(story: Run) -> dict[float, tuple[float, str]]:
    """Asked at (ms) → ended at (ms), how."""
    return {float(text.split(" ", 1)[0]): (time, text.split(" ", 1)[1]) for time, text in story.notes("a")}


def test_a_stopped_process_is_refused_at_once_and_a_crashed_host_is_silence() -> None:
    stopped = asked(broken("stop", "b", 20, 200), at_ms=[30, 195, 300])
    assert ends(stopped) == {30: (32, "refused"), 195: (197, "refused"), 300: (312, "ok")}
    assert stopped.drops() == {"refused": 2}
    crashed = asked(crash("b", 20, 200), at_ms=[30, 300])
    assert ends(crashed) == {30: (130, "timed out?"), 300: (312, "ok")}


def test_who_waits_for_an_answer_when_the_process_stops_learns_it_at_once() -> None:
    story = asked(broken("stop", "b", 20), at_ms=[15])
    assert ends(story) == {15: (21, "connection reset?")}
    assert story.at(21, "b", "up") is False
    assert story.at(21, "b", "condition") == "stopped"


def test_a_stopped_process_leaves_its_writes_in_the_page_cache() -> None:
    async def main(a: Actor) -> None:
        a.note(f"{a.incarnation}: {sorted(a.disk.read())}")
        a.disk.write(f"k{a.incarnation}", 1)

    for seed in range(8):
        story = run(world([actor("a", main)], faults=[broken("stop", "a", 10, 20)], seed=seed))
        assert [text for _, text in story.notes("a")] == ["0: []", "1: ['k0']"]


def test_a_stop_inside_a_crash_keeps_the_process_from_starting() -> None:
    story = asked(crash("b", 20, 100), broken("stop", "b", 50, 150), at_ms=[30, 110, 160])
    assert ends(story) == {30: (130, "timed out?"), 110: (112, "refused"), 160: (172, "ok")}
    assert story.states("b", "up") == [(0, True), (20, False), (150, True)]
    assert "stopped: nothing to see yet, because the node is down" in [text for _, text in story.notes("b")]


def test_a_crash_inside_a_stop_starts_nothing_before_the_stop_is_over() -> None:
    story = asked(broken("stop", "b", 20, 200), crash("b", 50, 100), at_ms=[30, 60, 110, 210])
    assert ends(story) == {30: (32, "refused"), 60: (160, "timed out?"), 110: (112, "refused"), 210: (222, "ok")}


def test_a_pause_puts_everything_off_and_loses_nothing() -> None:
    # Asked before: the work that ended meanwhile is answered after. Asked meanwhile: begun after.
    story = asked(broken("pause", "b", 20, 60), at_ms=[15, 30, 70])
    assert ends(story) == {15: (61, "ok"), 30: (71, "ok"), 70: (82, "ok")}
    assert story.drops() == {}
    assert story.states("b", "condition") == [(20, "paused"), (60, None)]


def test_timers_that_come_due_in_a_pause_fire_after_it_in_their_order() -> None:
    async def main(a: Actor) -> None:
        for ms in (10, 30, 50, 70):
            a.timer(ms * MS, f"t{ms}", lambda ms=ms: a.note(f"{ms}"))  # type: ignore[misc]

    faults = [broken("pause", "a", 20, 60)]
    assert run(world([actor("a", main)], faults=faults)).notes() == [(10, "10"), (60, "30"), (60, "50"), (70, "70")]


def test_a_caller_that_pauses_past_its_timeout_learns_both_in_the_order_they_came() -> None:
    replied = asked(broken("pause", "a", 20, 300), at_ms=[15])
    assert ends(replied) == {15: (300, "ok")}  # the reply came first, the timeout after it
    silent = asked(broken("pause", "a", 20, 300), crash("b", 0), at_ms=[15])
    assert ends(silent) == {15: (300, "timed out?")}


def test_a_crash_ends_what_a_pause_had_put_off() -> None:
    story = asked(broken("pause", "b", 20, 60), crash("b", 40, 50), at_ms=[15, 30])
    assert ends(story) == {15: (115, "timed out?"), 30: (130, "timed out?")}


def test_a_process_that_boots_while_paused_begins_when_the_pause_ends() -> None:
    async def main(a: Actor) -> None:
        a.note(f"begins {a.incarnation}")

    faults = [crash("a", 10, 30), broken("pause", "a", 20, 60)]
    story = run(world([actor("a", main)], faults=faults))
    assert [note for note in story.notes() if "begins" in note[1]] == [(0, "begins 0"), (60, "begins 1")]


def test_overlapping_pauses_last_until_the_last_of_them_ends() -> None:
    story = asked(broken("pause", "b", 20, 60), broken("pause", "b", 40, 90), at_ms=[30])
    assert ends(story) == {30: (101, "ok")}


def test_a_hang_answers_probes_and_nothing_else() -> None:
    hang = broken("hang", "b", 20, 60)
    assert ends(asked(hang, at_ms=[30], body=Probe())) == {30: (32, "ok")}
    assert ends(asked(hang, at_ms=[30])) == {30: (71, "ok")}
    pause = broken("pause", "b", 20, 60)
    assert ends(asked(pause, at_ms=[30], body=Probe())) == {30: (61, "ok")}


def test_a_pause_that_ends_inside_a_hang_lets_its_probes_be_answered() -> None:
    faults = [broken("hang", "b", 20, 90), broken("pause", "b", 20, 50)]
    assert ends(asked(*faults, at_ms=[30], body=Probe())) == {30: (51, "ok")}
    assert ends(asked(*faults, at_ms=[30])) == {30: (101, "ok")}


def test_a_slow_host_works_slowly_and_factors_multiply() -> None:
    faults = [broken("slow", "b", 20, 200, factor=3), broken("slow", "b", 100, 200, factor=2)]
    assert ends(asked(*faults, at_ms=[10, 30, 120, 210])) == {
        10: (22, "ok"), 30: (62, "ok"), 120: (182, "ok"), 210: (222, "ok"),
    }  # fmt: skip


def test_a_host_that_many_faults_make_slow_works_on_for_ever() -> None:
    faults = [broken("slow", "b", 20, 200, factor=1000) for _ in range(120)]
    assert ends(asked(*faults, at_ms=[10, 30, 210]))[210] == (222, "ok")


def test_a_slow_service_fills_its_queue() -> None:
    def queue(*faults: Entry) -> int:
        nodes = [client("c", rate_per_s=200), service("s", service_time=5)]
        story = run(world(nodes, [link("c", "s")], faults=faults))
        return max(value or 0 for _, value in story.states("s", "queue"))

    assert queue() < 5 < 50 < queue(broken("slow", "s", 100, 900, factor=10))


@pytest.mark.parametrize("kind", ["stop", "pause", "hang"])
def test_a_fault_that_comes_later_changes_nothing_before_it(kind: str) -> None:
    nodes = [client("c", rate_per_s=200), service("s")]
    plain = run(world(nodes, [link("c", "s")], duration_ms=3000))
    hit = run(world(nodes, [link("c", "s")], faults=[broken(kind, "s", 2500, 2600)], duration_ms=3000))
    same = [chunk.data for chunk in plain.chunks if chunk.end_ns < 2500 * MS]
    assert same == [chunk.data for chunk in hit.chunks][: len(same)]
    assert len(same) == 5
    assert plain.outcome.digest != hit.outcome.digest
