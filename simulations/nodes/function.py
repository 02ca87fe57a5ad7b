"""The function platform: code that runs on instances which come and go with the load.

A request goes to an instance that is warm and has room. Where there is none, a new one is started, and the request
waits for its *cold start*: fetching the code, starting a runtime, initialising. An instance that has had nothing to do
for a while is taken away; without load there is none at all. What is paid for is the time that requests run, times the
memory they have, and each request. A limit on requests at once protects what stands behind; one more is refused.
Provisioned instances are kept warm, and paid for, whether anybody asks or not (Wang et al.: "Peeking Behind the
Curtains of Serverless Platforms", USENIX ATC 2018; AWS Lambda, Google Cloud Functions and Knative work so).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS, Admission
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.links import NS_PER_S
from simulations.engine.messages import DONE, Body, Increment, Read, Refusal, Request, Value, Work, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Future

THROTTLED: Final = Refusal("throttled", False)
MICRO: Final = 1_000_000  # what is owed is counted in millionths of a millionth of a $, and charged in millionths


class Instance:
    """A place where the code runs; `starting` are the requests that wait for it to be warm."""

    def __init__(self) -> None:
        self.warm = False
        self.kept = False  # provisioned
        self.running = 0
        self.idle_since_ns = 0
        self.starting: list[Future] = []


class Function(Node):
    """Runs requests on as many instances as they need."""

    TYPE: ClassVar[str] = "function"
    TITLE: ClassVar[str] = "Function platform"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Runs requests on instances that come and go with the load"
    ICON: ClassVar[str] = "function"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "service_time",
            "Runs for",
            "distribution",
            {"kind": "exponential", "mean_ms": 50},
            "ms",
            0,
            3_600_000,
            help="How long a request runs, besides the waiting for what stands behind.",
            section="Capacity",
        ),
        Param(
            "concurrency",
            "Requests at once",
            "integer",
            100,
            "",
            1,
            100_000,
            help="One more is refused as throttled.",
            section="Capacity",
        ),
        Param(
            "per_instance",
            "Requests an instance",
            "integer",
            1,
            "",
            1,
            10_000,
            help="How many an instance runs at once.",
            section="Capacity",
        ),
        Param(
            "cold_start",
            "Cold start takes",
            "distribution",
            {"kind": "normal", "mean_ms": 400, "sd_ms": 80},
            "ms",
            0,
            3_600_000,
            help="From the decision for a new instance until it is warm.",
            section="Instances",
        ),
        Param(
            "idle_ms",
            "Kept when idle",
            "number",
            5000,
            "ms",
            0,
            86_400_000,
            help="After so long without a request an instance is taken away.",
            section="Instances",
        ),
        Param(
            "provisioned",
            "Provisioned",
            "integer",
            0,
            "instances",
            0,
            10_000,
            help="Warm from the start, and never taken away.",
            section="Instances",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for what stands behind.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *ADMISSION_PARAMS,
        Param(
            "memory_gb",
            "Memory",
            "number",
            0.5,
            "GB",
            0.001,
            1024,
            help="What an instance has; time is paid for by it.",
            section="Prices",
        ),
        Param(
            "price_gb_s",
            "Running",
            "number",
            0.0000166667,
            "$/GB-s",
            0,
            1000,
            help="For each second that a request runs, times the memory.",
            section="Prices",
        ),
        Param(
            "price_million",
            "Requests",
            "number",
            0.2,
            "$/million",
            0,
            1_000_000,
            help="For each request that runs, however short.",
            section="Prices",
        ),
        Param(
            "price_provisioned_gb_s",
            "Provisioned",
            "number",
            0.0000041667,
            "$/GB-s",
            0,
            1000,
            help="For each second that an instance is kept warm, times the memory.",
            section="Prices",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("busy", "Running", "requests", "bar", "concurrency"),
        Show("instances", "Instances"),
        Show("starting", "Starting", "instances"),
        *CALL_SHOWS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("function.cold_starts", "requests", "Requests that waited for an instance to start.", "count"),
        Metric("function.cold_start_ms", "ms", "How long they waited for it.", "duration"),
        Metric("function.throttled", "requests", "Requests refused because too many ran.", "count"),
        Metric("function.instances", "instances", "Instances there are, those starting included.", "gauge"),
        Metric("function.billed_ms", "ms", "How long requests ran, as billed: each in whole milliseconds.", "count"),
        Metric("function.cost", "$", "What running, requests and provisioned instances cost.", "count"),
        *CALL_METRICS,
        *ADMISSION_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = call_doubts(params, neighbours)
        room = -(-params["concurrency"] // params["per_instance"])
        if params["provisioned"] > room:
            words = f"Some are paid for and never used: {room:,} hold all the requests there may be at once."
            found.append(("provisioned", words))
        return found

    def start(self) -> None:
        self.service_time = self.duration("service_time")
        self.cold_start = self.duration("cold_start")
        self.limit = self.integer("concurrency")
        self.per_instance = self.integer("per_instance")
        self.idle_ns = to_ns(self.number("idle_ms"))
        self.calls = Calls(self)
        self.admission = Admission(self)
        self.waiting = 0  # for an instance that starts
        self.instances: list[Instance] = []  # in the order in which they were last free
        self.running = 0
        self.starting = 0
        self.owed = 0  # not yet charged
        self.per_ms = int(self.number("memory_gb") * self.number("price_gb_s") / 1000 * MICRO * MICRO + 0.5)
        self.per_request = int(self.number("price_million") * MICRO + 0.5)
        self.show_busy = self.gauge("busy")
        self.show_instances = self.gauge("instances")
        self.show_starting = self.gauge("starting")
        provisioned = self.integer("provisioned")
        for _number in range(provisioned):
            instance = Instance()
            instance.warm = instance.kept = True
            self.instances.append(instance)
        self.show_load()
        self.count_instances()
        if provisioned:
            price = self.number("memory_gb") * self.number("price_provisioned_gb_s") * provisioned
            self.keep_warm(int(price * MICRO * MICRO + 0.5))

    # Requests

    def on_request(self, body: Request, message: Message) -> Any:
        """Run the request, unless too many run already."""
        if self.running >= self.limit:
            self.publish("function.throttled", 1)
            return THROTTLED
        refusal = None if self.admission.open else self.admission.refusal(message, self.waiting)
        if refusal is not None:
            return refusal
        self.running += 1
        return self.serve(body, message, self.place())

    async def serve(self, body: Request, message: Message, instance: Instance) -> Body:
        """Wait until the instance is warm, run, and ask behind if there is somebody."""
        instance.running += 1
        self.show_load()
        try:
            if not instance.warm:
                await self.warmth(instance, message)
            self.admission.begin(message)
            began_ns = self.kernel.now
            try:
                return await self.run(body, message)
            finally:
                self.bill(self.kernel.now - began_ns)
        finally:
            self.free(instance)

    async def run(self, body: Request, message: Message) -> Body:
        """What the code does with a request."""
        await self.cancellable(message, self.work(self.service_time, "service time"))
        if self.targets:
            return await self.calls.ask(body, message)
        return Value(None) if isinstance(body, Read) else DONE

    async def warmth(self, instance: Instance, message: Message) -> None:
        """Wait for an instance that starts."""
        came_ns = self.kernel.now
        ready = Future()
        instance.starting.append(ready)
        self.publish("function.cold_starts", 1)
        self.waiting += 1
        try:
            await self.cancellable(message, ready)
        finally:
            self.waiting -= 1
        self.admission.waited(self.kernel.now - came_ns)
        self.publish("function.cold_start_ms", self.kernel.now - came_ns)

    # Instances

    def place(self) -> Instance:
        """The instance for the next request: a warm one with room, the last that was free, so that the others may go;
        else one that starts and has room; else a new one.
        """
        starting: Instance | None = None
        for instance in reversed(self.instances):
            if instance.running < self.per_instance:
                if instance.warm:
                    return instance
                starting = instance
        if starting is not None:
            return starting
        instance = Instance()
        self.instances.append(instance)
        self.starting += 1
        self.count_instances()
        self.spawn(self.warm_up(instance), self.cause)
        return instance

    async def warm_up(self, instance: Instance) -> None:
        """Start an instance, and let in who waits for it."""
        await self.work(self.cold_start, "cold start")
        instance.warm = True
        self.starting -= 1
        self.show_load()
        if instance.running == 0:  # who asked for it has gone
            self.rest(instance)
        waiting, instance.starting = instance.starting, []
        for ready in waiting:
            ready.resolve(None, None)

    def free(self, instance: Instance) -> None:
        """A request has left an instance."""
        self.running -= 1
        instance.running -= 1
        self.show_load()
        self.instances.remove(instance)
        self.instances.append(instance)
        if instance.running == 0 and instance.warm:
            self.rest(instance)

    def rest(self, instance: Instance) -> None:
        """An instance has nothing to do: it goes, unless somebody needs it in time."""
        instance.idle_since_ns = self.now_ns
        if not instance.kept:
            since_ns = self.now_ns
            self.timer(self.idle_ns, "idle", lambda: self.expire(instance, since_ns))

    def expire(self, instance: Instance, since_ns: int) -> None:
        """Take an instance away that has been idle since then."""
        if instance.running == 0 and instance.idle_since_ns == since_ns and instance in self.instances:
            self.instances.remove(instance)
            self.count_instances()

    def count_instances(self) -> None:
        """There is another number of them."""
        self.show_instances.set(len(self.instances))
        self.show_starting.set(self.starting)
        self.publish("function.instances", len(self.instances))

    def show_load(self) -> None:
        """Show how much runs and how much starts."""
        self.show_busy.set(self.running)
        self.show_starting.set(self.starting)

    # The bill

    def bill(self, ran_ns: int) -> None:
        """Charge for a request that ran so long."""
        ran_ms = -(-ran_ns // NS_PER_MS)
        self.publish("function.billed_ms", ran_ms)
        self.charge(ran_ms * self.per_ms + self.per_request)

    def keep_warm(self, price: int) -> None:
        """Charge for what is provisioned, each second."""

        def second() -> None:
            self.charge(price)
            self.keep_warm(price)

        self.timer(NS_PER_S, "provisioned", second)

    def charge(self, owed: int) -> None:
        """Ask for what has come to whole millionths of a $; the rest is owed."""
        self.owed += owed
        if self.owed >= MICRO:
            self.publish("function.cost", self.owed // MICRO)
            self.owed %= MICRO
