"""Looking into a node as its run goes by: what is seen, and that the run is the one it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from simulations import activations
from simulations.activations import AFTER_MAX, BEFORE_MAX, look_at
from simulations.catalogue import node_types
from simulations.compiled import ROOT
from simulations.document import parse
from simulations.engine.channel import Message
from simulations.engine.kernel import COMPILED
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.simulation import Limits, Simulation
from tests.engine.digests import pair, tiers
from tests.engine.test_determinism import compiled_engine
from tests.worlds import MS, TYPES, Actor, Answer, Ask, Entry, actor, client, link, node, register, service, world

KINDS = {kind.TYPE: kind for kind in TYPES}
NEVER = 10**18
ELSEWHERE = """
import json, sys
from simulations.activations import look_at
from simulations.catalogue import node_types
from simulations.engine.simulation import Limits
document, node, at_ns = json.load(sys.stdin)
json.dump(look_at(document, node_types(), Limits(), node, 0, at_ns), sys.stdout)
"""


class Tally(Node):
    """Counts what it is asked; answers after 5 ms, and forgets a name 20 ms later."""

    TYPE = "tally"
    HANDLES = (Ask,)

    def start(self) -> None:
        self.asked = 0
        self.names: dict[str, int] = {}

    async def on_ask(self, body: Ask, message: Message) -> Body:
        self.asked += 1
        self.names[body.text] = self.asked
        await self.sleep(5 * MS)
        self.timer(20 * MS, "forgetting", lambda: self.forget(body.text))
        return Answer(body.text)

    def forget(self, name: str) -> None:
        del self.names[name]


def look(document: Entry, id: str, at_ms: float, from_ms: float = 0, *extra: type[Node]) -> dict[str, Any]:
    kinds = KINDS | {kind.TYPE: kind for kind in extra}
    return look_at(document, kinds, Limits(), id, round(from_ms * MS), round(at_ms * MS))


def asking() -> Entry:
    async def main(self: Actor) -> None:
        for name in ("ann", "bob"):
            await self.call("tally", Ask(name), 100)

    nodes = [actor("asker", main), node(Tally, "tally")]
    return world(nodes, [link("asker", "tally", 2)], duration_ms=100)


def state(activation: dict[str, Any], name: str) -> tuple[str, str, bool]:
    row = next(row for row in activation["state"] if row["name"] == name)
    return row["before"], row["after"], row["changed"]


def cluster() -> Entry:
    document = parse((ROOT / "simulations" / "scenarios" / "cap-partition.json").read_text())
    return document.physical(None)


def test_each_activation_is_told_with_its_cause_and_what_it_changed() -> None:
    found = look(asking(), "tally", 7, 0, Tally)
    told = [(one["time_ns"] / MS, one["handler"], one["goes_on"]) for one in found["activations"]]
    assert told == [
        (0, "start", False),
        (2, "on_ask", False),
        (7, "on_ask", True),
        (11, "on_ask", False),
        (16, "on_ask", True),
        (27, "on_ask", False),  # a function without a name is told by where it stands
        (36, "on_ask", False),
    ]
    first, resumed = found["activations"][1:3]
    assert first["message"] == {"id": 0, "kind": "ask", "from": "asker", "says": "Ask(text='ann')"}
    assert first["waits"] == {"for": "time", "of": []}
    assert state(first, "asked") == ("0", "1", True)
    assert state(first, "names") == ("{}", "{'ann': 1}", True)
    assert resumed["waits"] is None
    assert [sent["to"] for sent in resumed["sent"]] == ["asker"]
    assert state(resumed, "asked") == ("1", "1", False)
    second = found["activations"][3]
    assert state(second, "names") == ("{… 1 as before}", "{'bob': 2, … 1 as before}", True)
    assert found["ended"] == "end"


def test_what_came_before_is_told_by_its_place_alone() -> None:
    found = look(asking(), "tally", 13, 8, Tally)
    assert found["earlier"] == {"time_ns": 7 * MS, "handler": "on_ask"}
    assert found["activations"][0]["time_ns"] == 11 * MS


def test_a_handler_says_whom_it_waits_for() -> None:
    found = look(asking(), "asker", 0, 0, Tally)
    assert found["activations"][0]["waits"] == {"for": "reply", "of": ["tally"]}
    replicas = [register(f"r{i}") for i in range(3)]
    pairs = [("r0", "r1"), ("r0", "r2"), ("r1", "r2")]
    links = [link("c", "r0"), *(link(a, b) for a, b in pairs)]
    document = world([client("c", requests="read-write", rate_per_s=50), *replicas], links)
    waits = [one["waits"] for one in look(document, "r0", 500)["activations"] if one["waits"]]
    assert {"for": "replies", "of": ["r1", "r2"], "need": 1} in waits


def test_who_lets_another_go_on_does_not_wait_itself() -> None:
    document = world([client("c", rate_per_s=500), service("s", concurrency=1)], [link("c", "s")])
    found = look(document, "s", 500)["activations"]
    ended = [one for one in found if one["goes_on"] and any(sent["kind"] == "done" for sent in one["sent"])]
    assert ended
    assert {one["waits"] for one in ended} == {None}


def test_no_more_is_told_than_can_be_read() -> None:
    document = world([client("c", rate_per_s=5000), service("s", concurrency=100)], [link("c", "s")])
    found = look(document, "s", 500)
    assert len(found["activations"]) == BEFORE_MAX + AFTER_MAX
    assert found["earlier"]["time_ns"] < found["activations"][0]["time_ns"] == found["from_ns"]
    assert found["ended"] == "enough"
    assert found["to_ns"] < 600 * MS


def test_a_look_that_takes_too_long_ends() -> None:
    ticks = iter(range(0, 10_000, 5))
    found = look_at(pair(), KINDS, Limits(), "s", 0, NEVER, lambda: next(ticks))
    assert found["ended"] == "time"


def test_a_bug_of_the_node_ends_the_look_with_what_was_seen() -> None:
    def broken(self: Actor, body: Ask, message: Message) -> Any:
        raise ValueError("no")

    async def main(self: Actor) -> None:
        await self.call("b", Ask("?"), 10)

    document = world([actor("a", main), actor("b", None, broken)], [link("a", "b")])
    found = look(document, "b", 500)
    assert [one["handler"] for one in found["activations"]] == ["start", "on_ask"]
    assert found["activations"][-1]["raised"]


@pytest.mark.parametrize("document", [pair(), tiers(), cluster()])
def test_a_run_that_is_looked_at_is_the_one_it_was(document: Entry) -> None:
    def digest(observed: bool) -> str:
        simulation = Simulation(document, node_types(), Limits())
        if observed:
            for host in simulation.network.hosts.values():
                assert host.node_type is not None
                host.observer = activations.Onlooker(host.node_type, 0, NEVER, lambda: 0.0)
        for _chunk in simulation.chunks():
            pass
        assert simulation.outcome is not None
        return simulation.outcome.digest

    assert digest(True) == digest(False)


@pytest.mark.parametrize(("document", "id"), [(tiers(), "lb"), (tiers(), "db"), (cluster(), "r2"), (cluster(), "bob")])
def test_both_builds_see_the_same(document: Entry, id: str) -> None:
    other = "interpreted" if COMPILED or not compiled_engine() else "compiled"
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps([document, id, 500 * MS]),
        cwd=ROOT,
        env=os.environ | {"NETSPLIT_ENGINE": other},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == look_at(document, node_types(), Limits(), id, 0, 500 * MS)


def test_a_node_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        look(asking(), "nobody", 0, 0, Tally)
