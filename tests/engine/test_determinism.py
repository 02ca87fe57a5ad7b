"""A run is a pure function of its document: in any process, under any hash seed, interpreted or compiled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from simulations.compiled import ROOT, build_folder
from tests.engine.digests import digests
from tests.worlds import Entry, Run, client, database, exponential, link, mesh, register, run, service, world


def in_a_process(engine: str, hash_seed: int) -> dict[str, Any]:
    """The digests as a process of its own finds them."""
    environment = os.environ | {"NETSPLIT_ENGINE": engine, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-m", "tests.engine.digests"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def compiled_engine() -> bool:
    """Whether there is a compiled engine of the present sources; builds it where there is a C compiler."""
    if not (build_folder() / "complete").exists() and shutil.which("cc"):
        subprocess.run([sys.executable, "scripts/compile_engine.py"], cwd=ROOT, check=True, capture_output=True)
    return (build_folder() / "complete").exists()


@pytest.mark.timeout(600)
def test_digests_are_the_same_in_other_processes_with_other_hash_seeds_interpreted_and_compiled() -> None:
    here = digests()
    assert len(set(here.values())) == len(here)
    for engine in ("interpreted", "compiled") if compiled_engine() else ("interpreted",):
        for hash_seed in (0, 1):
            there = in_a_process(engine, hash_seed)
            assert there == {"compiled": engine == "compiled", "digests": here}, (engine, hash_seed)


def test_a_digest_tells_one_document_from_another() -> None:
    def digest(**changes: Any) -> str:
        params = {"rate_per_s": 100} | changes
        return run(world([client("c", **params), service("s")], [link("c", "s")])).outcome.digest

    variants = [digest(), digest(rate_per_s=101), digest(timeout_ms=30), digest(requests="read-write")]
    assert len(set(variants)) == 4


# Draws belong to who makes them


def signature(story: Run, *nodes: str) -> list[tuple[Any, ...]]:
    """What these nodes did: their messages and operations, without the numbers that count over the whole run."""
    messages = [
        (one.sent_ns, one.settled_ns, one.src, one.dst, one.kind, one.outcome)
        for one in story.messages()
        if one.src in nodes and one.dst in nodes
    ]
    operations = [
        (op.start_ns, op.end_ns, op.node, op.f, op.key, op.type) for op in story.operations() if op.node in nodes
    ]
    return sorted(messages) + sorted(operations)


def system(name: str) -> tuple[list[Entry], list[Entry]]:
    nodes = [
        client(f"{name}-client", rate_per_s=80, requests="read-write"),
        service(f"{name}-service", service_time=exponential(15)),
        database(f"{name}-database", fsync_time=exponential(2)),
    ]
    links = [
        link(f"{name}-client", f"{name}-service", exponential(3), loss=0.05),
        link(f"{name}-service", f"{name}-database", exponential(2)),
    ]
    return nodes, links


@pytest.mark.parametrize("first", [True, False])
def test_a_system_beside_another_behaves_as_it_does_alone(first: bool) -> None:
    (nodes, links), (others, other_links) = system("one"), system("two")
    alone = run(world(nodes, links))
    both = run(world([*others, *nodes] if first else [*nodes, *others], [*other_links, *links]))
    ids = [node["id"] for node in nodes]
    assert signature(alone, *ids) == signature(both, *ids)
    assert len(signature(alone, *ids)) > 200


def test_one_client_more_leaves_the_draws_of_the_others_as_they_were() -> None:
    """It shares their service, so their answers change; when they ask, what, and how long the way takes does not."""

    def asked(*more: str) -> tuple[list[Any], Run]:
        ids = ["c", *more]
        nodes = [*(client(id, rate_per_s=100, requests="read-write") for id in ids), service("s", concurrency=4)]
        story = run(world(nodes, [link(id, "s", exponential(5)) for id in ids]))
        requests = [(one.sent_ns, one.settled_ns, one.kind) for one in story.messages(src="c") if one.outcome]
        return requests + [(op.start_ns, op.f, op.key) for op in story.operations("c")], story

    alone, quiet = asked()
    crowded, busy = asked("a", "d")
    assert alone == crowded
    latency = [sum(op.takes_ms for op in story.operations("c")) for story in (quiet, busy)]
    assert latency[1] > latency[0]


def test_the_work_of_a_request_is_its_own_whatever_else_the_server_does() -> None:
    """The same request takes the same service time in both variants of a comparison."""

    def service_times(rate_per_s: float) -> dict[int, float]:
        nodes = [
            client("c", rate_per_s=50),
            client("other", rate_per_s=rate_per_s),
            service("s", concurrency=1000, service_time=exponential(10)),
        ]
        story = run(world(nodes, [link("c", "s"), link("other", "s")], settle_ms=500))
        return {op.start_ns: op.takes_ms for op in story.operations("c")}

    assert service_times(0.001) == service_times(300)


def test_a_latency_of_one_link_leaves_the_draws_of_the_rest() -> None:
    def sent(latency: Any) -> list[Any]:
        ids = ["r0", "r1", "r2"]
        nodes = [client("c", requests="read-write", rate_per_s=50), *(register(id, mode="ap") for id in ids)]
        story = run(world(nodes, [link("c", "r0", latency)], [mesh(ids, exponential(4))]))
        return [(one.sent_ns, one.src, one.dst, one.takes_ms) for one in story.messages(kind="exchange") if one.outcome]

    assert sent(1) == sent(exponential(30))
