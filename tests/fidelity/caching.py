"""A cache that throws out who was not asked for longest, against Che's approximation.

Requests for key i come at random at a rate of p_i; a copy stays as long as it is asked for within the characteristic
time T, the root of Σ (1 − exp(−p_i T)) = C, so key i's hit ratio is 1 − exp(−p_i T) (Che, Tung, Wang 2002; that it is
so exact is explained by Fricker, Robert, Roberts, "A versatile and accurate approximation for LRU cache performance",
ITC 2012).
"""

from __future__ import annotations

import math
from functools import partial

from simulations.engine.columns import unpack
from simulations.nodes.cache import Cache
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import client, link, node, world

KEYS = 1_000
RATE_PER_S = 1_000
REQUESTS = 60_000
WARM_UP = 4_000  # requests: several characteristic times


def che(exponent: float, room: int) -> float:
    """The hit ratio over all requests."""
    weights = [rank**-exponent for rank in range(1, KEYS + 1)]
    total = math.fsum(weights)
    shares = [weight / total for weight in weights]
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        kept = math.fsum(-math.expm1(-share * middle) for share in shares)
        low, high = (middle, high) if kept < room else (low, middle)
    return math.fsum(-share * math.expm1(-share * low) for share in shares)


def hit_ratio(seed: int, share: float, exponent: float, room: int) -> tuple[float]:
    """The share of lookups that find a copy, after the warm-up."""
    nodes = [
        client(
            "users",
            rate_per_s=RATE_PER_S,
            requests="read-write",
            read_ratio=1,
            keys=KEYS,
            key_pattern="zipf",
            zipf_exponent=exponent,
        ),
        node(Cache, "cache", keys_max=room, ttl_ms=0, service_time=0),
        node(Cache, "store", keys_max=KEYS, ttl_ms=0, service_time=0),
    ]
    links = [link("users", "cache", 0), link("cache", "store", 0)]
    requests = WARM_UP + int((REQUESTS - WARM_UP) * share)
    hits = count = seen = 0
    for chunk in chunks(world(nodes, links, duration_ms=requests * 1000 / RATE_PER_S, seed=seed)):
        if "published" not in chunk["tables"]:
            continue
        told, strings = chunk["tables"]["published"]["cols"], chunk["strings"]
        for who, metric, amount in zip(*[unpack(told[name]) for name in ("node", "metric", "amount")], strict=True):
            if who != 1 or strings[metric] != "cache.hit":
                continue
            seen += 1
            if seen > WARM_UP:
                count += 1
                hits += amount
    return (hits / count,)


def experiments() -> list[Experiment]:
    """All of them."""
    found: list[Experiment] = []
    for exponent, room in ((0.8, 50), (0.8, 200), (1.0, 100), (1.2, 50)):
        name = f"LRU, Zipf {exponent}, {room} of {KEYS:,} keys: hit ratio"
        case = Case(name, "Che, Tung, Wang 2002", che(exponent, room), 0.01)
        found.append(Experiment((case,), partial(hit_ratio, exponent=exponent, room=room)))
    return found
