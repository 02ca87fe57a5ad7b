"""Multi-leader stores with one rule broken, found out: by counters that come out wrong, or copies that stay apart."""

from __future__ import annotations

from typing import Any

from simulations.engine.node import Node
from tests.nodes.leaderless import last
from tests.nodes.stories import read, write
from tests.nodes.test_multi_leader import APART, MultiLeader, store
from tests.worlds import Run, client, crash, link, mesh, node, run, world


class Forgetful(MultiLeader):  # type: ignore[misc]
    """Acknowledges and ships what is not on its disk, and is its old self after a restart."""

    def start(self) -> None:
        super().start()
        self.store.writer = self.host.index

    async def sync(self) -> None:
        self.disk.cached.clear()


class Adder(MultiLeader):  # type: ignore[misc]
    """Adds what others ship to what it has of them, in place of taking the greater."""

    async def on_ship(self, body: Any, message: Any) -> Any:
        for key, _, counter, _ in body.entries:
            held = {one: plus for one, plus, _ in self.counters.get(key, ())}
            for writer, plus, _ in counter:
                if writer != self.store.writer:
                    held[writer] = held.get(writer, 0) + plus
            self.set_counter(key, tuple((one, held[one], 0) for one in sorted(held)))
        return await super().on_ship(type(body)(()), message)


class Partial(MultiLeader):  # type: ignore[misc]
    """Keeps what came first, whatever its stamp."""

    async def on_ship(self, body: Any, message: Any) -> Any:
        news = tuple(entry for entry in body.entries if not self.store.held(entry[0]))
        return await super().on_ship(type(body)(news), message)


def count(kind: type[Node]) -> tuple[int, set[int], Run]:
    """How many increments through one member were acknowledged, and what three have counted; the member crashes."""
    ids = ["r0", "r1", "r2"]
    load = {"requests": "increment", "rate_per_s": 50, "keys": 1, "pattern": "deterministic"}
    nodes = [client("c0", **load), *(node(kind, id, conflicts="crdt", fsync_time=0.1) for id in ids)]
    story = run(world(nodes, [link("c0", "r0")], [mesh(ids, 5)], [crash("r0", 505, 506)], 1000, 1000), kind)
    return story.ends()["ok", ""], {int(text.removeprefix("k0 = ")) for text in last(story, "value", 3)}, story


def test_counters_are_right_with_every_rule_kept() -> None:
    made, totals, _ = count(MultiLeader)
    assert totals == {made}


def test_what_was_acknowledged_and_not_on_disk_is_missing_from_the_count() -> None:
    made, totals, _ = count(Forgetful)
    assert max(totals) < made


def test_what_is_shipped_again_is_counted_again_where_it_is_added() -> None:
    made, totals, _ = count(Adder)
    assert max(totals) > made


def test_members_that_keep_what_came_first_stay_apart() -> None:
    for kind, agree in ((MultiLeader, True), (Partial, False)):
        story = store({**APART, "u2": [read(1900)], "v1": [write(300, 3)]}, kind=kind)
        assert (len(set(last(story, "digest", 3))) == 1) is agree
