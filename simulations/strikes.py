"""What can strike a group of nodes: each kind of strike as the faults of a scenario document."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulations.engine.streams import nth, stream_key, uniform

STRIKE_FAULTS_MAX: Final = 8
ONE_WAY_LINKS_MAX: Final = 4
EVENT_NTH_MAX: Final = 100
AT_EVENT_MS_MAX: Final = 1_000  # of what waits for an event, and may begin late
IN_OFFICE: Final = (2, 3)  # members are struck once they are in charge
IN_OFFICE_MS_MAX: Final = 200  # until they are
IN_OFFICE_LASTS_MS: Final = (100, 600)

Entry = dict[str, Any]


class Dice:
    """The draws of one schedule, from the streams that runs draw from."""

    def __init__(self, seed: int, number: int) -> None:
        self.key = stream_key(seed, f"schedule {number}", "faults")
        self.drawn = 0

    def unit(self) -> float:
        """Evenly in [0, 1)."""
        self.drawn += 1
        return uniform(self.key, nth(self.key, self.drawn))

    def below(self, count: int) -> int:
        """Evenly in 0 … count − 1."""
        return int(self.unit() * count)

    def pick(self, of: Sequence[Any]) -> Any:
        """One of these."""
        return of[self.below(len(of))]

    def some(self, of: Sequence[str], count: int) -> list[str]:
        """So many of these, in their order."""
        left = list(of)
        taken = [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]
        return [one for one in of if one in taken]

    def spread(self, low: float, high: float) -> int:
        """A whole number between two, small ones as likely as large ones."""
        return round(low * math.pow(max(high, low) / low, self.unit()))


@dataclass(frozen=True)
class Link:
    """A link that can be struck: its target in a fault, and whom it joins, `a` to `b`."""

    target: str
    a: str
    b: str


@dataclass(frozen=True)
class Group:
    """Nodes that work as one, the links between them and those by which others reach them."""

    members: tuple[str, ...]
    between: tuple[Link, ...]
    towards: tuple[Link, ...]
    mesh: str  # the target that stands for all links of its mesh, or ""
    events: tuple[str, ...] = ()  # of each member, for which a fault may wait
    offices: tuple[str, ...] = ()  # events, too: a member comes to be in charge


@dataclass(frozen=True)
class Strike:
    """Where and when one strike falls."""

    dice: Dice
    group: Group
    at_ms: int
    until_ms: int

    def spell(self, kind: str, target: Any, **options: Any) -> Entry:
        """A fault over the whole strike."""
        return {"kind": kind, "target": target, "at_ms": self.at_ms, "until_ms": self.until_ms, **options}

    def member(self) -> str:
        """One of the group."""
        return str(self.dice.pick(self.group.members))


# Nodes


def _crash(strike: Strike) -> list[Entry]:
    return [strike.spell("crash", strike.member())]


def _crash_at_event(strike: Strike) -> list[Entry]:
    """A crash just when the node, or another one, does something: between writing and syncing, say."""
    dice = strike.dice
    watched = strike.member()
    target = dice.pick((watched, watched, strike.member()))
    when: Entry = {"node": watched, "event": dice.pick(strike.group.events), "nth": dice.spread(1, EVENT_NTH_MAX)}
    if dice.below(2):
        when["after_ms"] = dice.spread(1, 20)
    lasts_ms = min(strike.until_ms - strike.at_ms, AT_EVENT_MS_MAX)
    return [{"kind": "crash", "target": target, "when": when, "lasts_ms": lasts_ms}]


def _struck_in_office(strike: Strike) -> list[Entry]:
    """Whoever of some comes to be in charge crashes, stands still, or is cut off from the others, soon after."""
    dice, members = strike.dice, strike.group.members
    struck = dice.some(members, dice.pick(IN_OFFICE))
    kind = dice.pick(("crash", "pause", "partition", "partition"))
    office, nth, after_ms = dice.pick(strike.group.offices), dice.pick((1, 1, 1, 2)), dice.spread(1, IN_OFFICE_MS_MAX)
    lasts_ms = dice.spread(*IN_OFFICE_LASTS_MS)
    return [
        {
            "kind": kind,
            "target": [[member], [one for one in members if one != member]] if kind == "partition" else member,
            "when": {"node": member, "event": office, "nth": nth, "after_ms": after_ms},
            "lasts_ms": lasts_ms,
        }
        for member in struck
    ]


def _crashes_at_once(strike: Strike) -> list[Entry]:
    """Several lose power together, often all, and come back together or one after the other."""
    members = strike.group.members
    struck = strike.dice.some(members, strike.dice.pick((2, len(members) // 2 + 1, len(members))))
    apart = strike.dice.below(2)
    lasts_ms = strike.until_ms - strike.at_ms
    return [
        strike.spell("crash", member) | {"until_ms": strike.until_ms - apart * place * lasts_ms // (2 * len(struck))}
        for place, member in enumerate(struck[:STRIKE_FAULTS_MAX])
    ]


def _restarts_in_turn(strike: Strike) -> list[Entry]:
    """One after the other restarts, in quick succession."""
    members = strike.group.members
    struck = strike.dice.some(members, min(STRIKE_FAULTS_MAX, 2 + strike.dice.below(len(members))))
    each_ms = max(1, (strike.until_ms - strike.at_ms) // len(struck))
    return [
        {"kind": "restart", "target": member, "at_ms": strike.at_ms + place * each_ms, "down_ms": each_ms}
        for place, member in enumerate(struck)
        if strike.at_ms + (place + 1) * each_ms <= strike.until_ms
    ]


def _standstill(strike: Strike) -> list[Entry]:
    return [strike.spell(strike.dice.pick(("pause", "pause", "hang", "stop")), strike.member())]


def _slow(strike: Strike) -> list[Entry]:
    return [strike.spell("slow", strike.member(), factor=strike.dice.spread(2, 50))]


def _wrong_clock(strike: Strike) -> list[Entry]:
    """A step, or a drift that no more than a bad oscillator has."""
    sign = strike.dice.pick((-1, 1))
    if strike.dice.below(2):
        return [strike.spell("clock", strike.member(), offset_ms=sign * strike.dice.spread(1, 5_000))]
    return [strike.spell("clock", strike.member(), drift_ppm=sign * strike.dice.spread(10, 1_000))]


def _slow_disk(strike: Strike) -> list[Entry]:
    return [strike.spell("disk", strike.member(), mode="slow", factor=strike.dice.spread(2, 100))]


def _torn_write(strike: Strike) -> list[Entry]:
    """A crash that tears the write it interrupts, on a disk that finds that out."""
    member = strike.member()
    inside_ms = strike.at_ms + strike.dice.below(max(1, strike.until_ms - strike.at_ms))
    crash = strike.spell("crash", member) | {"at_ms": inside_ms}
    return [strike.spell("disk", member, mode="torn"), crash]


# Groups


def _partition(strike: Strike) -> list[Entry]:
    """Two sides of any size."""
    members = strike.group.members
    side = strike.dice.some(members, 1 + strike.dice.below(len(members) - 1))
    return [strike.spell("partition", [side, [one for one in members if one not in side]])]


def _partial_partition(strike: Strike) -> list[Entry]:
    """Some cannot reach some others, and the rest reach everybody."""
    members = strike.group.members
    apart = strike.dice.some(members, 2 + strike.dice.below(len(members) - 1))
    side = strike.dice.some(apart, 1 + strike.dice.below(len(apart) - 1))
    return [strike.spell("partition", [side, [one for one in apart if one not in side]])]


def _one_way(strike: Strike) -> list[Entry]:
    """A member is not heard, or hears nobody."""
    member = strike.member()
    mute = bool(strike.dice.below(2))
    links = [link for link in strike.group.between if member in (link.a, link.b)]
    return [
        strike.spell("cut", link.target, direction="a-to-b" if (link.a == member) == mute else "b-to-a")
        for link in links[:ONE_WAY_LINKS_MAX]
    ]


# Links


def _direction(dice: Dice) -> Entry:
    word = dice.pick(("", "", "a-to-b", "b-to-a"))
    return {"direction": word} if word else {}


def _target(strike: Strike) -> str:
    """A link between members, all of a mesh at once, or a link by which others reach them."""
    group = strike.group
    return str(strike.dice.pick([*_insides(strike), *(link.target for link in group.towards)]))


def _insides(strike: Strike) -> list[str]:
    group = strike.group
    return [*(link.target for link in group.between), *[group.mesh] * (1 + len(group.between) if group.mesh else 0)]


def _latency(dice: Dice) -> Entry:
    mean_ms = dice.spread(2, 500)
    if dice.below(2):
        return {"kind": "exponential", "mean_ms": mean_ms}
    return {"kind": "uniform", "low_ms": 0, "high_ms": 2 * mean_ms}


def _cut(strike: Strike) -> list[Entry]:
    return [strike.spell("cut", _target(strike), **_direction(strike.dice))]


def _loss(strike: Strike) -> list[Entry]:
    share = strike.dice.pick((0.05, 0.1, 0.2, 0.5, 0.8))
    return [strike.spell("loss", _target(strike), probability=share, **_direction(strike.dice))]


def _delay(strike: Strike) -> list[Entry]:
    return [strike.spell("delay", _target(strike), latency=_latency(strike.dice), **_direction(strike.dice))]


def _reorder(strike: Strike) -> list[Entry]:
    share, latency = strike.dice.pick((0.1, 0.3, 0.6)), _latency(strike.dice)
    return [strike.spell("reorder", _target(strike), probability=share, latency=latency)]


def _duplicate(strike: Strike) -> list[Entry]:
    """Between members alone: to a store that does not tell them apart a request that comes twice is two requests."""
    share = strike.dice.pick((0.1, 0.5, 1))
    return [strike.spell("duplicate", strike.dice.pick(_insides(strike)), probability=share)]


# What strikes, as often as it stands there.
ON_NODES: Final = (_crash, _crash, _crash, _standstill, _standstill, _slow, _wrong_clock, _slow_disk, _torn_write)
AT_EVENTS: Final = (_crash_at_event, _crash_at_event)
IN_CHARGE: Final = (_struck_in_office,) * 6
ON_GROUPS: Final = (
    *(_crashes_at_once, _crashes_at_once, _restarts_in_turn),
    *(_partition, _partition, _partition, _partial_partition, _partial_partition),
)
BETWEEN: Final = (_one_way, _one_way, _duplicate)
ON_LINKS: Final = (_cut, _loss, _loss, _delay, _delay, _reorder)


def kinds(group: Group) -> list[Callable[[Strike], list[Entry]]]:
    """The kinds that can strike a group, as often as they are likely."""
    found: list[Callable[[Strike], list[Entry]]] = [*ON_NODES]
    if group.events:
        found += AT_EVENTS
    if len(group.members) > 1:
        found += [*ON_GROUPS, *(IN_CHARGE if group.offices else ())]
    if group.between:
        found += BETWEEN
    if group.between or group.towards:
        found += ON_LINKS
    return found
