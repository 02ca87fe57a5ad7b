"""What holds in every world with switches and routers: nothing is lost without a reason, and the past stays past."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulations.engine.routing import HOPS_MAX
from tests.engine.fabric import way
from tests.engine.random_fabrics import routed_worlds
from tests.engine.random_worlds import FEW, faults, same_until
from tests.engine.test_chunks import REASONS, World, read_keyframe, rows
from tests.worlds import Entry, Run, run


@FEW
@given(routed_worlds())
def test_every_message_is_settled_once_or_under_way_and_has_a_way_of_drawn_links(document: Entry) -> None:
    story = run(document)
    settled = Counter(id for id, _, _ in story.rows("settled"))
    assert set(settled.values()) <= {1}
    under_way = [message for message in story.messages() if not message.outcome]
    assert len(story.messages()) == len(settled) + len(under_way)
    assert set(story.drops()) <= REASONS | {"unreachable", "expired"}
    drawn = {frozenset((entry["a"], entry["b"])) for entry in document["links"]}
    hops = Counter(id for id, _, _, _ in story.rows("hops"))
    assert max(hops.values(), default=0) <= HOPS_MAX
    first_rows(story, drawn)


def first_rows(story: Run, drawn: set[frozenset[str]]) -> None:
    """Hops adjoin, lie on drawn links, and end at the receiver of what was delivered."""
    at: dict[int, tuple[int, int]] = {}  # message → where it went last, and when
    for id, time, node, following in story.rows("hops"):
        assert frozenset((story.nodes[node], story.nodes[following])) in drawn
        if id in at:
            assert at[id][0] == node
            assert at[id][1] <= time
        at[id] = (following, time)
    for message in story.messages(outcome="delivered"):
        if message.id in at:
            assert story.nodes[at[message.id][0]] == message.dst
            assert at[message.id][1] <= message.settled_ns
        elif message.src != message.dst:
            assert way(story, message) == [message.src, message.dst]


@FEW
@given(routed_worlds())
def test_each_keyframe_is_the_world_rebuilt_from_the_chunks_before_it(document: Entry) -> None:
    rebuilt = World(len(document["nodes"]))
    last: dict[int, tuple[Any, ...]] = {}
    for chunk in run(document).decoded:
        frame = read_keyframe(chunk)
        hops = rows(frame.pop("hops"))
        assert frame == rebuilt.keyframe()
        assert hops == [last[id] for id in sorted(rebuilt.flight) if id in last]
        rebuilt.play(chunk)
        last |= {row[0]: row for row in rows(chunk["tables"]["hops"])}


@FEW
@given(routed_worlds(), st.data())
def test_a_fault_more_leaves_every_chunk_that_ended_before_it_byte_for_byte(document: Entry, data: Any) -> None:
    assert same_until(document, data.draw(faults(document["nodes"], document["links"])))


@FEW
@given(routed_worlds())
def test_the_same_document_gives_the_same_run(document: Entry) -> None:
    assert run(document).outcome == run(document).outcome
