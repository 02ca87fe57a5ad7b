"""When nodes marshalled, and for how long, as they published it."""

from __future__ import annotations

from simulations.engine.log import Log


class MarshalLog:
    """How long a node had marshalled `until` a moment, and unmarshalled `since` one: by its number and the time, ns."""

    def __init__(self, log: Log) -> None:
        self.until: dict[tuple[int, int], int] = {}
        self.since: dict[tuple[int, int], int] = {}
        for (node, metric), (times, amounts) in log.published.items():
            if metric == "marshal_ms":
                for time, amount in zip(times, amounts, strict=True):
                    self.until[node, time] = amount
            elif metric == "unmarshal_ms":
                for time, amount in zip(times, amounts, strict=True):
                    self.since[node, time - amount] = amount

    def __bool__(self) -> bool:
        return bool(self.until or self.since)
