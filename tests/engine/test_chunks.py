"""Chunks: numbered without gap, each opening with the world as those before it left it, alike where the past is."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.engine.simulation import Limits, Simulation
from simulations.engine.trace import OPTIONAL, TABLES, decode
from tests.engine.random_worlds import DURATION_MS, FEW, faults, same_until, worlds
from tests.worlds import MS, TYPES, Entry, Run, client, crash, exponential, link, run, service, world

Rows = list[tuple[Any, ...]]
BY_DATAGRAM = {"lost", "partition", "link cut", "node down", "refused", "queue full"}
BY_STREAM = {
    "duplicate",
    "stale incarnation",
    "buffer full",
    "expired",
    "never sent",
    "connection reset",
    "window closed",
}
BY_ADVERSARIES = {"corrupted", "replayed", "not authenticated", "no connection", "withheld"}
REASONS = BY_DATAGRAM | BY_STREAM | BY_ADVERSARIES


def rows(table: dict[str, Any]) -> Rows:
    return list(zip(*table["cols"].values(), strict=True))


class World:
    """The world as the rows so far leave it."""

    def __init__(self, nodes: int) -> None:
        self.state: list[dict[str, Any]] = [{} for _ in range(nodes)]
        self.flight: dict[int, tuple[Any, ...]] = {}
        self.ops: dict[int, tuple[Any, ...]] = {}
        self.faults: list[int] = []

    def play(self, chunk: dict[str, Any]) -> None:
        tables = chunk["tables"]
        for _, node, field, value in rows(tables["state"]):
            self.state[node][field] = value
        self.flight |= {row[0]: row for row in rows(tables["sent"])}
        for id, _, _ in rows(tables["settled"]):
            del self.flight[id]
        self.ops |= {row[0]: row for row in rows(tables["invoked"])}
        for op, *_ in rows(tables["returned"]):
            del self.ops[op]
        for _, number, phase in rows(tables["faults"]):
            if phase == "start":
                self.faults.append(number)
            else:
                self.faults.remove(number)

    def keyframe(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "flight": [self.flight[id] for id in sorted(self.flight)],
            "faults": sorted(self.faults),
            "ops": [self.ops[op] for op in sorted(self.ops)],
        }


def read_keyframe(chunk: dict[str, Any]) -> dict[str, Any]:
    frame = chunk["keyframe"]
    return frame | {"flight": rows(frame["flight"]), "ops": rows(frame["ops"])}


@FEW
@given(worlds())
def test_each_keyframe_is_the_world_rebuilt_from_the_chunks_before_it(document: Entry) -> None:
    story = run(document)
    rebuilt = World(len(document["nodes"]))
    for chunk in story.decoded:
        assert read_keyframe(chunk) == rebuilt.keyframe()
        rebuilt.play(chunk)
    assert not rebuilt.ops  # the end of the run ends them


def test_what_is_forged_is_in_keyframes_as_it_was_sent() -> None:
    nodes = [client("c", rate_per_s=20), service("s"), client("x", rate_per_s=20)]
    forging = {"kind": "spoof", "target": "x", "claims": "c", "to": "s", "message": "work", "key": "k", "value": -1}
    document = world(nodes, [link("c", "s", 30), link("x", "s", 30)], faults=[forging | {"at_ms": 0, "rate_per_s": 90}])
    rebuilt = World(len(nodes))
    for chunk in run(document).decoded:
        assert read_keyframe(chunk)["flight"] == rebuilt.keyframe()["flight"]
        rebuilt.play(chunk)
    assert chunk["n"] > 0


@FEW
@given(worlds())
def test_chunks_are_numbered_and_adjoin_and_hold_their_own_time(document: Entry) -> None:
    story = run(document)
    assert [chunk.number for chunk in story.chunks] == list(range(story.outcome.chunks))
    end_ns = 0
    for chunk, content in zip(story.chunks, story.decoded, strict=True):
        assert (content["n"], content["from"], content["to"]) == (chunk.number, chunk.start_ns, chunk.end_ns)
        assert chunk.start_ns == end_ns
        end_ns = chunk.end_ns
        assert chunk.rows == sum(table["rows"] for table in content["tables"].values())
        for name, table in content["tables"].items():
            assert tuple(table["cols"]) == tuple(column for column in TABLES[name] if column not in OPTIONAL)
            moments = table["cols"]["time"]
            assert moments == sorted(moments)
            assert all(chunk.start_ns <= moment <= chunk.end_ns for moment in moments)
    assert end_ns == story.outcome.simulated_ns == (DURATION_MS + document["settle_ms"]) * MS


@FEW
@given(worlds())
def test_every_message_is_delivered_or_dropped_once_or_still_under_way(document: Entry) -> None:
    story = run(document)
    settled = Counter(id for id, _, _ in story.rows("settled"))
    assert set(settled.values()) <= {1}
    assert sorted(message.id for message in story.messages()) == list(range(len(story.messages())))
    under_way = [message for message in story.messages() if not message.outcome]
    delivered = story.messages(outcome="delivered")
    assert len(story.messages()) == len(delivered) + sum(story.drops().values()) + len(under_way)
    assert set(story.drops()) <= REASONS
    for message in story.messages():
        assert message.settled_ns >= message.sent_ns or not message.outcome


@FEW
@given(worlds())
def test_every_operation_ends_once_and_no_process_has_two_at_a_time(document: Entry) -> None:
    story = run(document)
    assert all(op.type in ("ok", "fail", "info") and op.end_ns >= op.start_ns for op in story.operations())
    assert len(story.rows("returned")) == len(story.rows("invoked"))
    busy_until: dict[int, int] = {}
    for op in story.operations():
        assert op.start_ns >= busy_until.get(op.process, 0)
        busy_until[op.process] = op.end_ns


@FEW
@given(worlds(), st.data())
def test_a_fault_more_leaves_every_chunk_that_ended_before_it_byte_for_byte(document: Entry, data: Any) -> None:
    assert same_until(document, data.draw(faults(document["nodes"], document["links"])))


@FEW
@given(worlds())
def test_the_same_document_gives_the_same_bytes_and_their_digest(document: Entry) -> None:
    first, again = run(document), run(document)
    assert [chunk.data for chunk in first.chunks] == [chunk.data for chunk in again.chunks]
    assert first.outcome == again.outcome
    end = msgpack.packb(["finished", "", first.outcome.simulated_ns])
    assert first.outcome.digest == sha256(b"".join(chunk.data for chunk in first.chunks) + end).hexdigest()


def traffic(duration_ms: float = 3000, rate_per_s: float = 500, *faults: Entry) -> Run:
    nodes = [client("c", rate_per_s=rate_per_s), service("s", concurrency=50)]
    return run(world(nodes, [link("c", "s", exponential(20))], faults=faults, duration_ms=duration_ms))


def test_early_chunks_are_small_and_later_ones_bounded() -> None:
    sizes = [chunk.rows for chunk in traffic().chunks]
    assert sizes[0] < 600
    assert max(sizes[:3]) < max(sizes) < 40_000
    assert traffic(100, 20_000).chunks[0].rows < 800
    spans = [(chunk.end_ns - chunk.start_ns) / MS for chunk in traffic(10_000, 0.01).chunks]
    assert spans[:4] == [50, 100, 200, 400]
    assert max(spans) <= 2000


def test_chunks_come_while_the_run_goes_on() -> None:
    document = world([client("c", rate_per_s=500), service("s")], [link("c", "s")], duration_ms=60_000)
    simulation = Simulation(document, {kind.TYPE: kind for kind in TYPES}, Limits())
    first = next(simulation.chunks())
    assert first.end_ns <= 50 * MS
    assert simulation.kernel.now == first.end_ns
    assert simulation.outcome is None


def test_a_fault_at_the_playhead_shares_the_past_and_changes_the_future() -> None:
    plain, broken = traffic(), traffic(3000, 500, crash("s", 1500, 2000))
    same = [a.data == b.data for a, b in zip(plain.chunks, broken.chunks, strict=False)]
    ended_before = sum(chunk.end_ns < 1500 * MS for chunk in plain.chunks)
    assert ended_before >= 3
    assert same[:ended_before] == [True] * ended_before
    assert not any(same[ended_before:])


def test_words_are_numbered_per_chunk_and_roles_named() -> None:
    story = traffic(200)
    raw = msgpack.unpackb(story.chunks[-1].data)
    assert raw["strings"][0] == "delivered"
    assert raw["roles"] == {"work": "request", "done": "reply"}
    assert raw["v"] == 1
    assert list(raw) == ["v", "n", "from", "to", "nodes", "strings", "roles", "keyframe", "tables"]


def test_moments_far_apart_come_back_exactly() -> None:
    """A message that has been under way for longer than 32 bits of nanoseconds stands beside a new one."""
    nodes = [client("c", rate_per_s=5, timeout_ms=60_000), service("s")]
    story = run(world(nodes, [link("c", "s", 9000)], duration_ms=12_000))
    sent = {message.id: message.sent_ns for message in story.messages()}
    frames = [read_keyframe(chunk)["flight"] for chunk in story.decoded]
    spans = [max(row[1] for row in frame) - min(row[1] for row in frame) for frame in frames if frame]
    assert max(spans) > 1 << 32
    assert all(row[1] == sent[row[0]] for frame in frames for row in frame)


@pytest.mark.parametrize("data", [b"", b"\xc0", msgpack.packb({"v": 2}), msgpack.packb([1])])
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)
