"""What protocols cost: messages a request, and how long its client waits, against what the papers' figures show.

Requests come one by one, so that nothing is batched. Nothing fails. Heartbeats, questions of masters and the like are
switched off or left out of the count; what is sent to oneself is no message; the client's request and its answer are
two. Each way between client and member takes CLIENT_MS, each way between members HOP_MS, each fsync FSYNC_MS, so that
a delay tells how many of each follow one after another. Work itself takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from simulations.engine.columns import unpack
from simulations.engine.node import Node
from simulations.nodes.chain import ChainStore
from simulations.nodes.chain_master import ChainMaster
from simulations.nodes.coordinator import Coordinator
from simulations.nodes.multi_paxos import MultiPaxos
from simulations.nodes.participant import Participant
from simulations.nodes.paxos import Paxos
from simulations.nodes.pbft import Pbft
from simulations.nodes.raft import Raft
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import MS, Entry, client, link, node, world

CLIENT_MS: Final = 7
HOP_MS: Final = 10
FSYNC_MS: Final = 3
NEVER_MS: Final = 3_600_000
BEGIN_MS: Final = 10_500  # there is a leader by then
EVERY_MS: Final = 300
IDLE: Final = frozenset({"lead", "following", "ping", "pong", "watch", "here", "status"})  # sent without requests, too


def delay_ms(hops: int, fsyncs: int) -> float:
    """From the request to the answer."""
    return 2 * CLIENT_MS + hops * HOP_MS + fsyncs * FSYNC_MS


@dataclass(frozen=True)
class Costs:
    """What a request costs by theory, and the run that shows it: `document(requests)`, without times and seed."""

    name: str
    source: str
    messages: int
    delay_ms: float
    document: Callable[[int], Entry]


def measure(seed: int, share: float, costs: Costs) -> tuple[float, float]:
    """Messages a request, and its delay in ms."""
    requests = max(2, int(10 * share))
    ends_ms = BEGIN_MS + requests * EVERY_MS
    document = {**costs.document(requests), "duration_ms": ends_ms, "seed": seed}
    messages = ended = total_ns = 0
    begun: dict[int, int] = {}
    for chunk in chunks(document):
        strings, tables = chunk["strings"], chunk["tables"]
        if "sent" in tables:
            columns = tables["sent"]["cols"]
            for time, kind in zip(unpack(columns["time"]), unpack(columns["kind"]), strict=True):
                messages += time >= BEGIN_MS * MS and strings[kind].removesuffix(" reply") not in IDLE
        invoked, returned = tables["invoked"]["cols"], tables["returned"]["cols"]
        begun.update(zip(unpack(invoked["op"]), unpack(invoked["time"]), strict=True))
        for op, time, error in zip(*(unpack(returned[name]) for name in ("op", "time", "error")), strict=True):
            assert not strings[error], strings[error]
            ended += 1
            total_ns += time - begun[op]
    assert ended == requests
    return messages / requests, total_ns / requests / MS


def asked(members: Sequence[Entry], contact: str, links: Sequence[Entry], cluster: bool, requests: int) -> Entry:
    """Members, and a client that asks one of them, always for another key."""
    writes = {"read_ratio": 0, "keys": 1000, "key_pattern": "sequential", "timeout_ms": NEVER_MS}
    times = [BEGIN_MS + EVERY_MS * number for number in range(requests)]
    user = client("c", requests="read-write", pattern="recorded", times=times, **writes)
    names = [member["id"] for member in members if member["id"].startswith("m")]
    mesh = {"id": "members", "protocol": members[0]["type"], "members": names, "link": {"latency": HOP_MS, "loss": 0}}
    return world([user, *members], [link("c", contact, CLIENT_MS), *links], [mesh] if cluster else [])


def replicas(kind: type[Node], count: int, contact: int, first: Entry, params: Entry, requests: int) -> Entry:
    """Members m0, m1…, of whom the first has parameters of its own, so that it comes to lead."""
    own: dict[str, Any] = {"fsync_time": FSYNC_MS, **params}
    members = [node(kind, f"m{number}", **{**own, **(first if number == 0 else {})}) for number in range(count)]
    return asked(members, f"m{contact}", [], True, requests)


def commitment(protocol: str, count: int, requests: int) -> Entry:
    """A coordinator and participants, all of whom have a part in each transaction."""
    own = {"fsync_time": FSYNC_MS, "patience_ms": NEVER_MS}
    members = [node(Participant, f"m{number}", **own) for number in range(count)]
    coordinator = node(Coordinator, "coordinator", protocol=protocol, fsync_time=FSYNC_MS, answer_timeout_ms=NEVER_MS)
    links = [link("coordinator", member["id"], HOP_MS) for member in members]
    return asked([*members, coordinator], "coordinator", links, True, requests)


def chain(count: int, contact: int, requests: int) -> Entry:
    """A chain, m0 its head, and its master."""
    own = {"fsync_time": FSYNC_MS, "resend_ms": NEVER_MS, "timeout_ms": NEVER_MS}
    members = [node(ChainStore, f"m{number}", **own) for number in range(count)]
    links = [link("master", member["id"], HOP_MS) for member in members]
    return asked([*members, node(ChainMaster, "master")], f"m{contact}", links, True, requests)


# By theory


def commitments() -> list[Costs]:
    """Each participant is asked, answers, is told and acknowledges: 4 messages a participant; the third phase has 2
    more. The client has its answer when the commit is on the coordinator's disk, before the participants hear of it.
    """
    found = []
    for count in (2, 3, 5):
        two, three = (partial(commitment, protocol, count) for protocol in ("2pc", "3pc"))
        name = f"{count} participants"
        found.append(Costs(f"2PC, {name}", "Bernstein et al. 1987, 7.4", 2 + 4 * count, delay_ms(2, 2), two))
        found.append(Costs(f"3PC, {name}", "Bernstein et al. 1987, 7.5", 2 + 6 * count, delay_ms(4, 3), three))
    return found


def leaders() -> list[Costs]:
    """With n replicas one phase is n − 1 messages and as many answers; the leader's disk works while they are under
    way. That a command is chosen goes along with the next message. A follower who is asked adds a hop each way.
    """
    found = []
    quiet: Entry = {"heartbeat_ms": NEVER_MS}
    timeouts: Entry = {"election_timeout_ms_min": 10_000, "election_timeout_ms_max": NEVER_MS}
    at_once: Entry = {"election_timeout_ms_max": 10_000}
    slow: Entry = {"election_timeout_ms": 60_000}
    for count in (3, 5, 7):
        others = count - 1
        for contact, name in ((0, "the leader"), (1, "a follower")):
            forward = 2 * contact
            run = partial(replicas, Raft, count, contact, at_once, {**quiet, **timeouts})
            source = "Ongaro and Ousterhout 2014, 5.3"
            messages = 2 + forward + 2 * others
            found.append(Costs(f"Raft, n = {count}, {name} asked", source, messages, delay_ms(2 + forward, 1), run))
            run = partial(replicas, MultiPaxos, count, contact, {"election_timeout_ms": 1000}, {**quiet, **slow})
            source = "Lamport 2001, 3"
            name = f"Multi-Paxos, n = {count}, {name} asked"
            found.append(Costs(name, source, messages, delay_ms(2 + forward, 1), run))
        each = {**quiet, **slow, "prepare": "each"}
        run = partial(replicas, MultiPaxos, count, 0, {"election_timeout_ms": 1000}, each)
        name = f"Paxos for each command, n = {count}, promised on disk before"
        found.append(Costs(name, "Lamport 2001, 2.2", 2 + 4 * others, delay_ms(4, 1), run))
        run = partial(replicas, Paxos, count, 0, {}, {"quorum_timeout_ms": NEVER_MS})
        name = f"single-decree Paxos, n = {count}, the others told"
        found.append(Costs(name, "Lamport 2001, 2.2, 2.3", 2 + 5 * others, delay_ms(4, 2), run))
    return found


def generals() -> list[Costs]:
    """Pre-prepares: n − 1, prepares: (n − 1)², commits: n·(n − 1). The replica asked plays the client's part: n − 1
    requests, and n − 1 replies. It is 5 hops from there as in the paper, one less when it is the primary.
    """
    found = []
    for count in (4, 7, 10):
        for contact, name in ((0, "the primary"), (1, "a backup")):
            run = partial(replicas, Pbft, count, contact, {}, {"status_ms": NEVER_MS, "checkpoint_every": 10_000})
            messages = 2 + 3 * (count - 1) + (count - 1) ** 2 + count * (count - 1)
            name = f"PBFT, n = {count}, {name} asked"
            found.append(Costs(name, "Castro and Liskov 1999, 4.2", messages, delay_ms(4 + contact, 3), run))
    return found


def chains() -> list[Costs]:
    """Down the chain and back, as the answer comes from whom the client asked: the head, or the tail, which asks it."""
    found = []
    for count in (2, 3, 5):
        for contact, name in ((0, "the head"), (count - 1, "the tail")):
            asks = 2 if contact else 0
            messages, hops = 2 + asks + 2 * (count - 1), asks + 2 * (count - 1)
            run = partial(chain, count, contact)
            name = f"chain, n = {count}, {name} asked"
            found.append(Costs(name, "van Renesse and Schneider 2004, 2", messages, delay_ms(hops, count), run))
    return found


def experiments() -> list[Experiment]:
    """All of them."""
    found = []
    for one in (*commitments(), *leaders(), *generals(), *chains()):
        messages = Case(f"{one.name}: messages", one.source, float(one.messages), 0)
        delay = Case(f"{one.name}: delay (ms)", one.source, one.delay_ms, 0)
        found.append(Experiment((messages, delay), partial(measure, costs=one)))
    return found
