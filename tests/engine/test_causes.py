"""Cause and operation: every message names the message that led to it and the client operation it serves."""

from __future__ import annotations

from tests.worlds import (
    MS,
    Actor,
    Answer,
    Ask,
    Body,
    Run,
    Sent,
    Tell,
    actor,
    balancer,
    client,
    crash,
    database,
    exponential,
    link,
    mesh,
    register,
    run,
    service,
    world,
)


def three_tiers(**faults: object) -> Run:
    nodes = [
        client("c", arrivals="closed", users=20, think_time=5, requests="read-write"),
        balancer("lb", retries=1, timeout_ms=60),
        *(service(f"s{i}", concurrency=2, service_time=exponential(2)) for i in range(3)),
        database("db", concurrency=2, service_time=exponential(1)),
    ]
    links = [link("c", "lb", exponential(1))]
    links += [link("lb", f"s{i}", exponential(1)) for i in range(3)]
    links += [link(f"s{i}", "db", exponential(1)) for i in range(3)]
    return run(world(nodes, links, duration_ms=500, settle_ms=500, **faults))  # type: ignore[arg-type]


def chain(story: Run, message: Sent) -> list[Sent]:
    """The message and what led to it, back to the client."""
    found = [message]
    while found[-1].cause >= 0:
        found.append(story.message(found[-1].cause))
    return found[::-1]


def path(story: Run, message: Sent) -> str:
    steps = chain(story, message)
    names = [steps[0].src, *(step.dst for step in steps)]
    return " ".join("s" if name in ("s0", "s1", "s2") else name for name in names)


def test_each_operations_messages_form_one_chain_through_balancer_service_and_database() -> None:
    story = three_tiers()
    done = [op for op in story.operations() if op.type == "ok"]
    assert len(done) > 300
    for op in done:
        mine = [message for message in story.messages() if message.op == op.id]
        assert [message.dst for message in mine if message.dst == "c"] == ["c"]
        assert path(story, mine[-1]) == "c lb s db s lb c"
        assert chain(story, mine[-1]) == mine


def test_a_message_is_sent_by_whom_its_cause_reached_and_not_before() -> None:
    story = three_tiers(faults=[crash("s1", 100, 300)])
    for message in story.messages():
        if message.cause < 0:
            continue
        cause = story.message(message.cause)
        assert cause.outcome == "delivered"
        assert cause.dst == message.src
        assert cause.settled_ns <= message.sent_ns
        assert cause.op == message.op


def test_messages_begin_with_the_client_and_serve_its_operation() -> None:
    story = three_tiers()
    first = {op.id: next(m for m in story.messages() if m.op == op.id) for op in story.operations()}
    for op in story.operations():
        assert (first[op.id].src, first[op.id].sent_ns, first[op.id].cause) == (op.node, op.start_ns, -1)


def test_a_retry_belongs_to_the_same_operation() -> None:
    story = three_tiers(faults=[crash("s1", 100)])
    retried = [
        op
        for op in story.operations()
        if len([m for m in story.messages(src="lb") if m.op == op.id and m.dst != "c"]) == 2
    ]
    assert len(retried) > 5
    assert {op.type for op in retried} == {"ok"}


def test_a_quorums_messages_belong_to_the_operation_and_probes_and_timers_to_none() -> None:
    nodes = [client("c", requests="read-write", rate_per_s=50), *(register(f"r{i}") for i in range(3))]
    story = run(world(nodes, [link("c", "r0")], [mesh(["r0", "r1", "r2"])]))
    assert {message.op >= 0 for message in story.messages()} == {True}
    stores = story.messages(kind="store")
    # The second phase is caused by the reply that completed the first one's majority.
    assert {story.message(store.cause).kind for store in stores} == {"have"}
    assert {path(story, store) for store in stores} <= {f"c r0 {a} r0 {b}" for a in ("r1", "r2") for b in ("r1", "r2")}

    nodes = [balancer("lb", probe_interval_ms=100), service("s")]
    story = run(world(nodes, [link("lb", "s")]))
    assert len(story.messages(kind="probe")) == 10
    assert {(message.cause, message.op) for message in story.messages(kind="probe")} == {(-1, -1)}
    assert all(story.message(reply.cause).kind == "probe" for reply in story.messages(kind="probe_reply"))


def test_two_handlers_that_interleave_keep_their_causes_apart() -> None:
    async def slowly(b: Actor, body: Ask, message: object) -> Body:
        await b.sleep((30 if body.text == "first" else 10) * MS)
        b.send("c", Tell(body.text))
        await b.sleep(5 * MS)
        b.send("c", Tell(body.text))
        return Answer(body.text)

    async def main(a: Actor) -> None:
        a.call("b", Ask("first"), 0)
        await a.sleep(10 * MS)
        a.call("b", Ask("second"), 0)

    nodes = [actor("a", main), actor("b", None, slowly), actor("c")]
    story = run(world(nodes, [link("a", "b"), link("b", "c")]))
    first, second = story.messages(kind="ask")
    assert [message.cause for message in story.messages(kind="tell")] == [second.id, second.id, first.id, first.id]
    assert [message.cause for message in story.messages(kind="answer")] == [second.id, first.id]


def test_waking_another_task_leaves_ones_own_cause() -> None:
    """A worker set free goes to a waiting request at once, inside the handler that set it free."""
    nodes = [client("c", rate_per_s=400), service("s", concurrency=1, service_time=exponential(2))]
    story = run(world(nodes, [link("c", "s")], settle_ms=200))
    assert max(queue for _, queue in story.states("s", "queue")) >= 3
    for reply in story.messages(kind="done"):
        assert story.message(reply.cause).op == reply.op
        assert story.message(reply.cause).kind == "work"


def test_after_an_await_the_cause_is_the_reply_and_after_a_sleep_what_it_was() -> None:
    async def main(a: Actor) -> None:
        await a.call("b", Ask(), 0)
        a.note("replied")
        await a.sleep(5 * MS)
        a.note("slept")

    story = run(world([actor("a", main), actor("b")], [link("a", "b")]))
    (answer,) = story.messages(kind="answer")
    assert [cause for _, _, _, cause in story.rows("notes")] == [answer.id, answer.id]


def test_draws_depend_on_what_led_to_them_and_differ_between_effects() -> None:
    async def main(a: Actor) -> None:
        for _ in range(3):
            a.send("b", Tell())
        a.broadcast(["b", "c"], Tell())

    nodes = [actor("a", main), actor("b"), actor("c")]
    links = [link("a", "b", exponential(5)), link("a", "c", exponential(5))]
    story = run(world(nodes, links))
    assert len({message.takes_ms for message in story.messages()}) == 5
