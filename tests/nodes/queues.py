"""What tests of message queues share: the types, and questions to a run."""

from __future__ import annotations

from typing import Any

from simulations.nodes.fan_out import FanOut
from simulations.nodes.requester import Requester
from simulations.nodes.work_queue import WorkQueue
from simulations.nodes.worker import Worker
from tests.worlds import Entry, Run, client, link, node, run, world

WRITES = {"requests": "read-write", "read_ratio": 0.0}


def queue(id: str, **params: Any) -> Entry:
    return node(WorkQueue, id, **params)


def worker(id: str, **params: Any) -> Entry:
    return node(Worker, id, **{"counts_effects": True, **params})


def fan_out(id: str, **params: Any) -> Entry:
    return node(FanOut, id, **params)


def requester(id: str, **params: Any) -> Entry:
    return node(Requester, id, **params)


def pulled(
    q: Entry | None = None,
    workers: tuple[Entry, ...] = (),
    faults: Any = (),
    load: Any = None,
    seed: int = 1,
    ms: tuple[int, int] = (2000, 8000),
) -> Run:
    """A client at 50 requests a second, a queue `q`, and workers that take from it (by default one, `w`)."""
    workers = workers or (worker("w", service_time=10),)
    source = client("c", **{"pattern": "deterministic", "rate_per_s": 50, **(load or {})})
    links = [link("c", "q"), *(link(one["id"], "q") for one in workers)]
    return run(world([source, q or queue("q"), *workers], links, (), faults, *ms, seed=seed))


def published(story: Run, metric: str, node: str = "") -> int:
    """The sum of what was published under a metric."""
    rows = story.rows("published")
    return sum(amount for _, number, name, amount in rows if name == metric and node in ("", story.nodes[number]))


def done(story: Run) -> dict[int, int]:
    """How often each operation had its effect."""
    counts = dict.fromkeys([op.id for op in story.operations() if op.type == "ok"], 0)
    for row in story.rows("effects"):
        counts[row[3]] = counts.get(row[3], 0) + 1
    return counts


def lost(story: Run) -> int:
    return list(done(story).values()).count(0)


def doubled(story: Run) -> int:
    return len([times for times in done(story).values() if times > 1])
