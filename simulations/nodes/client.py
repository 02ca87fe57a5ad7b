"""The client: where requests come from, and where their success is measured.

An *open* client issues requests at a rate of its own, whatever becomes of them, as the public does; when the system
slows down, they pile up. A *closed* client is a number of users who each wait for the answer, think, and ask again;
when the system slows down, so do they. The difference decides how a system behaves beyond its capacity (Schroeder,
Wierman, Harchol-Balter: "Open Versus Closed: A Cautionary Tale", NSDI 2006).

An operation ends ok, fail (it had no effect), or unknown: a write that timed out may still take effect, now or later.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.declare import Choice, Param, Show
from simulations.engine.distributions import Exponential
from simulations.engine.messages import Body, Read, Value, Work, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure


class Client(Node):
    """Issues requests and waits for their answers."""

    TYPE: ClassVar[str] = "client"
    TITLE: ClassVar[str] = "Client"
    CATEGORY: ClassVar[str] = "Workload"
    SUMMARY: ClassVar[str] = "Issues requests, at a rate or as users who wait"
    ICON: ClassVar[str] = "client"
    INITIATES: ClassVar[bool] = True
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "arrivals",
            "Arrivals",
            "choice",
            "open",
            choices=(Choice("open", "Open: at a rate"), Choice("closed", "Closed: users who wait")),
            help="An open client goes on asking when answers are late; a closed one waits for each.",
            section="Load",
        ),
        Param(
            "rate_per_s",
            "Rate",
            "number",
            20,
            "/s",
            0.001,
            100_000,
            help="Open only: mean of a Poisson process.",
            section="Load",
        ),
        Param(
            "users",
            "Users",
            "integer",
            10,
            "",
            1,
            10_000,
            help="Closed only: how many ask at the same time.",
            section="Load",
        ),
        Param(
            "think_time",
            "Think time",
            "distribution",
            {"kind": "exponential", "mean_ms": 500},
            "ms",
            0,
            3_600_000,
            help="Closed only: from an answer to the same user's next request.",
            section="Load",
        ),
        Param(
            "requests",
            "Requests",
            "choice",
            "work",
            choices=(Choice("work", "Work: costs time only"), Choice("read-write", "Reads and writes of keys")),
            help="Reads and writes are checked for consistency.",
            section="Operations",
        ),
        Param(
            "read_ratio", "Share of reads", "number", 0.5, "", 0, 1, help="The rest are writes.", section="Operations"
        ),
        Param("keys", "Keys", "integer", 5, "", 1, 100_000, help="Chosen evenly.", section="Operations"),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="After this an operation counts as failed; a write as unknown.",
            section="Operations",
        ),
        Param(
            "propagate_cancellation",
            "Cancel what times out",
            "boolean",
            False,
            help="Tell the other side, so that it stops working. Off: it works on for nobody.",
            section="Operations",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("in_flight", "In flight", "ops"),)

    def start(self) -> None:
        self.in_flight = 0
        self.issued = 0
        self.timeout_ms = self.number("timeout_ms")
        self.think_time = self.duration("think_time")
        self.gap = Exponential(int(1e9 / self.number("rate_per_s")))
        self.show("in_flight", 0)
        if self.text("arrivals") == "open":
            self.schedule_arrival()
        else:
            for user in range(self.integer("users")):
                self.think(user, self.new_process())

    # Open: a Poisson process

    def schedule_arrival(self) -> None:
        """Set the timer of the next arrival, unless the workload has ended by then."""
        gap_ns = self.next_ns(self.gap, "arrival")
        if self.now_ns + gap_ns < self.network.workload_ends_ns:
            self.timer(gap_ns, "arrival", self.arrive)

    def arrive(self) -> None:
        """Issue one request and wait for the next arrival."""
        self.begin_operation(self.issued, self.new_process(), -1)
        self.schedule_arrival()

    # Closed: users

    def think(self, user: int, process: int) -> None:
        """Let a user think, then ask."""
        purpose = f"user {user}"
        pause_ns = self.next_ns(self.think_time, purpose)
        if self.now_ns + pause_ns < self.network.workload_ends_ns:
            self.timer(pause_ns, purpose, lambda: self.begin_operation(user, process, user))

    # Operations

    def begin_operation(self, choice: int, process: int, user: int) -> None:
        """Choose what to ask, and ask it of the target whose turn it is."""
        self.issued += 1
        f, key = "work", ""
        if self.text("requests") == "read-write":
            f = "read" if self.draw("operation") < self.number("read_ratio") else "write"
            key = f"k{int(self.draw('key') * self.integer('keys'))}"
        value = self.network.operations + 1 if f == "write" else None
        op = self.invoke(f, key, value, process)
        self.in_flight += 1
        self.show("in_flight", self.in_flight)
        body: Body = Work(key) if f == "work" else Read(key) if value is None else Write(key, value)
        self.spawn(self.operate(op, body, choice, process, user), self.cause)

    async def operate(self, op: int, body: Body, choice: int, process: int, user: int) -> None:
        """One operation, from invocation to its end."""
        try:
            if not self.targets:
                self.complete(op, "fail", None, "no target", 0)
            else:
                reply = await self.call(self.targets[choice % len(self.targets)], body, self.timeout_ms)
                self.complete(op, "ok", reply.value if isinstance(reply, Value) else None, "", 1)
        except Failure as failure:
            unknown = failure.uncertain and isinstance(body, Write)
            self.complete(op, "info" if unknown else "fail", None, failure.reason, 1)
        self.in_flight -= 1
        self.show("in_flight", self.in_flight)
        if user >= 0:
            self.think(user, process)
