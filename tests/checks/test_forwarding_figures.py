"""Figures of what goes through switches and routers: each link counts what crossed it."""

from __future__ import annotations

from typing import Any

from simulations.document import validate
from simulations.engine.simulation import Limits
from simulations.report import Recording, judge, record


def scenario(*faults: Any, expect: Any = ()) -> dict[str, Any]:
    """A client and a service behind a switch each, joined by a cable, and by a longer one through a third."""
    links = [("c", "v", 1), ("v", "w", 1), ("w", "s", 1), ("v", "x", 5), ("x", "w", 5)]
    boxes = [{"id": id, "type": "switch"} for id in "vwx"]
    return {
        "format": "netsplit/1",
        "duration_ms": 1000,
        "settle_ms": 100,
        "nodes": [
            {"id": "c", "type": "client", "params": {"rate_per_s": 100}},
            {"id": "s", "type": "service"},
            *boxes,
        ],
        "links": [{"id": a + b, "a": a, "b": b, "params": {"latency": ms}} for a, b, ms in links],
        "faults": list(faults),
        "expect": list(expect),
    }


def figures(*faults: Any) -> dict[str, float]:
    return recorded(*faults).metrics()


def recorded(*faults: Any) -> Recording:
    return record(validate(scenario(*faults)).physical(), Limits())


def test_each_link_counts_what_crossed_it() -> None:
    found = figures()
    sent = found["messages.sent"]
    assert sent > 150
    assert [found[f"links.{id}.messages"] for id in ("cv", "vw", "ws", "vx", "xw")] == [sent, sent, sent, 0, 0]
    assert found["links.vw.bytes"] == found["messages.bytes"] == 128 * sent
    assert [found[f"nodes.{id}.forwarded"] for id in "vwx"] == [sent, sent, 0]
    assert found["messages.hops_mean"] == 3


def test_a_message_round_a_cut_counts_where_it_went() -> None:
    found = figures({"kind": "cut", "target": "vw", "at_ms": 500})
    sent = found["messages.sent"]
    assert found["links.vx.messages"] == sent - found["links.vw.messages"] > 50
    assert found["links.vx.messages"] == found["links.xw.messages"] == found["nodes.x.forwarded"]
    assert 3 < found["messages.hops_mean"] < 4
    assert found["links.vw.dropped"] == found["messages.dropped"] == found["links.vw.dropped.link_cut"] > 0


def test_what_finds_no_way_is_dropped_on_no_link() -> None:
    found = figures({"kind": "crash", "target": "v", "at_ms": 500}, {"kind": "cut", "target": "ws", "at_ms": 400})
    assert found["messages.dropped.unreachable"] > 20
    dropped = {id: found[f"links.{id}.dropped"] for id in ("cv", "vw", "ws", "vx", "xw")}
    assert sum(dropped.values()) == found["messages.dropped"] - found["messages.dropped.unreachable"]
    assert found["links.cv.messages"] < found["messages.sent"]


def test_where_nothing_forwards_there_are_no_such_figures() -> None:
    data = scenario()
    data["nodes"] = data["nodes"][:2]
    data["links"] = [{"id": "cs", "a": "c", "b": "s"}]
    found = record(validate(data).physical(), Limits()).metrics()
    assert "messages.hops_mean" not in found
    assert not [name for name in found if name.endswith(".forwarded")]


def test_a_claim_may_speak_of_them() -> None:
    claims = [
        {"claim": "The long way is not taken", "left": {"metric": "nodes.x.forwarded"}, "op": "==", "right": 0},
        {"claim": "Three links", "left": {"metric": "messages.hops_mean"}, "op": "==", "right": 3},
    ]
    document = validate(scenario(expect=claims))
    told = judge(document, {"": record(document.physical(), Limits())})["expect"]
    assert [one["ok"] for one in told] == [True, True]
