"""Names in place of addresses: instances register under a service's name with a registry, callers look the name up.

What a registry knows is soft state. A registration holds for a lease and is renewed by heartbeats; who stops renewing
is forgotten (Gray, Cheriton: "Leases", SOSP 1989). What a caller has looked up it uses for a while, so that it may know
of instances that are gone, and not yet of those that are new. The patterns are those of Richardson: "Microservices
Patterns", Manning 2018, section 3.2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulations.engine.declare import Choice, Metric, Param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Heartbeat, Occurrence, Reply, Request
from simulations.engine.node import Node
from simulations.engine.readiness import DRAINING
from simulations.engine.tasks import Failure

LINKS: Final = "links"
REGISTRY: Final = "registry"
UP: Final = "up"  # the state of an instance that wants requests; others are why it does not
NO_INSTANCE: Final = "no instance known"

LEASE_PARAM: Final = Param(
    "lease_ms",
    "Lease",
    "number",
    3000,
    "ms",
    0,
    86_400_000,
    help="A registration that is not renewed is forgotten after this time. 0: never.",
    section="Registration",
)
NAME_PARAM: Final = Param(
    "register_as",
    "Register as",
    "text",
    "",
    help="The service's name at the registries that it is linked to. Empty: it does not register.",
    section="Registration",
)
REGISTRATION_PARAMS: Final[tuple[Param, ...]] = (
    NAME_PARAM,
    LEASE_PARAM,
    Param(
        "renew_ms",
        "Renew every",
        "number",
        1000,
        "ms",
        1,
        86_400_000,
        help="A heartbeat that renews the lease and says whether it is ready.",
        section="Registration",
    ),
)
DISCOVERY_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "discovery",
        "Whom it knows",
        "choice",
        LINKS,
        choices=(Choice(LINKS, "The addresses that it is linked to"), Choice(REGISTRY, "Who is registered by a name")),
        help="By name it asks, of those that it is linked to, only whom a registry lists.",
        section="Discovery",
    ),
    Param(
        "lookup_name",
        "Name",
        "text",
        "",
        help="What it looks up at the registries that it is linked to.",
        section="Discovery",
        when=("discovery", REGISTRY),
    ),
    Param(
        "lookup_cache_ms",
        "Use an answer for",
        "number",
        1000,
        "ms",
        0,
        86_400_000,
        help="Then it looks up again; unless a registry answers, it goes on with what it knew. 0: not at all.",
        section="Discovery",
        when=("discovery", REGISTRY),
    ),
    Param(
        "lookup_timeout_ms",
        "Look-up timeout",
        "number",
        100,
        "ms",
        0.001,
        3_600_000,
        help="Then the next registry is asked.",
        section="Discovery",
        when=("discovery", REGISTRY),
    ),
)
DISCOVERY_METRICS: Final[tuple[Metric, ...]] = (
    Metric("discovery.lookups", "look-ups", "Look-ups it sent to registries.", "count"),
    Metric("discovery.failed", "look-ups", "Look-ups that no registry answered.", "count"),
)


@dataclass(frozen=True)
class Registration(Heartbeat):
    """An instance of a service is here, in this state, for as long as the lease (0: for ever). Told again to renew.
    `said_ns` is the teller's monotonic clock: a network may deliver a word after a later one.
    """

    service: str
    instance: str
    state: str
    lease_ms: float
    said_ns: int


@dataclass(frozen=True)
class Deregistration(Occurrence):
    """An instance is to be forgotten."""

    service: str
    instance: str
    said_ns: int


@dataclass(frozen=True)
class Lookup(Request):
    """Who stands behind this name?"""

    service: str


@dataclass(frozen=True)
class Instances(Reply):
    """Those who want requests under that name."""

    instances: tuple[str, ...]


def registries_of(node: Node) -> list[str]:
    """Those that a process can ask for names, in the order of its links."""
    channels = node.host.channels
    return [id for id, channel in channels.items() if channel.dst.resolves()]


class Resolver:
    """What a caller knows of who stands behind a name; `reach` are those it can send to."""

    def __init__(self, node: Node, reach: list[str]) -> None:
        self.node = node
        self.reach = reach
        self.service = node.text("lookup_name")
        self.cache_ns = to_ns(node.number("lookup_cache_ms"))
        self.timeout_ms = node.number("lookup_timeout_ms")
        self.registries = registries_of(node)
        self.known: list[str] = []
        self.fresh_until_ns = -1
        self.asking = False

    def fresh(self) -> bool:
        """Whether what it knows may be used: it is no older than allowed, or somebody is asking already. That there is
        nobody is not kept.
        """
        if not self.known:
            return False
        return self.node.now_ns < self.fresh_until_ns or (self.asking and self.cache_ns > 0)

    async def look_up(self) -> None:
        """Ask one registry after another, from the one that answered last on."""
        self.asking = True
        answered = False
        for registry in list(self.registries):
            self.node.publish("discovery.lookups", 1)
            try:
                reply = await self.node.call(registry, Lookup(self.service), self.timeout_ms)
            except Failure:
                self.registries.remove(registry)
                self.registries.append(registry)
                continue
            if isinstance(reply, Instances):
                self.known = [instance for instance in reply.instances if instance in self.reach]
                answered = True
                break
        if not answered:
            self.node.publish("discovery.failed", 1)
        self.asking = False
        self.fresh_until_ns = self.node.now_ns + self.cache_ns


def resolver(node: Node, reach: list[str]) -> Resolver | None:
    """How a process finds whom to ask, by DISCOVERY_PARAMS; None: it asks those it is linked to."""
    return Resolver(node, reach) if node.text("discovery") == REGISTRY else None


class Membership:
    """A process's own registration, by REGISTRATION_PARAMS: told at its start, renewed, and taken back when it is told
    to end.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.service = node.text("register_as")
        self.lease_ms = node.number("lease_ms")
        self.renew_ns = to_ns(node.number("renew_ms"))
        self.registries = registries_of(node)
        if self.service:
            self.renew()

    def renew(self) -> None:
        """Tell the registries, and again after a while."""
        if self.node.unready == DRAINING:
            return
        self.node.timer(self.renew_ns, "renew", self.renew)
        self.tell()

    def tell(self) -> None:
        """Tell the registries how it is now."""
        node = self.node
        if not self.service:
            return
        if node.unready == DRAINING:
            node.broadcast(self.registries, Deregistration(self.service, node.id, node.now_ns))
        else:
            state = node.unready or UP
            node.broadcast(self.registries, Registration(self.service, node.id, state, self.lease_ms, node.now_ns))


def discovery_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """What of DISCOVERY_PARAMS contradicts itself."""
    if params["discovery"] == REGISTRY and not params["lookup_name"]:
        return [("lookup_name", "Nobody is registered without a name, so that every call is refused. Name a service.")]
    return []


def registration_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """What of REGISTRATION_PARAMS contradicts itself."""
    if params["register_as"] and 0 < params["lease_ms"] <= params["renew_ms"]:
        words = (
            f"Each lease is over before it is renewed, after {params['renew_ms']:g} ms: the instance comes and goes."
        )
        return [("lease_ms", f"{words} Three renewals a lease are usual.")]
    return []
