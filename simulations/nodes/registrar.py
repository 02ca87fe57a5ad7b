"""The registrar: it watches instances and keeps the registry up to date for them.

Third-party registration leaves services alone: they need not know that there is a registry. The registrar probes those
that it is linked to, registers whoever answers well, and deregisters whoever fails too often in a row. An instance that
crashes stays listed until its probes have failed, and a registrar that crashes leaves the list as it is, unless its
registrations have leases. Registrator did this for Consul, and in Kubernetes the kubelet and the endpoints controller
do (Richardson: "Microservices Patterns", Manning 2018, section 3.2.4).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from simulations.engine.declare import Metric, Param, Show
from simulations.engine.naming import LEASE_PARAM, NAME_PARAM, UP, Deregistration, Registration, registries_of
from simulations.engine.node import Node
from simulations.engine.probing import EVERY_PARAM, Prober, probe_params


class Registrar(Node):
    """Probes instances, and registers and deregisters them."""

    TYPE: ClassVar[str] = "registrar"
    TITLE: ClassVar[str] = "Registrar"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Probes instances, and registers and deregisters them in their place"
    ICON: ClassVar[str] = "registrar"
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        replace(NAME_PARAM, default="service", help="The name under which it registers those that it probes."),
        replace(LEASE_PARAM, default=0, help="Renewed by each probe that goes well. 0: for ever, until deregistered."),
        *probe_params(replace(EVERY_PARAM, default=500, low=1, help="Whether those that it is linked to are well.")),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("registered", "Registered", "instances"),)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("registrar.deregistered", "instances", "Instances that it has deregistered.", "count"),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if not params["register_as"]:
            return [("register_as", "Nobody looks up an empty name. Give the service's.")]
        if 0 < params["lease_ms"] <= params["probe_interval_ms"]:
            words = f"Each lease is over before the next probe renews it, after {params['probe_interval_ms']:g} ms."
            return [("lease_ms", f"{words} Let it last for several probes.")]
        return []

    def start(self) -> None:
        self.service = self.text("register_as")
        self.lease_ms = self.number("lease_ms")
        self.registries = registries_of(self)
        self.registered: list[str] = []
        self.show("registered", 0)
        self.probes = Prober(self, self.probed)

    def probed(self, target: str, well: bool, changed: bool) -> None:
        """A probe has ended: tell the registry what that changes, or renew the lease."""
        listed = target in self.registered
        if well and (not listed or self.lease_ms > 0):
            self.broadcast(self.registries, Registration(self.service, target, UP, self.lease_ms, self.now_ns))
        if well and not listed:
            self.registered.append(target)
        elif not well and listed and not self.probes.passing(target):
            self.registered.remove(target)
            self.publish("registrar.deregistered", 1)
            self.note(f"{target} deregistered after {self.probes.limit} failed probes")
            self.broadcast(self.registries, Deregistration(self.service, target, self.now_ns))
        self.show("registered", len(self.registered))
