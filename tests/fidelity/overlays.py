"""Overlays: how far Chord's lookups go, and how evenly its ring spreads keys.

The paper says "about ½ log2 N" of the path length, counted to the key's predecessor; for ids drawn at random it is an
eighth of a hop less. What is expected is therefore the mean of a reference written from the definitions of section 4
alone, on Python's own random numbers.

Of Kademlia the paper says O(log n). What is expected is again the mean of a reference, of section 2.3's lookup over
buckets that are filled at random from all peers at their distance, which is the model of Cai and Devroye, "A
Probabilistic Analysis of Kademlia Networks", ISAAC 2013, section 1.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from functools import partial

from simulations.engine.columns import unpack
from simulations.nodes.dht_peer import DhtPeer
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import Entry, client, link, node, world

BITS = 40
PEERS = 64
SETTLED_MS = 9_000  # every peer has looked up its fingers twice by then
KEYS = 400
KADEMLIA_PEERS = 128
BUCKET = 2
OWNERS = 10  # peers that share the keys
REPEATS = {1: 8, 20: 4}


def overlay(seed: int, peers: int, of_client: Entry, duration_ms: float, links_to: int, **params: object) -> Entry:
    """So many peers, on a ring unless told otherwise, and a client that asks the first `links_to` of them in turn."""
    names = [f"p{number}" for number in range(peers)]
    own = {"routing": "chord", "copies": 1, "parallel": 1, "republish_ms": 0, "join_ms": 500, "id_bits": BITS, **params}
    mesh = {"id": "peers", "protocol": "dht-peer", "members": names, "link": {"latency": 5, "loss": 0}}
    nodes = [client("c", requests="read-write", **of_client), *(node(DhtPeer, name, **own) for name in names)]
    links = [link("c", name) for name in names[:links_to]]
    return world(nodes, links, [mesh], duration_ms=duration_ms, settle_ms=1000, seed=seed)


def published(document: Entry, metric: str) -> list[int]:
    """What the peers published under a name once their tables had settled."""
    found: list[int] = []
    for chunk in chunks(document):
        if "published" not in chunk["tables"]:
            continue
        columns, strings = chunk["tables"]["published"]["cols"], chunk["strings"]
        rows = zip(*(unpack(columns[name]) for name in ("time", "metric", "amount")), strict=True)
        found += [amount for time, code, amount in rows if strings[code] == metric and time > SETTLED_MS * 1e6]
    return found


def path_length(seed: int, share: float, peers: int, **params: object) -> tuple[float]:
    """The mean number of peers that a lookup of a random key from a random peer goes through, up to the one that
    names, or is, the closest to the key.
    """
    asks = {"read_ratio": 1, "rate_per_s": 500, "keys": 100_000, "timeout_ms": 5000}
    document = overlay(seed, peers, asks, SETTLED_MS + 6_000 * share, peers, refresh_ms=400, timeout_ms=5000, **params)
    hops = published(document, "lookup.hops")
    return (math.fsum(hops) / len(hops),)


def reference(peers: int, rings: int, lookups: int = 100) -> float:
    """Section 4.3: to the closest finger before the key, until the key lies between a peer and its successor."""
    chance = random.Random("chord")
    size = 1 << BITS
    total = 0
    for _ in range(rings):
        ids = sorted(chance.sample(range(size), peers))
        for _ in range(lookups):
            at, key = chance.choice(ids), chance.randrange(size)
            while not _between(key, at, _successor(ids, at + 1)):
                fingers = [_successor(ids, at + (1 << i)) for i in range(BITS)]
                at = max(
                    (finger for finger in fingers if _between(finger, at, key - 1)), key=lambda one: (one - at) % size
                )
                total += 1
    return total / rings / lookups


def _successor(ids: list[int], of: int) -> int:
    return ids[bisect_left(ids, of % (1 << BITS)) % len(ids)]


def _between(id: int, after: int, to: int) -> bool:
    """Whether an id lies in (after, to] on the ring."""
    return (id - after - 1) % (1 << BITS) <= (to - after - 1) % (1 << BITS)


def kademlia_reference(networks: int, lookups: int = 200) -> float:
    """Section 2.3: ask the closest of whom one has heard, who names the k it knows closest to the key, until the k
    closest have answered. The length of the path to the closest.
    """
    chance = random.Random("kademlia")
    total = 0
    for _ in range(networks):
        ids = chance.sample(range(1 << BITS), KADEMLIA_PEERS)
        known: dict[int, list[int]] = {}
        for own in ids:
            at_distance: dict[int, list[int]] = {}
            for other in ids:
                at_distance.setdefault((own ^ other).bit_length(), []).append(other)
            at_distance.pop(0)
            known[own] = [
                one for alike in at_distance.values() for one in chance.sample(alike, min(BUCKET, len(alike)))
            ]
        total += sum(_lookup(known, chance.choice(ids), chance.randrange(1 << BITS)) for _ in range(lookups))
    return total / networks / lookups


def _lookup(known: dict[int, list[int]], own: int, key: int) -> int:
    depths = {own: 0}
    asked = {own}
    named = own
    while True:
        for one in sorted(known[named], key=lambda one: one ^ key)[:BUCKET]:
            depths.setdefault(one, depths[named] + 1)
        closest = sorted((one for one in depths if one != own), key=lambda one: one ^ key)[:BUCKET]
        left = [one for one in closest if one not in asked]
        if not left:
            return depths[closest[0]]
        named = left[0]
        asked.add(named)


def unevenness(seed: int, share: float, virtual_nodes: int) -> tuple[float]:
    """The mean over peers and runs of (keys ÷ their mean − 1)²."""
    repeats = max(1, int(REPEATS[virtual_nodes] * share))
    total = 0.0
    for repeat in range(repeats):
        writes = {"read_ratio": 0, "pattern": "recorded", "times": [SETTLED_MS + 5 * one for one in range(KEYS)]}
        writes |= {"keys": KEYS, "key_pattern": "sequential", "timeout_ms": 5000}
        document = overlay(
            1000 * seed + repeat, OWNERS, writes, SETTLED_MS + 4000, 1, virtual_nodes=virtual_nodes, refresh_ms=500
        )
        held = [0] * (OWNERS + 1)
        for chunk in chunks(document):
            columns, strings = chunk["tables"]["state"]["cols"], chunk["strings"]
            for owner, field, value in zip(
                *(unpack(columns[name]) for name in ("node", "field", "value")), strict=True
            ):
                if strings[field] == "keys":
                    held[owner] = value
        assert sum(held) == KEYS
        total += math.fsum((count * OWNERS / KEYS - 1) ** 2 for count in held[1:]) / OWNERS
    return (total / repeats,)


def expected_unevenness(virtual_nodes: int) -> float:
    """A peer's share of the ring is Beta(v, (N − 1)·v) distributed; keys fall into it as they come."""
    variance = (OWNERS - 1) / (OWNERS**2 * (OWNERS * virtual_nodes + 1))
    share = 1 / OWNERS
    return (KEYS * (share - variance - share**2) + KEYS**2 * variance) / (KEYS * share) ** 2


