"""Workers that die or stand still while people watch."""

from __future__ import annotations

import json
import time

import pytest

from simulations.catalogue import node_types
from simulations.document import validate
from simulations.engine.simulation import Simulation
from simulations.keys import limits
from tests.stack import Stack
from tests.web.visitor import Visitor, Watched, busy_scenario, scenario

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def test_a_killed_workers_run_goes_on_within_ten_seconds(new_stack: Stack) -> None:
    new_stack.start()
    visitor = Visitor(new_stack.base_url)
    document = busy_scenario(60)
    viewing = visitor.run(document)
    gap_seconds = 0.0
    with visitor.connect(viewing) as socket:
        socket.send(json.dumps({"from": 0, "window": 8}))
        watched = Watched()
        while len(watched.chunks) < 8:
            watched.take(socket, 30)
        assert visitor.status(viewing)["status"] == "running"
        new_stack.kill_worker()
        killed = time.monotonic()
        last_chunk = killed
        while not watched.end:
            received = len(watched.chunks)
            watched.take(socket, 30)
            if len(watched.chunks) > received:
                gap_seconds = max(gap_seconds, time.monotonic() - last_chunk)
                last_chunk = time.monotonic()
    assert watched.end["status"] == "finished"
    assert watched.numbers == list(range(watched.end["chunks"]))
    assert gap_seconds < 10  # lease, sweep, a new worker's start, catching up
    digest = visitor.status(viewing)["digest"]
    undisturbed = Simulation(validate(document).physical(), node_types(), limits())
    for chunk, received in zip(undisturbed.chunks(), watched.chunks, strict=True):
        assert chunk.data == received
    assert undisturbed.outcome is not None
    assert undisturbed.outcome.digest == digest == watched.end["digest"]


def test_with_the_worker_stopped_a_shared_link_plays(new_stack: Stack) -> None:
    new_stack.start()
    visitor = Visitor(new_stack.base_url)
    viewing = visitor.run(scenario(), seed=5)
    seen = visitor.watch(viewing)
    shared = visitor.post("/api/scenarios", {"document": scenario(), "viewing": viewing}).json()
    # A worker that still judges the run would be stopped with the database's lock in its hands.
    new_stack.wait_until(lambda: visitor.get(f"/api/runs/{viewing}/verdict").status == 200, "the verdict")
    new_stack.stop_worker()
    try:
        other = Visitor(new_stack.base_url)
        page = other.get(f"/s/{shared['slug']}/").body.decode()
        stage = json.loads(page.split('<script id="stage-data" type="application/json">')[1].split("</script>")[0])
        watched = other.watch(stage["viewing"])
        assert watched.chunks == seen.chunks
        assert watched.end["digest"] == seen.end["digest"]
        # What must be computed waits, and says so.
        waiting = other.run(scenario(), seed=6)
        with other.connect(waiting) as socket:
            socket.send(json.dumps({"from": 0, "window": 2}))
            status = json.loads(socket.recv(5))
        assert (status["status"], status["position"]) == ("queued", 1)
    finally:
        new_stack.start_worker()
    assert other.watch(waiting).end["status"] == "finished"
