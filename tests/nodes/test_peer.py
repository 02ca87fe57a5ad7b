"""The swarm: Cohen, "Incentives Build Robustness in BitTorrent" (2003): each rule beside a swarm without it."""

from __future__ import annotations

from typing import Any

from simulations.nodes.peer import Peer
from tests.worlds import Entry, Run, crash, link, node, run, world

PIECES = 32
PIECE_MS = 204.8  # 256 kB at 10 Mbit/s
LEECHERS = 8


def swarm(
    count: int = LEECHERS,
    *faults: Entry,
    seed: int = 1,
    duration_ms: float = 60_000,
    of: dict[str, dict[str, Any]] | None = None,
    **params: Any,
) -> Run:
    """A seed, and peers p0 … who begin with nothing; `of` are parameters of single nodes."""
    names = [f"p{number}" for number in range(count)]
    own = {name: {**params, **(of or {}).get(name, {})} for name in ("seed", *names)}
    own["seed"] = {**own["seed"], "seed": True, "uploads": True}
    members = [node(Peer, name, **own[name]) for name in own]
    latency = {"kind": "uniform", "low_ms": 10, "high_ms": 30}
    mesh = {"id": "swarm", "protocol": "peer", "members": list(own), "link": {"latency": latency, "loss": 0}}
    return run(world(members, [], [mesh], faults, duration_ms=duration_ms, seed=seed))


def published(story: Run, name: str, *nodes: str) -> int:
    return sum(
        row[3] for row in story.rows("published") if row[2] == name and (not nodes or story.nodes[row[1]] in nodes)
    )


def takes_ms(story: Run, *nodes: str) -> float:
    """Until the last of these peers (all) is complete."""
    downloads = [op for op in story.operations(f="download") if not nodes or op.node in nodes]
    assert {op.type for op in downloads} == {"ok"}
    return max(op.takes_ms for op in downloads)


def test_everybody_gets_each_piece_once() -> None:
    story = swarm()
    assert story.ends() == {("ok", ""): LEECHERS}
    assert published(story, "pieces.downloaded") == LEECHERS * PIECES
    assert published(story, "pieces.uploaded") == LEECHERS * PIECES
    assert [story.at(60_000, f"p{number}", "have") for number in range(LEECHERS)] == [PIECES] * LEECHERS
    assert story.at(60_000, "p0", "role") == "seed"


def test_peers_do_most_of_the_work_themselves() -> None:
    assert published(swarm(), "pieces.uploaded", "seed") < 0.5 * LEECHERS * PIECES
    assert published(swarm(uploads=False), "pieces.uploaded", "seed") == LEECHERS * PIECES


def test_a_swarm_grows_with_its_members_and_a_server_is_shared_by_them() -> None:
    assert takes_ms(swarm(24, duration_ms=60_000)) < 2 * takes_ms(swarm(6))
    served = [takes_ms(swarm(count, duration_ms=200_000, uploads=False, neighbours=0)) for count in (6, 24)]
    assert 3.8 < served[1] / served[0] < 4.2
    assert abs(served[1] / (24 * PIECES * PIECE_MS) - 1) < 0.05


def test_nobody_beats_the_uplink() -> None:
    """One copy must leave the seed, and all copies together all the uplinks."""
    assert takes_ms(swarm()) > PIECES * PIECE_MS
    alone = takes_ms(swarm(1))
    assert PIECES * PIECE_MS < alone < 1.05 * PIECES * PIECE_MS


def test_rarest_first_puts_a_full_copy_out_soonest() -> None:
    """Legout et al. 2006, section 4.2: without it some pieces stay with the seed."""

    def out_ms(order: str) -> float:
        story = swarm(of={"seed": {"leaves": "copy"}}, order=order, duration_ms=200_000)
        return next(ms for ms, text in story.notes("seed") if text == "leaves the swarm")

    rarest, random, sequential = (out_ms(order) for order in ("rarest", "random", "sequential"))
    assert rarest < random < sequential
    assert rarest < 1.3 * PIECES * PIECE_MS
    assert sequential > 2 * PIECES * PIECE_MS