def experiments(reference_runs: int) -> list[Experiment]:
    """All of them; the reference is run so often."""
    length = reference(PEERS, max(200, reference_runs // 10))
    name = f"Chord, {PEERS} peers: path length (½ log2 N = {math.log2(PEERS) / 2:g})"
    case = Case(name, "Stoica et al. 2001, 4.3 (reference)", length, 0.02)
    found = [Experiment((case,), partial(path_length, peers=PEERS, successors=1))]
    length = kademlia_reference(max(50, reference_runs // 20))
    name = f"Kademlia, {KADEMLIA_PEERS} peers, k = {BUCKET}: path length (log2 N = {math.log2(KADEMLIA_PEERS):g})"
    case = Case(name, "Maymounkov and Mazières 2002, 2.3 (reference)", length, 0.02)
    measure = partial(path_length, peers=KADEMLIA_PEERS, routing="kademlia", bucket_size=BUCKET)
    found.append(Experiment((case,), measure))
    for virtual_nodes, half_width in ((1, 0.3), (20, 0.3)):
        name = f"Chord, {OWNERS} peers with {virtual_nodes} ids: variance of their keys"
        case = Case(name, "Stoica et al. 2001, 6.2", expected_unevenness(virtual_nodes), half_width)
        found.append(Experiment((case,), partial(unevenness, virtual_nodes=virtual_nodes)))
    return found
