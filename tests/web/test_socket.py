"""The `netsplit.1` subprotocol and the refusals at the door, against the real processes."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from itertools import count
from typing import Any

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.stack import Stack
from tests.web.visitor import Visitor, Watched, busy_scenario, scenario

pytestmark = pytest.mark.processes
fresh_seed = count(int(time.time()))


@pytest.fixture
def played(visitor: Visitor) -> tuple[str, Watched]:
    """A finished run of some ten chunks and what came of watching it."""
    viewing = visitor.run(busy_scenario(4), seed=next(fresh_seed))
    return viewing, visitor.watch(viewing)


# --- following a run ------------------------------------------------------------------------------------------------
def test_a_run_is_followed_from_the_queue_to_its_digest(visitor: Visitor, played: tuple[str, Watched]) -> None:
    viewing, watched = played
    assert watched.numbers == list(range(len(watched.chunks)))
    assert watched.statuses[-1]["status"] == "finished"
    end = watched.end
    assert (end["status"], end["chunks"], end["simulated_ms"]) == ("finished", len(watched.chunks), 4000)
    assert end["digest"] == visitor.status(viewing)["digest"]


def test_chunks_are_stored_before_they_are_told_of(visitor: Visitor, played: tuple[str, Watched], stack: Stack) -> None:
    for chunk in played[1].chunks:
        address = hashlib.sha256(chunk).hexdigest()
        assert (stack.data_dir / "chunks" / address[:2] / address[2:]).exists()


def test_a_second_viewer_gets_the_same_at_once(visitor: Visitor, played: tuple[str, Watched], stack: Stack) -> None:
    again = Visitor(stack.base_url).watch(played[0])
    assert again.chunks == played[1].chunks
    assert again.end == played[1].end | {"own": False}  # another visitor


def test_each_viewer_is_told_whether_the_run_is_theirs_to_stop(visitor: Visitor, stack: Stack) -> None:
    viewing = visitor.run(scenario(), seed=next(fresh_seed))
    stranger = Visitor(stack.base_url)
    stranger.run(scenario(), seed=next(fresh_seed))
    viewers = (visitor, stranger, Visitor(stack.base_url))
    assert [viewer.watch(viewing).end["own"] for viewer in viewers] == [True, False, False]


def test_a_viewer_goes_on_from_its_cursor(visitor: Visitor, played: tuple[str, Watched]) -> None:
    viewing, watched = played
    rest = visitor.watch(viewing, first=4)
    assert rest.numbers == list(range(4, len(watched.chunks)))
    assert rest.end == watched.end


def test_a_cursor_behind_the_end_gets_the_end(visitor: Visitor, played: tuple[str, Watched]) -> None:
    watched = visitor.watch(played[0], first=10_000)
    assert (watched.chunks, watched.end["status"]) == ([], "finished")


def test_a_broken_connection_loses_and_repeats_nothing(visitor: Visitor) -> None:
    viewing = visitor.run(busy_scenario(20), seed=next(fresh_seed))
    numbers: list[int] = []
    end: dict[str, Any] = {}
    while not end:
        with visitor.connect(viewing) as socket:
            socket.send(json.dumps({"from": len(numbers), "window": 4}))
            part = Watched()
            while not part.end and len(part.chunks) < 3:
                part.take(socket, 30)
            numbers += part.numbers
            end = part.end
    assert numbers == list(range(end["chunks"]))


@pytest.mark.parametrize("window", [1, 3])
def test_no_more_than_the_window_is_in_flight(visitor: Visitor, played: tuple[str, Watched], window: int) -> None:
    with visitor.connect(played[0]) as socket:
        socket.send(json.dumps({"from": 0, "window": window}))
        watched = Watched()
        with suppress(TimeoutError):
            while len(watched.chunks) <= window:
                watched.take(socket, 1.5, acknowledge=False)
        assert watched.numbers == list(range(window))
        socket.send(json.dumps({"ack": 0}))
        watched.take(socket, 5, acknowledge=False)
        assert watched.numbers == list(range(window + 1))


def test_stop_ends_the_viewing_and_the_run(visitor: Visitor) -> None:
    viewing = visitor.run(busy_scenario(600), seed=next(fresh_seed))
    with visitor.connect(viewing) as socket:
        socket.send(json.dumps({"from": 0, "window": 8}))
        watched = Watched()
        while len(watched.chunks) < 3:
            watched.take(socket, 20)
        assert visitor.post(f"/api/runs/{viewing}/stop").status == 204
        while not watched.end:
            watched.take(socket, 20)
    assert (watched.end["status"], watched.end["digest"]) == ("stopped", "")
    assert visitor.status(viewing)["status"] == "stopped"


# --- refusals -------------------------------------------------------------------------------------------------------
def closing(visitor: Visitor, viewing: str, *frames: str | bytes, **options: Any) -> tuple[int, str]:
    """Code and reason with which the server closes."""
    with visitor.connect(viewing, **options) as socket:
        for frame in frames:
            socket.send(frame)
        try:
            while True:
                socket.recv(5)
        except ConnectionClosed:
            return socket.close_code or 0, socket.close_reason or ""


START = json.dumps({"from": 0, "window": 2})


@pytest.mark.parametrize(
    "frame",
    [
        "garbage",
        b"\x00\xff garbage",
        "[]",
        "{}",
        "null",
        '{"from": 0}',
        '{"from": "0", "window": 1}',
        '{"from": 0.5, "window": 1}',
        '{"from": true, "window": 1}',
        '{"ack": NaN}',
        '{"ack": 99999999999999999999}',
        "[" * 100_000,
        '{"from": 0, "window": 1, "more": 2}',
    ],
)
def test_garbage_closes_with_4400(visitor: Visitor, played: tuple[str, Watched], frame: str | bytes) -> None:
    code, reason = closing(visitor, played[0], frame)
    assert code == 4400
    assert "from" in reason


@pytest.mark.parametrize(
    "frames",
    [
        ('{"ack": 0}',),
        ('{"from": -1, "window": 1}',),
        ('{"from": 0, "window": 0}',),
        ('{"from": 0, "window": 1000}',),
        (START, START),
        (START, '{"ack": 1000}'),
    ],
)
def test_misused_credit_closes_with_4408(
    visitor: Visitor, played: tuple[str, Watched], frames: tuple[str, ...]
) -> None:
    code, reason = closing(visitor, played[0], *frames)
    assert code == 4408
    assert reason


def test_an_unknown_viewing_closes_with_4404(visitor: Visitor) -> None:
    assert closing(visitor, "0" * 32) == (4404, "There is no such viewing.")


def test_another_subprotocol_closes_with_4406(visitor: Visitor, played: tuple[str, Watched]) -> None:
    assert closing(visitor, played[0], subprotocols=None)[0] == 4406


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_page_is_refused_at_the_handshake(visitor: Visitor, played: tuple[str, Watched], origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        visitor.connect(played[0], origin=origin)
    assert refused.value.response.status_code == 403


def test_a_lost_chunk_is_computed_again_while_one_watches(
    visitor: Visitor, played: tuple[str, Watched], stack: Stack
) -> None:
    viewing = visitor.run(scenario(duration_ms=30_000), seed=next(fresh_seed))
    deadline = time.monotonic() + 20
    while visitor.status(viewing)["status"] != "finished" and time.monotonic() < deadline:
        time.sleep(0.05)
    for path in (stack.data_dir / "chunks").rglob("*"):
        if path.is_file():
            path.unlink()
    watched = visitor.watch(viewing)
    assert watched.numbers == list(range(watched.end["chunks"]))


# --- HTTP through Daphne --------------------------------------------------------------------------------------------
def test_a_ten_megabyte_body_is_refused(visitor: Visitor) -> None:
    answer = visitor.post("/api/runs", b"x" * 10_000_000)
    assert answer.status == 413
    assert "2 MB" in answer.json()["mistakes"][0]["message"]


def test_very_deep_json_is_refused(visitor: Visitor) -> None:
    answer = visitor.post("/api/runs", b'{"document": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001)
    assert answer.status == 400
    assert "nested" in answer.json()["mistakes"][0]["message"]


def test_ready_is_quick(visitor: Visitor) -> None:
    assert visitor.get("/readyz").json() == {"broker": True, "database": True, "worker": True}
    began = time.perf_counter()
    assert visitor.get("/readyz").status == 200
    assert time.perf_counter() - began < 0.2


def test_static_files_are_served(visitor: Visitor) -> None:
    answer = visitor.get("/static/js/main.js")
    assert answer.status == 200
    assert "javascript" in answer.headers["Content-Type"]
    assert visitor.get("/static/../manage.py").status == 404


def test_a_verdict_comes_from_a_worker(visitor: Visitor, played: tuple[str, Watched]) -> None:
    deadline = time.monotonic() + 20
    while (answer := visitor.get(f"/api/runs/{played[0]}/verdict")).status == 202 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer.status == 200
    assert answer.json()["metrics"]["ops.ok"] > 1000


def test_the_first_chunk_holds_the_start(played: tuple[str, Watched]) -> None:
    first = msgpack.unpackb(played[1].chunks[0])
    assert (first["v"], first["n"], first["from"], first["nodes"]) == (1, 0, 0, ["client", "service"])
