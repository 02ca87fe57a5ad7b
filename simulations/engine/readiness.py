"""Readiness: whether a process wants requests, beside whether it lives.

A process that starts lives before it is ready: it has yet to load and to connect. One that is told to end lives on for
a while: it says that it is not ready, so that callers go elsewhere, still takes requests until they have noticed, then
takes no more and finishes what it has. Both are the idea behind Kubernetes' readiness probes and pod termination, and
the "lame duck state" of Beyer et al.: "Site Reliability Engineering", O'Reilly 2016, chapter 20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.engine.declare import Choice, Param
from simulations.engine.distributions import Distribution, to_ns

if TYPE_CHECKING:
    from simulations.engine.node import Node

STARTING: Final = "starting"
DRAINING: Final = "draining"
LIVENESS: Final = "liveness"
READINESS: Final = "readiness"

STARTUP_PARAM: Final = Param(
    "startup_ms",
    "Start-up",
    "number",
    0,
    "ms",
    0,
    3_600_000,
    help="How long a new process lives and is not ready: it refuses requests, and says so to readiness probes.",
    section="Health",
)
PROBE_KIND_PARAM: Final = Param(
    "probe_kind",
    "Probe for",
    "choice",
    LIVENESS,
    choices=(
        Choice(LIVENESS, "Liveness: is the process there?"),
        Choice(READINESS, "Readiness: does it want requests?"),
    ),
    help="A process that starts or drains is live and not ready.",
    section="Health",
)


def warm_up(process: Node) -> None:
    """Let a new process become ready in its time."""
    takes_ns = to_ns(float(process.params.get("startup_ms", 0)))
    if takes_ns > 0:
        _start(process)
        process.timer(takes_ns, "startup", lambda: _started(process))


def ready_once_durable(process: Node, fsync_time: Distribution) -> None:
    """Let a new process refuse requests until what it has found in the page cache is on disk. An earlier one wrote it,
    and nobody was told: who acts on it loses it when the machine crashes.
    """

    async def sync() -> None:
        await process.disk.fsync(fsync_time)
        _started(process)

    if process.disk.cached:
        _start(process)
        process.spawn(sync(), process.cause)


def drain(process: Node, lead_ns: int) -> None:
    """Tell a process that it is to end: it is not ready from now on, and refuses requests after the lead."""

    def shut() -> None:
        process.shut = DRAINING

    def told() -> None:
        _turn(process, DRAINING, process.shut)
        process.timer(lead_ns, "shut", shut)

    process.timer(0, "told to end", told)


def _start(process: Node) -> None:
    process.starting += 1
    process.unready = process.shut = STARTING
    process.host.show_conditions()


def _started(process: Node) -> None:
    process.starting -= 1
    if not process.starting and process.unready == STARTING:  # it may have been told to end meanwhile
        _turn(process, "", "")


def _turn(process: Node, unready: str, shut: str) -> None:
    process.unready = unready
    process.shut = shut
    process.host.show_conditions()
    process.readiness_changed()
