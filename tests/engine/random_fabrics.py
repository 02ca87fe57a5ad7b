"""Small worlds at random in which clients reach servers through switches and routers, with faults of every kind."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st

from tests.engine.fabric import router, switch
from tests.engine.random_worlds import DURATION_MS, clients, faults, latencies, losses, servers
from tests.rough import rough
from tests.worlds import Entry, exponential, link, world

boxes = {
    "quick": partial(switch, forwarding_time=0),
    "slow": partial(switch, forwarding_time=exponential(3)),
    "late": partial(router, convergence_ms=60),
    "later": partial(router, convergence_ms=110),
}
ROUGH: list[Entry] = [
    {},
    {"duplication": 0.3},
    {"bandwidth_mbit_per_s": 0.3, "queue_bytes": 400},
    {"burst_start": 0.2, "burst_end": 0.4},
]


def cable(draw: Any, a: str, b: str) -> Entry:
    return link(a, b, draw(latencies), draw(losses), **draw(st.sampled_from(ROUGH)))


@st.composite
def routed_worlds(draw: Any) -> Entry:
    """A physical document: a tree of forwarders with a few cables more, clients and servers anywhere on it."""
    asking = clients(draw)
    kind = draw(st.sampled_from(sorted(servers)))
    serving = [servers[kind](f"s{number}") for number in range(draw(st.integers(1, 3)))]
    between = [boxes[draw(st.sampled_from(sorted(boxes)))](f"b{number}") for number in range(draw(st.integers(1, 4)))]
    ids = [box["id"] for box in between]
    pairs = [(id, ids[draw(st.integers(0, position))]) for position, id in enumerate(ids[1:])]
    pairs += draw(st.lists(st.sampled_from([(a, b) for a in ids for b in ids if a != b] or [("b0", "s0")]), max_size=3))
    pairs += [(entry["id"], draw(st.sampled_from(ids))) for entry in asking]
    pairs += [(draw(st.sampled_from(ids)), entry["id"]) for entry in serving]
    if draw(st.booleans()):
        pairs.append((asking[0]["id"], serving[0]["id"]))
    once = {(min(pair), max(pair)): pair for pair in pairs}
    links = [cable(draw, a, b) for a, b in once.values()]
    clusters: list[Entry] = []
    if kind in ("cp", "ap") and draw(st.booleans()):
        members = [entry["id"] for entry in serving]
        clusters = [{"id": "store", "protocol": "register", "members": members, "cables": "drawn", "link": {}}]
    nodes = [*asking, *serving, *between]
    broken = draw(st.lists(faults(nodes, links), min_size=1, max_size=5))
    if draw(st.booleans()):
        broken.append(rough("duplicate", links[0]["id"], 50, 200, probability=0.5))
    return world(nodes, links, clusters, broken, DURATION_MS, draw(st.sampled_from([0, 100])), draw(st.integers(0, 99)))
