"""The registry: who stands behind a service's name at the moment.

Instances register under a name, themselves or through a registrar, and renew their registration by heartbeats.
Whoever asks for the name is told those that want requests. What the registry knows is soft state: it holds for a lease,
so that an instance that dies without a word is listed until its lease expires, and a registry that starts anew knows
nobody until the next heartbeats. Look-ups are work like any other: a registry that everybody asks can be overloaded.
Eureka, Consul, ZooKeeper and etcd are used so, and Kubernetes' endpoints (Burns et al.: "Kubernetes: Up and Running",
3rd edition, chapter 7).
"""

from __future__ import annotations

from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Lie, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Request
from simulations.engine.naming import UP, Deregistration, Instances, Lookup, Registration
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows

FOR_EVER: Final = -1


class Entry:
    """A registered instance."""

    def __init__(self, service: str, instance: str) -> None:
        self.service = service
        self.instance = instance
        self.state = ""
        self.said_ns = -1
        self.until_ns = FOR_EVER
        self.watched = False


class Registry(Server):
    """Keeps who is registered, for their leases, and tells who asks."""

    TYPE: ClassVar[str] = "registry"
    TITLE: ClassVar[str] = "Registry"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Knows the instances behind a service's name, for as long as they renew their leases"
    ICON: ClassVar[str] = "registry"
    RESOLVES: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(("Workers", 16), ("Time a look-up", 0.2, "What it takes to answer."), queue_max=1000),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("instances", "Handed out", "instances"),
        Show("listed", "Listed", "instances"),
        *load_shows("workers"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        *SERVER_METRICS,
        Metric("registry.instances", "instances", "Instances that it hands out.", "gauge"),
        Metric("registry.lookups", "look-ups", "Look-ups that it answered.", "count"),
        Metric("registry.expired", "instances", "Instances whose lease was over before it was renewed.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Registration, Deregistration, Lookup)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("knows nobody", "Knows nobody", "Look-ups are answered as if nobody were registered."),
    )

    def start(self) -> None:
        self.open({})
        self.entries: dict[tuple[str, str], Entry] = {}
        self.goodbyes: dict[tuple[str, str], int] = {}  # when the last one was said
        self.tell()

    # Registrations

    def on_registration(self, body: Registration, message: Message) -> None:
        """Somebody is there, still there, or in another state; unless that was said before what is known by now."""
        key = (body.service, body.instance)
        entry = self.entries.get(key)
        if body.said_ns <= self.goodbyes.get(key, -1) or (entry is not None and body.said_ns < entry.said_ns):
            return
        if entry is None:
            entry = self.entries[key] = Entry(body.service, body.instance)
        if entry.state != body.state:
            self.note(f"{body.instance} is {body.state}" if entry.state else f"{body.instance} registers: {body.state}")
            entry.state = body.state
            self.tell()
        entry.said_ns = body.said_ns
        entry.until_ns = self.now_ns + to_ns(body.lease_ms) if body.lease_ms > 0 else FOR_EVER
        if not entry.watched and entry.until_ns != FOR_EVER:
            self.watch(entry)

    def on_deregistration(self, body: Deregistration, message: Message) -> None:
        """Somebody has said goodbye, or was given up."""
        key = (body.service, body.instance)
        entry = self.entries.get(key)
        if entry is not None and body.said_ns < entry.said_ns:
            return
        self.goodbyes[key] = body.said_ns
        if entry is not None:
            del self.entries[key]
            self.note(f"{body.instance} is deregistered")
            self.tell()

    # Leases

    def watch(self, entry: Entry) -> None:
        """Look again when the lease is over."""
        entry.watched = True
        self.timer(entry.until_ns - self.now_ns, f"lease {entry.service} {entry.instance}", lambda: self.over(entry))

    def over(self, entry: Entry) -> None:
        """A lease would be over now, if it was not renewed."""
        entry.watched = False
        key = (entry.service, entry.instance)
        if self.entries.get(key) is not entry or entry.until_ns == FOR_EVER:
            return
        if entry.until_ns > self.now_ns:
            self.watch(entry)
            return
        del self.entries[key]
        self.publish("registry.expired", 1)
        self.note(f"the lease of {entry.instance} has expired")
        self.tell()

    # Look-ups

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Who wants requests under that name."""
        if not isinstance(body, Lookup):
            return DONE
        self.publish("registry.lookups", 1)
        found = [entry for entry in self.entries.values() if entry.service == body.service and entry.state == UP]
        return Instances(tuple([entry.instance for entry in found]))

    def tell(self) -> None:
        """Show how many there are."""
        up = len([entry for entry in self.entries.values() if entry.state == UP])
        self.publish("registry.instances", up)
        self.show("instances", up)
        self.show("listed", len(self.entries))

    # Lies

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        return Instances(()) if behaviour == "knows nobody" and isinstance(body, Instances) else body
