"""What a process can see, its parameters, its host's clocks, and chance; and what it tells the trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mypy_extensions import i64, mypyc_attr

from simulations.engine.declare import Invariant, Lie, Metric, Neighbour, QuorumRule
from simulations.engine.distributions import Distribution, distribution
from simulations.engine.doubting import lonely, majority_doubts
from simulations.engine.gauge import Gauge
from simulations.engine.host import Host
from simulations.engine.messages import Body
from simulations.engine.streams import nth, stream_key, uniform
from simulations.engine.tasks import Cause


class Begun(Cause):
    """A client operation as why a process acts. `origin` is why the operation began."""

    __slots__ = ("origin",)

    def __init__(self, op: int, origin: Cause) -> None:
        super().__init__(-1, op, origin.lineage_for("operation begun"))
        self.origin = origin


@mypyc_attr(allow_interpreted_subclasses=True)
class Process:
    """A process on a host. `cause` is why it acts at the moment."""

    RESOLVES: ClassVar[bool] = False  # answers look-ups of names, and no requests: it is nobody's target
    ACTS: ClassVar[bool] = False  # also without being asked; what INITIATES does so as a matter of course
    QUORUM: ClassVar[QuorumRule | None] = None  # of its cluster's members
    LIES: ClassVar[tuple[Lie, ...]] = ()
    METRICS: ClassVar[tuple[Metric, ...]] = ()
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = ()

    def __init__(self, host: Host, params: dict[str, Any]) -> None:
        self.host = host
        self.network = host.network
        self.kernel = host.network.kernel
        self.trace = host.network.trace
        self.id = host.id
        self.params = params
        self.cause = Cause(-1, -1, 0)
        self.alive = True  # neither dead nor held still
        self.unready = ""  # why it wants no requests, as readiness probes are told; "": it wants them
        self.shut = ""  # why it refuses requests; "": it does not
        self.starting = 0  # for how many things it waits before it is ready
        self.observer = host.observer
        self._keys: dict[str, int] = {}

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        """Parameters that contradict each other: a name, and what comes of it and what would be right."""
        return []

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        """The same of parameters that do not go with what its neighbours are, or with their parameters."""
        return []

    @classmethod
    def cluster_doubts(cls, params: dict[str, Any], members: Sequence[str]) -> list[tuple[str, str]]:
        """The same of a cluster of this type and its members; where they are too few or too many, the name is ""."""
        decides = cls.QUORUM is not None and cls.QUORUM.holds(params)
        return majority_doubts(len(members)) if decides else lonely(len(members))

    def integer(self, name: str) -> int:
        """An integer parameter."""
        return int(self.params[name])

    def number(self, name: str) -> float:
        """A number parameter."""
        return float(self.params[name])

    def text(self, name: str) -> str:
        """A text or choice parameter."""
        return str(self.params[name])

    def boolean(self, name: str) -> bool:
        """A yes-or-no parameter."""
        return bool(self.params[name])

    def duration(self, name: str) -> Distribution:
        """A distribution parameter."""
        return distribution(self.params[name])

    def readiness_changed(self) -> None:
        """The process has become ready, or is no longer."""

    # Lies: what a type declares in LIES, it does here while a Byzantine fault names it

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        """What is said to a neighbour in place of a body; None: nothing."""
        return body

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        """The answer to what has arrived, given without doing anything for it; None: it is handled as ever."""
        return None

    # Clocks

    @property
    def now_ns(self) -> int:
        """The monotonic clock."""
        clock = self.host.clock
        return self.kernel.now if clock is None else clock.monotonic_ns()

    @property
    def wall_ns(self) -> int:
        """The wall clock, counted from the start of the run: it may be wrong, and may jump."""
        clock = self.host.clock
        return self.kernel.now if clock is None else clock.wall_ns()

    @property
    def incarnation(self) -> int:
        """How many processes this node has had before this one."""
        return self.host.boots - 1

    # Figures

    def publish(self, metric: str, amount: int) -> None:
        """Tell a figure that METRICS declares: a count to add, a gauge's new value, a duration in ns, 1 or 0 for what
        is in a share or not. Raises ValueError for one that is not declared.
        """
        if metric not in [declared.name for declared in self.METRICS]:
            raise ValueError(f"{metric!r} is no metric that this node type declares")
        if self.alive:
            self.trace.publish(self.kernel.now, self.host.index, metric, amount)

    # Chance

    def draw(self, purpose: str) -> float:
        """A number in [0, 1) for this purpose at this moment; another one when it is drawn again."""
        return uniform(self.key(purpose), self.cause.lineage_for(purpose))

    def draw_ns(self, takes: Distribution, purpose: str) -> int:
        """A duration for this purpose at this moment; another one when it is drawn again."""
        return takes.draw_ns(self.key(purpose), self.cause.lineage_for(purpose))

    def next_ns(self, takes: Distribution, purpose: str) -> int:
        """The delay to give to the next `timer` of that purpose."""
        key = self.key(purpose)
        return takes.draw_ns(key, nth(key, self.host.firings.get(purpose, 0)))

    def begun(self, op: int) -> Cause:
        """A cause for an operation that begins now; what is the cause now may be the operation begun before."""
        cause = self.cause
        return Begun(op, cause.origin if isinstance(cause, Begun) else cause)

    def key(self, purpose: str) -> i64:
        """This node's stream for a purpose."""
        found = self._keys.get(purpose)
        if found is None:
            found = self._keys[purpose] = stream_key(self.network.seed, self.id, purpose)
        return found

    # What it tells

    def invoke(self, f: str, key: str, value: int | None, process: int, request_class: str = "") -> int:
        """A client operation begins; returns its number. Its messages and draws belong to it until `complete`."""
        op = self.network.operations
        self.network.operations = op + 1
        self.cause = self.begun(op)
        self.trace.invoke(op, self.kernel.now, self.host.index, process, f, key, value, request_class)
        return op

    def complete(self, op: int, outcome: str, value: int | None, error: str, attempts: int) -> None:
        """A client operation ends: ok, fail, or info (it may have taken effect)."""
        self.trace.complete(op, self.kernel.now, outcome, value, error, attempts)

    def new_process(self) -> int:
        """A number for a sequence of operations that come one after another, unique over the run."""
        self.network.processes += 1
        return self.network.processes - 1

    def show(self, field: str, value: Any) -> None:
        """Show a field of the node's state on the stage."""
        if self.alive:
            self.trace.show(self.kernel.now, self.host.index, field, value)

    def gauge(self, field: str) -> Gauge:
        """A number of the node's state that changes often."""
        return Gauge(self, field)

    def effect(self, key: str = "", op: int = -1) -> None:
        """Tell the trace that something was done that must be done once: for a client operation (by default the one
        served at the moment), under a key where one operation has several such effects or none of its own.
        """
        if self.alive:
            self.trace.effects.extend((self.kernel.now, self.host.index, key, self.cause.op if op < 0 else op))

    def effect_kept(self, values: dict[str, Any]) -> None:
        """Write a record to disk that is the effect, or stands and falls with it: it has come about for the operation
        served at the moment once the record is durable, be that by the process's last fsync or in its crash. Raises
        Refused when the disk is full.
        """
        op, index = self.cause.op, self.host.index
        trace, kernel = self.trace, self.kernel
        self.host.disk.write_together(values, lambda: trace.effects.extend((kernel.now, index, "", op)))

    def note(self, text: str) -> None:
        """Write a remark into the trace."""
        if self.alive:
            self.trace.note(self.kernel.now, self.host.index, text, self.cause.id)
