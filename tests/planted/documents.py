"""What is explored for planted bugs: a cluster of each protocol with clients that read and write."""

from __future__ import annotations

from typing import Any, Final

from tests.searching import cluster_document

Entry = dict[str, Any]
NEAR: Final = {"kind": "uniform", "low_ms": 2, "high_ms": 8}  # so that who answers first differs
DISK: Final = {"kind": "exponential", "mean_ms": 2}


def with_keeper(document: Entry, type: str, **params: Any) -> Entry:
    """The same with one more node, linked to every member."""
    members = document["clusters"][0]["members"]
    links = [{"id": f"m-{id}", "a": "m", "b": id, "params": {"latency": 5}} for id in members]
    return document | {
        "nodes": [*document["nodes"], {"id": "m", "type": type, "params": params}],
        "links": [*document["links"], *links],
    }


def commitment() -> Entry:
    """Clients that read, write and transfer through a coordinator, which asks three participants."""
    load = {"rate_per_s": 20, "keys": 2, "timeout_ms": 400}
    users = [
        {"id": f"c{number}", "type": "client", "params": {"requests": asked, **load}}
        for number, asked in enumerate(("read-write", "read-write", "increment"), 1)
    ]
    ids = [f"n{number}" for number in range(1, 4)]
    links = [(user["id"], "m", 2) for user in users] + [("m", id, NEAR) for id in ids]
    return {
        "format": "netsplit/1",
        "duration_ms": 3_000,
        "nodes": [
            *users,
            {"id": "m", "type": "coordinator", "params": {"answer_timeout_ms": 50}},
            *({"id": id, "type": "participant"} for id in ids),
        ],
        "links": [{"id": f"{a}-{b}", "a": a, "b": b, "params": {"latency": latency}} for a, b, latency in links],
        "clusters": [
            {
                "id": "mesh",
                "protocol": "participant",
                "members": ids,
                "params": {"patience_ms": 100},
                "link": {"latency": NEAR},
            }
        ],
    }


def locks() -> Entry:
    """Three that take a lock in turns to change what a store keeps."""
    ids = [f"h{number}" for number in range(1, 4)]
    links = [(id, to) for id in ids for to in ("l", "s")]
    return {
        "format": "netsplit/1",
        "duration_ms": 3_000,
        "nodes": [
            *({"id": id, "type": "lock-holder", "params": {"changes": 12, "timeout_ms": 150}} for id in ids),
            {"id": "l", "type": "lock-service", "params": {"lease_ms": 200}},
            {"id": "s", "type": "fenced-store"},
        ],
        "links": [{"id": f"{a}-{b}", "a": a, "b": b, "params": {"latency": 3}} for a, b in links],
    }


LINKED: Final[Entry] = {"latency": NEAR, "fsync_time": DISK}
QUICK: Final[Entry] = {**LINKED, "election_timeout_ms": 150, "forward_timeout_ms": 200}
GENERALS: Final[Entry] = {"faulty": 1, "patience_ms": 120, "status_ms": 40, "answer_timeout_ms": 350}
FAR: Final = {"kind": "exponential", "mean_ms": 5}
# As in the paper's figure 2: no pre-vote, no leader that steps down by itself; and one entry a message.
PLAIN: Final[Entry] = {**LINKED, "pre_vote": False, "check_quorum": False, "batch_max": 1}
DOCUMENTS: Final[dict[str, Entry]] = {
    "raft": cluster_document("raft", snapshot_after=20, **LINKED),
    "raft, entry by entry": cluster_document("raft", **PLAIN),
    "raft of four": cluster_document("raft", 4, **PLAIN),
    "multi-paxos": cluster_document("multi-paxos", **QUICK),
    "paxos": cluster_document("paxos", keys=40, quorum_timeout_ms=80, give_up_ms=200, **LINKED),
    "zab": cluster_document("zab", **QUICK),
    "pbft": cluster_document(
        "pbft", 4, duration_ms=2_000, latency=FAR, checkpoint_every=4, fsync_time=DISK, **GENERALS
    ),
    "register": cluster_document("register", mode="cp", quorum_timeout_ms=120, **LINKED),
    "register of one key": cluster_document(
        "register", keys=1, latency={"kind": "exponential", "mean_ms": 12}, mode="cp", quorum_timeout_ms=120
    ),
    "chain": with_keeper(cluster_document("chain", **LINKED), "chain-master", silence_ms=150),
    "leader-follower": with_keeper(cluster_document("leader-follower", **LINKED), "failover-monitor", silence_ms=150),
    "commitment": commitment(),
    "locks": locks(),
}
# A minority may never hear of a value for which nobody asks again.
NOT_PROMISED: Final = dict.fromkeys(("register", "register of one key"), frozenset({"convergence"}))
