"""Splitting: which range of keys has grown too large or too hot, where to cut it, and who gets its upper half.

A range is cut where half of its keys lie below, or half of the requests that it has had of late (CockroachDB,
"Load-based splitting"). What half the requests lie below need not halve the load to come: when each new key is larger
than all before, all requests go to the upper part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from simulations.engine.declare import Param
from simulations.engine.partitioning import RANGE, Partitioning, Ranges, natural, with_split
from simulations.engine.shard_keeper import Keeper
from simulations.engine.shards import RangeLoad, RangeReport, ShardMap

SPLIT_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "split_keys",
        "Split above",
        "integer",
        0,
        "keys",
        0,
        1_000_000,
        help="A range with more is split, and its upper half goes to who has fewest. 0: never. For all members alike.",
        section="Splits",
        when=("partitioning", RANGE),
    ),
    Param(
        "split_rate_per_s",
        "Split above",
        "number",
        0,
        "requests/s",
        0,
        1_000_000,
        help="A range with more is split where half of them lie; the upper part goes to who has fewest. 0: never.",
        section="Splits",
        when=("partitioning", RANGE),
    ),
    Param(
        "report_ms",
        "Load is told every",
        "number",
        500,
        "ms",
        1,
        3_600_000,
        help="By each member to the first founder, who decides on splits.",
        section="Splits",
        when=("partitioning", RANGE),
    ),
)


class Splits:
    """What a member's ranges have to do, since it was told last; and, with who decides, those of all members."""

    def __init__(self, node: Keeper) -> None:
        self.node = node
        self.keys_max = node.integer("split_keys")
        rate_per_s = node.number("split_rate_per_s")
        self.requests_max = rate_per_s * node.number("report_ms") / 1000
        self.on = node.text("partitioning") == RANGE and (self.keys_max > 0 or rate_per_s > 0)
        self.requests: dict[str, int] = {}  # by key
        self.reports: dict[str, tuple[RangeLoad, ...]] = {}  # by member

    def count(self, key: str) -> None:
        """A request was served."""
        self.requests[key] = self.requests.get(key, 0) + 1

    def report(self, part: Partitioning, keys: Sequence[str]) -> RangeReport:
        """One's own ranges, with the keys that one has and what they had to do; counts anew from now on."""
        assert isinstance(part, Ranges)
        requests, self.requests = self.requests, {}
        held: dict[int, list[str]] = {}
        asked: dict[int, list[str]] = {}
        for key in keys:
            held.setdefault(part.number(key), []).append(key)
        for key in requests:
            asked.setdefault(part.number(key), []).append(key)
        found = []
        for number, owner in enumerate(part.members):
            if owner == self.node.id:
                mine, hot = held.get(number, []), asked.get(number, [])
                weights = {key: requests[key] for key in hot}
                half = middle(dict.fromkeys(mine, 1))
                found.append(RangeLoad(len(mine), sum(weights.values()), half, middle(weights)))
        return RangeReport(self.node.layout.map.version, tuple(found))

    def hear(self, member: str, report: RangeReport) -> None:
        """As who decides, hear of a member's ranges; what it says by the present map counts, outsiders never."""
        map = self.node.layout.map
        if report.version == map.version and member in map.members:
            self.reports[member] = report.ranges

    def next_map(self) -> ShardMap | None:
        """The map with one range split; None where there is none to split."""
        found = chosen_split(self.reports, self.keys_max, self.requests_max) if self.reports else None
        if found is None:
            return None
        map = self.node.layout.map
        return ShardMap(map.version + 1, map.members, map.members, with_split(map.table, *found), map.table)


def middle(weights: Mapping[str, int]) -> str:
    """The key below which half of the weight lies, or as near as can be; "" with fewer than two keys."""
    keys = sorted(weights, key=natural)
    half = sum(weights.values())
    below = 0
    for number, key in enumerate(keys):
        below += 2 * weights[key]
        if below >= half and number + 1 < len(keys):
            return keys[number + 1]
    return keys[-1] if len(keys) > 1 else ""


def chosen_split(
    reports: Mapping[str, Sequence[RangeLoad]], keys_max: int, requests_max: float
) -> tuple[str, str] | None:
    """Where to split, and who gets the upper part, by what each member has told; None: all is well, or a split would
    make it no better. A limit of 0 is none.
    """
    requests = {member: sum([one.requests for one in told]) for member, told in reports.items()}
    keys = {member: sum([one.keys for one in told]) for member, told in reports.items()}
    best: tuple[int, str, str] | None = None
    coolest = min(reports, key=lambda member: (requests[member], keys[member], member))
    for member, told in reports.items():
        for one in told:
            gain = requests[member] - requests[coolest] - one.requests // 2
            hot = 0 < requests_max < one.requests and gain > 0 and one.middle_request != ""
            if hot and (best is None or one.requests > best[0]):
                best = (one.requests, one.middle_request, coolest)
    if best is None:
        emptiest = min(reports, key=lambda member: (keys[member], member))
        for told in reports.values():
            for one in told:
                large = 0 < keys_max < one.keys and one.middle_key != ""
                if large and (best is None or one.keys > best[0]):
                    best = (one.keys, one.middle_key, emptiest)
    return None if best is None else (best[1], best[2])
