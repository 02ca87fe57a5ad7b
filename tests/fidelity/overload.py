"""A retry storm that outlives its cause: Bronson, Aghayev, Charapko, Zhu, "Metastable Failures in Distributed Systems",
HotOS 2021, section 2.1.

A server can do 300 requests a second. It stands still for 10 s while requests go on arriving; whoever has waited for
1 s asks once more. At 280 a second that makes 560: the server is behind for ever, and works for nobody. At 140 a second
it makes 280, less than it can do, so that it catches up, and the retries end.
"""

from __future__ import annotations

from functools import partial

from simulations.engine.columns import unpack
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import Entry, client, link, service, world

STABLE, VULNERABLE = 140, 280
BEFORE_MS = 5_000
OUTAGE_MS = 10_000
LAST_MS = 5_000
TIMEOUT_MS = 1_000


def storm(seed: int, share: float, rate_per_s: int) -> Entry:
    """Long enough for the lower load to catch up: what came in the outage, twice, at 20 a second."""
    outage_ms = OUTAGE_MS * share
    end_ms = BEFORE_MS + outage_ms + 2 * STABLE * outage_ms / 20 + 4 * LAST_MS
    nodes = [
        client("web", rate_per_s=rate_per_s, timeout_ms=TIMEOUT_MS, retry="fixed", backoff_ms=0, attempts_max=2),
        service("db", concurrency=30, service_time=100, queue_limit="unbounded"),
    ]
    pause = {"kind": "pause", "target": "db", "at_ms": BEFORE_MS, "until_ms": BEFORE_MS + outage_ms}
    links = [link("web", "db", 0)]
    return world(nodes, links, faults=[pause], duration_ms=end_ms, settle_ms=3 * TIMEOUT_MS, seed=seed)


def in_the_end(seed: int, share: float, rate_per_s: int, answered: bool) -> tuple[float, float]:
    """Of what is asked last: the share that is answered (or not), and the attempts that each takes."""
    document = storm(seed, share, rate_per_s)
    from_ns = int((document["duration_ms"] - LAST_MS) * 1e6)
    late: set[int] = set()
    ended = tried = 0
    for chunk in chunks(document):
        invoked, returned = chunk["tables"]["invoked"]["cols"], chunk["tables"]["returned"]["cols"]
        ops = zip(unpack(invoked["op"]), unpack(invoked["time"]), strict=True)
        late.update(op for op, time_ns in ops if time_ns >= from_ns)
        for op, error, attempts in zip(*(unpack(returned[name]) for name in ("op", "error", "attempts")), strict=True):
            if op in late:
                ended += (not chunk["strings"][error]) == answered
                tried += attempts
    return ended / len(late), tried / len(late)


def experiments() -> list[Experiment]:
    """Both loads."""
    found = []
    for rate_per_s, answered, attempts in ((VULNERABLE, False, 2.0), (STABLE, True, 1.0)):
        name = f"metastable, {rate_per_s}/s of 300, after a 10 s outage"
        cases = (
            Case(f"{name}: {'answered' if answered else 'given up'}", "Bronson 2021, 2.1", 1.0, 0),
            Case(f"{name}: attempts", "Bronson 2021, 2.1", attempts, 0),
        )
        found.append(Experiment(cases, partial(in_the_end, rate_per_s=rate_per_s, answered=answered)))
    return found