def test_a_swarm_outlives_its_seed_once_a_copy_is_out() -> None:
    story = swarm(of={"seed": {"leaves": "copy"}})
    left_ms = next(ms for ms, text in story.notes("seed") if text == "leaves the swarm")
    assert all(op.type == "ok" and op.end_ns / 1e6 > left_ms for op in story.operations())
    early = swarm(LEECHERS, crash("seed", PIECES * PIECE_MS * 0.8))
    assert {kind for kind, _ in early.ends()} == {"info"}


def test_complete_peers_may_leave() -> None:
    story = swarm(leaves="complete", of={"seed": {"leaves": "never"}})
    assert story.ends() == {("ok", ""): LEECHERS}
    leavers = {name for name in story.nodes if story.at(60_000, name, "role") == "left"}
    assert leavers == set(story.nodes) - {"seed"}


def test_tit_for_tat_makes_free_riders_wait() -> None:
    def lead(reciprocity: str) -> float:
        """How much longer than others those take who give nothing."""
        found = []
        for seed in (1, 2, 3):
            riders = [f"p{number}" for number in range(4)]
            of = {rider: {"uploads": False} for rider in riders} | {"seed": {"slots": 1}}
            story = swarm(16, seed=seed, of=of, reciprocity=reciprocity, leaves="complete")
            givers = [f"p{number}" for number in range(4, 16)]
            found.append(takes_ms(story, *riders) / takes_ms(story, *givers))
        return sum(found) / len(found)

    assert lead("tit-for-tat") > 1.05 * lead("rotation")


def test_the_choked_are_refused_and_slots_are_kept() -> None:
    story = swarm(slots=2)
    open_to: dict[str, set[str]] = {name: set() for name in story.nodes}
    turns = [sent for kind in ("choke", "unchoke") for sent in story.messages(kind)]
    for sent in sorted(turns, key=lambda sent: (sent.sent_ns, sent.kind, sent.id)):
        (open_to[sent.src].add if sent.kind == "unchoke" else open_to[sent.src].discard)(sent.dst)
        assert len(open_to[sent.src]) <= 2
    assert len(story.messages("choke")) > 10


def test_what_a_crashed_peer_owed_is_asked_of_others() -> None:
    story = swarm(LEECHERS, crash("p0", 4_000), timeout_ms=2_000)
    survivors = [op for op in story.operations() if op.node != "p0"]
    assert {op.type for op in survivors} == {"ok"}


def test_a_restarted_peer_goes_on_with_what_its_disk_kept() -> None:
    story = swarm(LEECHERS, crash("p0", 5_000, 6_000), timeout_ms=2_000)
    before = story.at(4_999, "p0", "have")
    assert before > 3
    again = [value for ms, value in story.states("p0", "have") if ms >= 6_000 and value is not None]
    assert 0 < again[0] <= before
    assert again[-1] == PIECES


def test_pieces_have_a_size_that_slow_links_feel() -> None:
    def alone(**of_link: Any) -> float:
        nodes = [node(Peer, "seed", seed=True, upload_mbit_per_s=1000), node(Peer, "p")]
        return takes_ms(run(world(nodes, [link("seed", "p", 5, **of_link)], duration_ms=60_000)))

    assert alone(bandwidth_mbit_per_s=5, queue_bytes=10_000_000) > 10 * alone()


def test_doubts() -> None:
    def doubts(**params: Any) -> list[str]:
        return [name for name, _ in Peer.doubts(node(Peer, "p", **params)["params"], frozenset())]

    assert doubts() == []
    assert doubts(timeout_ms=1_000) == ["timeout_ms"]
    assert doubts(seed=True, uploads=False) == ["uploads"]
