"""Splitting: which range of keys has grown too large or too hot, where to cut it, and who gets its upper half.

A range is cut where half of its keys lie below, or half of the requests that it has had of late (CockroachDB,
"Load-based splitting"). What half the requests lie below need not halve the load to come: when each new key is larger
than all before, all requests go to the upper part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from simulations.engine.declare import Param
from simulations.engine.partitioning import RANGE, Ranges, natural
from simulations.engine.shards import RangeLoad

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


class Loads:
    """What a member's ranges have to do, since it was told last."""

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}  # by key

    def count(self, key: str) -> None:
        """A request was served."""
        self.requests[key] = self.requests.get(key, 0) + 1

    def told(self, member: str, part: Ranges, keys: Sequence[str]) -> tuple[RangeLoad, ...]:
        """The member's ranges, with the keys that it has and what they had to do; counts anew from now on."""
        requests, self.requests = self.requests, {}
        held: dict[int, list[str]] = {}
        asked: dict[int, list[str]] = {}
        for key in keys:
            held.setdefault(part.number(key), []).append(key)
        for key in requests:
            asked.setdefault(part.number(key), []).append(key)
        found = []
        for number, owner in enumerate(part.members):
            if owner == member:
                mine, hot = held.get(number, []), asked.get(number, [])
                weights = {key: requests[key] for key in hot}
                half = middle(dict.fromkeys(mine, 1))
                found.append(RangeLoad(len(mine), sum(weights.values()), half, middle(weights)))
        return tuple(found)


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
