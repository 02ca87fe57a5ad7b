"""What a client asks, built from its parameters: when (`arrivals`), what and of which keys (`Operations`), in which
class.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final

from simulations.engine.arrivals import (
    Arrivals,
    Bursts,
    Deterministic,
    Diurnal,
    Poisson,
    Recorded,
    ramp,
    spike,
)
from simulations.engine.distributions import to_ns
from simulations.engine.edits import CHANGES, MAPS, SETS, Edits
from simulations.engine.headers import PLAIN, Header
from simulations.engine.messages import Body, Increment, Read, Work, Write
from simulations.engine.node import Node

INCREMENT: Final = "increment"
DECREMENT: Final = "decrement"
KEYS_MAX: Final = 100_000
ZIPF_SCALE: Final = 1 << 40  # the weight of the most popular key, in integers so that sums are exact
SHARE_SCALE: Final = 1_000_000


def arrivals(node: Node) -> Arrivals:
    """The arrival process that a node's parameters describe."""
    pattern = node.text("pattern")
    key = node.key("arrival")
    if pattern == "recorded":
        return Recorded([to_ns(time) for time in node.params["times"]], node.now_ns)
    rate_per_s = node.number("rate_per_s")
    if pattern == "deterministic":
        return Deterministic(rate_per_s)
    if pattern == "bursty":
        return Bursts(key, node.key("burst"), rate_per_s, node.duration("burst_on"), node.duration("burst_off"))
    if pattern == "diurnal":
        return Diurnal(key, rate_per_s, node.number("swing"), to_ns(node.number("period_ms")))
    if pattern == "ramp":
        return ramp(key, rate_per_s, node.number("ramp_to_per_s"), to_ns(node.number("ramp_ms")))
    if pattern == "spike":
        at_ns, takes_ns = to_ns(node.number("spike_at_ms")), to_ns(node.number("spike_ms"))
        return spike(key, rate_per_s, at_ns, takes_ns, node.number("spike_factor"))
    return Poisson(key, rate_per_s)


class Keys:
    """Numbers of keys, 0 … count − 1: drawn evenly; subclasses differ."""

    def __init__(self, node: Node, count: int) -> None:
        self.node = node
        self.count = count

    def choose(self) -> int:
        """The key of the operation that begins now."""
        return int(self.node.draw("key") * self.count)


class Zipf(Keys):
    """Key k with a weight of 1 ÷ (k + 1)^exponent, by a table of the cumulative weights."""

    def __init__(self, node: Node, count: int, exponent: float) -> None:
        super().__init__(node, count)
        self.sums: list[int] = []
        total = 0
        for rank in range(1, count + 1):
            total += int(ZIPF_SCALE / rank**exponent + 0.5)
            self.sums.append(total)

    def choose(self) -> int:
        return bisect_right(self.sums, int(self.node.draw("key") * self.sums[-1]))


class Sequential(Keys):
    """One after another, then from the start."""

    def __init__(self, node: Node, count: int) -> None:
        super().__init__(node, count)
        self.chosen = -1

    def choose(self) -> int:
        self.chosen += 1
        return self.chosen % self.count


class HotSpot(Keys):
    """A share of the traffic goes evenly to the first few keys, the rest evenly to the others."""

    def __init__(self, node: Node, count: int, keys: float, traffic: float) -> None:
        super().__init__(node, count)
        self.hot = min(count, max(1, int(keys * count + 0.5)))
        self.traffic = traffic if self.hot < count else 1.0

    def choose(self) -> int:
        chance = self.node.draw("key")
        if self.node.draw("hot") < self.traffic:
            return int(chance * self.hot)
        return self.hot + int(chance * (self.count - self.hot))


def keys(node: Node) -> Keys:
    """The choice of keys that a node's parameters describe."""
    count = node.integer("keys")
    pattern = node.text("key_pattern")
    if pattern == "zipf":
        return Zipf(node, count, node.number("zipf_exponent"))
    if pattern == "sequential":
        return Sequential(node, count)
    if pattern == "hot":
        return HotSpot(node, count, node.number("hot_keys"), node.number("hot_traffic"))
    return Keys(node, count)


class Operations:
    """What is asked: work, reads and writes in their shares, each of its key and class."""

    def __init__(self, node: Node) -> None:
        self.node = node
        requests = node.text("requests")
        self.work_ratio = 1.0 if requests == "work" else node.number("work_ratio") if requests == "mix" else 0.0
        self.read_ratio = node.number("read_ratio")
        self.keys = keys(node)
        self.increments = requests == INCREMENT
        self.decrement_ratio = node.number("decrement_ratio")
        self.edits = Edits(node) if requests in (SETS, MAPS) else None
        self.works: dict[tuple[str, int], Work] = {}  # by path and priority
        self.own_keys = node.boolean("own_keys")
        self.classes: list[tuple[str, int]] = []  # name, priority
        self.shares: list[int] = []  # cumulative
        total = 0
        entries: list[dict[str, Any]] = node.params["classes"]
        for entry in entries:
            total += max(1, int(entry["share"] * SHARE_SCALE + 0.5))
            self.shares.append(total)
            self.classes.append((entry["name"], entry["priority"]))

    def choose(self) -> str:
        """What the operation that begins now does: work, read, write, increment, decrement or a change."""
        if self.edits is not None:
            return self.edits.choose()
        if self.increments:
            takes = self.decrement_ratio > 0.0 and self.node.draw("decrement") < self.decrement_ratio
            return DECREMENT if takes else INCREMENT
        if self.work_ratio > 0.0 and (self.work_ratio == 1.0 or self.node.draw("work") < self.work_ratio):
            return "work"
        return "read" if self.node.draw("operation") < self.read_ratio else "write"

    def key(self, user: int) -> str:
        """The key that it reads or writes; a user's own begins with the client's and the user's name."""
        name = f"k{self.keys.choose()}"
        if not self.own_keys:
            return name
        return f"{self.node.id}.u{user}.{name}" if user >= 0 else f"{self.node.id}.{name}"

    def body(self, f: str, key: str, value: int | None, priority: int, token: int, path: str = "") -> Body:
        """What to send for it, under an idempotency key (−1: none), to be routed by a path. Work of one path and
        priority without a key is all alike.
        """
        head = Header(path) if path else PLAIN
        if self.edits is not None and f in CHANGES:
            return self.edits.body(f, key, value, priority, token, head)
        if f in (INCREMENT, DECREMENT):
            return Increment(key, 1 if f == INCREMENT else -1, priority, token, head)
        if f == "work":
            if token >= 0:
                return Work(key, priority, token, head)
            if (path, priority) not in self.works:
                self.works[path, priority] = Work(key, priority, -1, head)
            return self.works[path, priority]
        return Read(key, priority, head) if value is None else Write(key, value, priority, token, head)

    def request_class(self) -> tuple[str, int]:
        """Its class and priority; "" where there are no classes."""
        if not self.classes:
            return "", 0
        return self.classes[bisect_right(self.shares, int(self.node.draw("class") * self.shares[-1]))]
