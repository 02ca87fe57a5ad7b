"""What a process knows at a moment, in short words: its own attributes, its disk, and how much it has under way.

Words and not values: a process goes on changing what it holds. Nothing here calls the process.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from simulations.engine.channel import Channel, Message
from simulations.engine.disk import Disk
from simulations.engine.gauge import Gauge
from simulations.engine.host import Host
from simulations.engine.kernel import Kernel
from simulations.engine.messages import Body, kind_of
from simulations.engine.network import Network
from simulations.engine.node import Node
from simulations.engine.process import Process
from simulations.engine.tasks import Future, Task
from simulations.engine.timers import Timer
from simulations.engine.trace import Trace

ITEMS_MAX: Final = 200  # of a collection that are looked at
ITEMS_SHOWN: Final = 12  # of one within another
DEPTH_MAX: Final = 3
TEXT_MAX: Final = 60  # characters of a text
WORDS_MAX: Final = 240  # characters of one value, as shown
FURNITURE: Final = (Host, Network, Kernel, Trace, Channel, Gauge, Disk)  # the engine's, and no state of a process
DISK, DISK_CACHE, TASKS = "disk.durable", "disk.cached", "tasks under way"

Words = str | dict[str, str]  # a mapping is kept by key, so that what changed in it can be told


def snapshot(node: Node, names: Iterable[str]) -> dict[str, Words]:
    """The named attributes, as far as the process has given them values, and what is common to all."""
    found: dict[str, Words] = {}
    for name in names:
        value = getattr(node, name, FURNITURE)
        if value is not FURNITURE and not isinstance(value, FURNITURE):
            found[name] = words(value)
    disk = node.disk
    if disk.durable or disk.cached:
        found[DISK] = words(disk.durable)
        found[DISK_CACHE] = words([f"{key} = {short(value)}" for key, value in disk.cached])
    found[TASKS] = str(len(node.tasks))
    return found


def words(value: Any) -> Words:
    if isinstance(value, Mapping):
        items = list(value.items())
        found = {short(key): short(item) for key, item in items[:ITEMS_MAX]}
        if len(items) > ITEMS_MAX:
            found["…"] = f"{len(items) - ITEMS_MAX} more"
        return found
    return short(value, ITEMS_MAX)


def short(value: Any, items_max: int = ITEMS_SHOWN, depth: int = 0) -> str:
    """One value in words that are the same in every process: no addresses, no order of sets."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= TEXT_MAX else value[:TEXT_MAX] + "…")
    if isinstance(value, Process):
        return value.id
    if isinstance(value, Message):
        return f"{kind_of(type(value.body))} #{value.id}"
    if depth >= DEPTH_MAX:
        return "…"
    if isinstance(value, Mapping):
        pairs = [
            f"{short(key, items_max, depth + 1)}: {short(item, items_max, depth + 1)}" for key, item in value.items()
        ]
        return f"{{{listed(pairs, items_max)}}}"
    if isinstance(value, list | tuple | deque):
        return f"[{listed([short(item, items_max, depth + 1) for item in value], items_max)}]"
    if isinstance(value, set | frozenset):
        return f"{{{listed(sorted(short(item, items_max, depth + 1) for item in value), items_max)}}}"
    return thing(value, items_max, depth)


def thing(value: Any, items_max: int, depth: int) -> str:
    """An object by its class and its attributes."""
    name = type(value).__name__
    if isinstance(value, Task):
        return "task"
    if isinstance(value, Timer):
        return "timer, cancelled" if value.cancelled else "timer"
    if isinstance(value, Future):
        return f"{name.lower()}, {'done' if value.done else 'awaited'}"
    if callable(value):
        return str(getattr(value, "__name__", name)).rsplit(".", 1)[-1]
    pairs = [
        f"{attribute}={short(held, items_max, depth + 1)}"
        for attribute in attributes(value)
        if (held := getattr(value, attribute, FURNITURE)) is not FURNITURE
        and not isinstance(held, (*FURNITURE, Process))
        and not callable(held)
    ]
    return f"{name}({listed(pairs, items_max)})"


def attributes(value: Any) -> list[str]:
    """The names of an object's attributes, in whichever way its class keeps them."""
    if dataclasses.is_dataclass(value):
        return [found.name for found in dataclasses.fields(value)]
    kept = getattr(value, "__dict__", None) or getattr(type(value), "__mypyc_attrs__", None)
    if not kept:
        kept = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
    return sorted(name for name in kept if not name.startswith("_"))


def listed(parts: list[str], items_max: int) -> str:
    rest = len(parts) - items_max
    return ", ".join(parts[:items_max]) + (f", … {rest} more" if rest > 0 else "")


def differences(before: dict[str, Words], after: dict[str, Words]) -> list[dict[str, Any]]:
    """Each attribute before and after, as shown; of a mapping that changed, what changed in it."""
    rows = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, ""), after.get(name, "")
        same = _unchanged(old, new)
        rows.append({"name": name, "before": shown(old, same), "after": shown(new, same), "changed": old != new})
    return rows


def _unchanged(old: Words, new: Words) -> frozenset[str]:
    """The keys of a mapping that changed whose values did not."""
    if not isinstance(old, dict) or not isinstance(new, dict) or old == new:
        return frozenset()
    return frozenset(key for key in old if old[key] == new.get(key))


def shown(value: Words, same: frozenset[str]) -> str:
    if isinstance(value, dict):
        pairs = [f"{key}: {value[key]}" for key in value if key not in same]
        if same:
            pairs.append(f"… {len(same)} as before")
        value = "{" + ", ".join(pairs) + "}"
    return value if len(value) <= WORDS_MAX else value[: WORDS_MAX - 1] + "…"


def body_words(body: Body) -> str:
    """What a message says."""
    text = short(body)
    return text if len(text) <= WORDS_MAX else text[: WORDS_MAX - 1] + "…"
