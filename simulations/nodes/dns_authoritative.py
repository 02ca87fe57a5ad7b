"""The authoritative name server: who says what a name stands for, and for how long others may believe it.

A name has addresses, and an answer a time to live (RFC 1034). The longer that is, the less there is to ask, and the
longer a change takes to be seen everywhere: no server is told that its copy is old. Answers may depend on who asks (the
addresses in the asker's zone, if any there is well) and on health: addresses that this server has a link to can be
probed, and those that do not answer are left out, as in Amazon's Route 53 or NS1. A change of a record (RFC 2136) is
seen some time after it was accepted, once it has reached the servers that answer.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.dns import NameAnswer, NameQuery
from simulations.engine.messages import DONE, Body, Read, Request, Value, Write
from simulations.engine.name_lists import ADDRESSES, addresses_in
from simulations.engine.probing import Prober, probe_doubts, probe_params
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows

ALL: Final = "all"
ROTATED: Final = "rotated"
NEAREST: Final = "nearest"

PROBE_PARAM: Final = Param(
    "probe_interval_ms",
    "Probe every",
    "number",
    0,
    "ms",
    0,
    3_600_000,
    help="Addresses with a link are probed, and left out when they do not answer. 0: never.",
    section="Health",
)


class DnsAuthoritative(Server):
    """Says what names stand for."""

    TYPE: ClassVar[str] = "dns-authoritative"
    TITLE: ClassVar[str] = "Authoritative name server"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Says what names stand for, and for how long"
    ICON: ClassVar[str] = "dns-authoritative"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "records",
            "Records",
            "text",
            "",
            help="Names and their addresses, ids of nodes, with semicolons between: www: web-1 web-2; api: shop",
            section="Names",
            names=ADDRESSES,
        ),
        Param(
            "ttl_ms",
            "Time to live",
            "number",
            60_000,
            "ms",
            0,
            86_400_000,
            help="For so long others may believe an answer.",
            section="Names",
        ),
        Param(
            "negative_ttl_ms",
            "That there is none",
            "number",
            5_000,
            "ms",
            0,
            86_400_000,
            help="For so long others may believe that a name does not exist.",
            section="Names",
        ),
        Param(
            "propagation_ms",
            "A change is seen after",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="From accepting a write to answering with it.",
            section="Names",
        ),
        Param(
            "answers",
            "Answers with",
            "choice",
            ALL,
            choices=(
                Choice(ALL, "All addresses, always in this order"),
                Choice(ROTATED, "All, another one first each time"),
                Choice(NEAREST, "Those in the asker's zone, else all"),
            ),
            section="Names",
        ),
        *probe_params(PROBE_PARAM, 300),
        *capacity(("Workers", 16), ("Time a query", 0.2, "What it takes to answer."), queue_max=1000),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("changed", "Last change"),
        Show("unwell", "Left out", "addresses"),
        *load_shows("workers"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = SERVER_METRICS
    HANDLES: ClassVar[tuple[type[Body], ...]] = (NameQuery, Read, Write)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = probe_doubts(params)
        records = [record for record in params["records"].split(";") if record.strip()]
        bare = [record.strip() for record in records if ":" not in record]
        if bare:
            return [*found, ("records", f"Left out: {bare[0]!r} has no colon between its name and its addresses.")]
        addresses = [address for listed in addresses_in(params["records"]).values() for address in listed]
        far = [address for address in addresses if address not in neighbours]
        if params["probe_interval_ms"] <= 0 or not far:
            return found
        return [
            *found,
            ("probe_interval_ms", f"Not probed, and never left out: {', '.join(far[:5])}. Draw links to them."),
        ]

    def start(self) -> None:
        self.open({})
        self.ttl_ms = self.number("ttl_ms")
        self.negative_ttl_ms = self.number("negative_ttl_ms")
        self.propagation_ns = to_ns(self.number("propagation_ms"))
        self.answers = self.text("answers")
        self.turn = 0
        self.addresses = addresses_in(self.text("records"))
        self.values: dict[str, int] = {}
        for key, value in self.disk.read().items():
            self.values[key] = int(value)
        self.probes = Prober(self, self.probed)

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Answer, or take a change."""
        if isinstance(body, NameQuery):
            return self.answer_to(body.name, message)
        if isinstance(body, Read):
            return Value(self.values.get(body.key))
        if isinstance(body, Write):
            self.disk.write(body.key, body.value)
            key, value = body.key, body.value
            if self.propagation_ns > 0:
                self.timer(self.propagation_ns, "propagation", lambda: self.change(key, value))
            else:
                self.change(key, value)
        return DONE

    def change(self, key: str, value: int) -> None:
        """Answer with another value from now on."""
        self.values[key] = value
        self.show("changed", f"{key} = {value}")

    def answer_to(self, name: str, message: Message) -> Body:
        """What a name stands for, for this asker."""
        if name in self.values:
            return NameAnswer((), self.values[name], self.ttl_ms, True)
        addresses = self.addresses.get(name)
        if addresses is None:
            return NameAnswer((), None, self.negative_ttl_ms, False)
        well = [one for one in addresses if one not in self.probes.failures or self.probes.passing(one)]
        if not well:
            well = list(addresses)  # all at once are less likely ill than the probes
        if self.answers == ROTATED:
            self.turn += 1
            first = self.turn % len(well)
            well = well[first:] + well[:first]
        elif self.answers == NEAREST:
            zone = message.channel.src.zone
            near = [one for one in well if one in self.network.hosts and self.network.hosts[one].zone == zone]
            well = near or well
        return NameAnswer(tuple(well), None, self.ttl_ms, True)

    # Health

    def probed(self, target: str, well: bool, changed: bool) -> None:
        """A probe of one address has ended."""
        if changed:
            self.note(f"{target} is back in the answers" if well else f"{target} is left out of the answers")
        self.show("unwell", len(self.targets) - self.probes.healthy())
