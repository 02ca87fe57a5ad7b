"""What is explored for planted bugs: a cluster of each protocol with clients that read and write."""

from __future__ import annotations

from typing import Any, Final

from tests.searching import cluster_document

Entry = dict[str, Any]


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
    links = [(user["id"], "m", 2) for user in users] + [("m", id, 5) for id in ids]
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
                "link": {"latency": 5},
            }
        ],
    }


def locks(fencing: bool = True) -> Entry:
    """Three that take a lock in turns to change what a store keeps."""
    ids = [f"h{number}" for number in range(1, 4)]
    links = [(id, to) for id in ids for to in ("l", "s")]
    return {
        "format": "netsplit/1",
        "duration_ms": 3_000,
        "nodes": [
            *({"id": id, "type": "lock-holder", "params": {"changes": 12, "timeout_ms": 150}} for id in ids),
            {"id": "l", "type": "lock-service", "params": {"lease_ms": 200}},
            {"id": "s", "type": "fenced-store", "params": {"fencing": fencing}},
        ],
        "links": [{"id": f"{a}-{b}", "a": a, "b": b, "params": {"latency": 3}} for a, b in links],
    }


DISK: Final = {"kind": "exponential", "mean_ms": 2}
DOCUMENTS: Final[dict[str, Entry]] = {
    "raft": cluster_document("raft", fsync_time=DISK, snapshot_after=20),
    "raft, five": cluster_document("raft", 5, fsync_time=DISK, snapshot_after=20),
    "multi-paxos": cluster_document("multi-paxos", election_timeout_ms=150, forward_timeout_ms=200, fsync_time=DISK),
    "paxos": cluster_document("paxos", quorum_timeout_ms=80, give_up_ms=200, fsync_time=DISK),
    "zab": cluster_document("zab", election_timeout_ms=150, forward_timeout_ms=200, fsync_time=DISK),
    "pbft": cluster_document(
        "pbft", 4, faulty=1, patience_ms=120, status_ms=40, answer_timeout_ms=350, checkpoint_every=4, fsync_time=DISK
    ),
    "register": cluster_document("register", mode="cp", quorum_timeout_ms=120, fsync_time=DISK),
    "leaderless": cluster_document("leaderless", 5, n=5, r=3, w=3, timeout_ms=60, anti_entropy_ms=100, fsync_time=DISK),
    "chain": with_keeper(cluster_document("chain", fsync_time=DISK), "chain-master", silence_ms=150),
    "leader-follower": with_keeper(
        cluster_document("leader-follower", fsync_time=DISK), "failover-monitor", silence_ms=150
    ),
    "commitment": commitment(),
    "locks": locks(),
}
