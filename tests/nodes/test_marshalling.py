"""Marshalling: the six steps of a call, payloads, compression, versions of the format and size limits; each with it off
beside it.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.causality import Requests
from simulations.engine.log import Log
from simulations.engine.metrics import Selection
from simulations.engine.metrics_calls import STEPS, call_metrics
from tests.worlds import MS, Entry, Run, client, database, exponential, link, run, service, world

LOAD: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 20}


def fixed(ms: float) -> Entry:
    return {"kind": "constant", "value_ms": ms}


def pair(caller: Entry | None = None, callee: Entry | None = None, wire: Entry | None = None, **load: Any) -> Run:
    """A client and a server 5 ms away that takes 10 ms."""
    server = {"concurrency": 4, "service_time": fixed(10), **(callee or {})}
    nodes = [client("c", **{**LOAD, **(caller or {}), **load}), service("s", **server)]
    return run(world(nodes, [link("c", "s", **{"latency": 5, **(wire or {})})], (), (), 3000, 500))


def logged(story: Run) -> Log:
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    return log


def steps(story: Run) -> dict[str, float]:
    found = call_metrics(logged(story), Selection(0, 10**18))
    return {step: found[f"rpc.{step}_ms.mean"] for step in STEPS if f"rpc.{step}_ms.mean" in found}


def mean_ms(story: Run) -> float:
    takes = [op.takes_ms for op in story.operations() if op.type == "ok"]
    return sum(takes) / len(takes)


def test_the_six_steps_are_what_their_parameters_say_and_add_up() -> None:
    story = pair(
        {"request_bytes": 4096, "marshal_ms": 1, "marshal_ms_per_kib": 0.5},
        {"reply_bytes": 10240, "marshal_ms": 0.2, "marshal_ms_per_kib": 0.1},
        {"back": {"latency": 7}},
    )
    assert steps(story) == {
        "marshal_request": pytest.approx(1 + 4 * 0.5),
        "send_request": pytest.approx(5),
        "execute": pytest.approx(0.2 + 4 * 0.1 + 10),
        "marshal_reply": pytest.approx(0.2 + 10 * 0.1),
        "send_reply": pytest.approx(7),
        "unmarshal_reply": pytest.approx(1 + 10 * 0.5),
    }
    assert sum(steps(story).values()) == pytest.approx(mean_ms(story))


def test_a_requests_spans_show_them() -> None:
    story = pair({"marshal_ms": 1}, {"marshal_ms": 2, "concurrency": 1, "service_time": fixed(60)})
    log = logged(story)
    requests = Requests(log, {})
    for operation in list(log.operations.values())[:10]:
        (span,) = requests.attempts(operation)
        assert (span.packed_ns, span.marshalling_ns, span.working_ns, span.unpacked_ns) == (MS, 4 * MS, 60 * MS, MS)
        whole = span.packed_ns + span.waiting_ns + span.marshalling_ns + span.working_ns + span.unpacked_ns
        assert operation.end_ns == operation.start_ns + whole + 10 * MS
    (span,) = Requests(logged(pair()), {}).attempts(logged(pair()).operations[0])
    assert (span.packed_ns, span.marshalling_ns, span.unpacked_ns) == (0, 0, 0)


def test_they_add_up_with_chance_queues_and_retries_too() -> None:
    story = pair(
        {"request_bytes": 2000, "marshal_ms": 1, "retry": "fixed", "backoff_ms": 0, "timeout_ms": 10_000},
        {"reply_bytes": 2000, "marshal_ms": 1, "service_time": exponential(60), "concurrency": 2},
        {"latency": exponential(5)},
        pattern="poisson",
    )
    assert steps(story)["execute"] > 70
    assert sum(steps(story).values()) == pytest.approx(mean_ms(story))


def test_without_marshalling_there_are_no_steps_and_the_call_takes_less() -> None:
    assert steps(pair()) == {}
    assert mean_ms(pair()) == pytest.approx(20)


def test_to_marshal_is_work_a_slow_machine_takes_longer_and_workers_are_held() -> None:
    slow = {"kind": "slow", "target": "s", "factor": 3, "at_ms": 0, "until_ms": None}
    nodes = [client("c", **LOAD), service("s", concurrency=1, service_time=fixed(0), marshal_ms=10)]
    story = run(world(nodes, [link("c", "s", 5)], (), [slow], 3000, 500))
    assert {round(op.takes_ms) for op in story.operations()[:1]} == {70}
    assert mean_ms(story) > 100  # one worker, 60 ms a request that comes every 50


# Payloads and compression


def sizes(story: Run, kind: str) -> set[int]:
    return {sent.size for sent in story.messages(kind)}


def test_payloads_go_over_the_wire_compressed_or_not() -> None:
    plain, packed = (
        pair({"request_bytes": 3000, **ratio}, {"reply_bytes": 9000, **ratio})
        for ratio in ({}, {"compression_ratio": 3})
    )
    assert (sizes(plain, "work"), sizes(plain, "done")) == ({3128}, {9128})
    assert (sizes(packed, "work"), sizes(packed, "done")) == ({1128}, {3128})


def test_compression_costs_both_ends_and_what_is_plain_is_free() -> None:
    both = {"compression_ratio": 4, "compress_ms_per_kib": 1}
    packed = pair({"request_bytes": 2048, **both}, {"reply_bytes": 1024, **both})
    assert mean_ms(packed) == pytest.approx(20 + 2 * 2 + 2 * 1)
    plain = pair({"request_bytes": 2048, "compress_ms_per_kib": 1}, {"reply_bytes": 1024, "compress_ms_per_kib": 1})
    assert mean_ms(plain) == pytest.approx(20)


def test_a_narrow_link_carries_it_compressed_only() -> None:
    narrow = {"bandwidth_mbit_per_s": 1}
    plain = pair({"request_bytes": 20_000}, wire=narrow)
    packed = pair({"request_bytes": 20_000, "compression_ratio": 8}, wire=narrow)
    assert len([op for op in plain.operations() if op.type == "ok"]) < 0.5 * len(plain.operations())
    assert plain.drops()["queue full"] > 20
    assert set(packed.ends()) == {("ok", "")}


def test_a_payload_is_passed_on_by_who_has_none_of_its_own() -> None:
    nodes = [
        client("c", request_bytes=500, **LOAD),
        service("s", service_time=fixed(1)),
        database("d", reply_bytes=700),
    ]
    story = run(world(nodes, [link("c", "s"), link("s", "d")], (), (), 1000, 500))
    assert sizes(story, "work") == {628}
    assert sizes(story, "done") == {828}


# Versions and sizes


def test_a_newer_version_is_refused_except_by_a_tolerant_reader() -> None:
    story = pair({"format_version": 2})
    assert set(story.ends()) == {("fail", "version not understood")}
    refused = [row for row in story.rows("published") if row[2] == "formats.refused"]
    assert len(refused) == len(story.operations())
    assert story.messages("work")[0].settled_ns == story.messages("refusal")[0].sent_ns
    for tolerant in ({"newer_formats": "ignore"}, {"format_version": 2}, {"format_version": 3}):
        assert set(pair({"format_version": 2}, tolerant).ends()) == {("ok", "")}
    assert set(pair({"format_version": 1}, {"format_version": 3}).ends()) == {("ok", "")}


def test_what_is_too_large_is_never_heard_of_however_often_it_is_sent() -> None:
    limit = {"size_max_bytes": 1500}
    story = pair({"request_bytes": 3000, "retry": "fixed", "timeout_ms": 100, "attempts_max": 3}, wire=limit)
    assert set(story.ends()) == {("fail", "timed out")}
    assert story.drops() == {"too large": 3 * len(story.operations())}
    assert set(pair({"request_bytes": 3000, "compression_ratio": 3}, wire=limit).ends()) == {("ok", "")}


def test_a_lost_request_and_a_lost_reply_look_the_same_but_one_took_effect() -> None:
    def losing(**loss: Any) -> Run:
        counts = {"requests": "increment", "timeout_ms": 100, **LOAD}
        nodes = [client("c", **counts), database("d")]
        return run(world(nodes, [link("c", "d", 5, **loss)], (), (), 6000, 500))

    requests, replies = losing(loss=0.3, back={"loss": 0}), losing(back={"loss": 0.3})
    for story in (requests, replies):
        assert set(story.ends()) == {("ok", ""), ("info", "timed out")}
        assert {op.takes_ms for op in story.operations() if op.type != "ok"} == {100}
    assert len(requests.rows("effects")) == requests.ends()["ok", ""]
    assert len(replies.rows("effects")) == len(replies.operations()) > replies.ends()["ok", ""]
