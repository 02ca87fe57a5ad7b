"""The calls of a history, and what a model of an object must say of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

NEVER: Final = 1 << 62


class Mark:
    """A value that no history contains."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


UNKNOWN: Final = Mark("unknown")
IMPOSSIBLE: Final = Mark("impossible")
State = Hashable
Fact = tuple[Hashable, Any]  # a slot, such as a key, and the value that it holds


@dataclass(frozen=True, slots=True)
class Call:
    """An operation between two moments; `end` is NEVER for one whose outcome nobody knows.

    Moments are places in the history's order of events; `began` and `ended` say in words where they are found.
    """

    id: int
    start: int
    end: int
    process: Hashable
    f: str
    key: Hashable
    value: Any
    result: Any = UNKNOWN
    began: str = ""
    ended: str = ""


class Model:
    """A kind of object. `ALIASES` maps the names that histories use to those of `step`."""

    NAME: ClassVar[str]
    ALIASES: ClassVar[Mapping[str, str]]
    OBSERVERS: ClassVar[frozenset[str]]  # they tell something and change nothing
    ARGUMENTS: ClassVar[frozenset[str]]  # they need a value when they are invoked
    OWNED: ClassVar[bool] = False  # whether it matters who asks

    def __init__(self, initial: State = None) -> None:
        self.initial = initial

    def step(self, state: Any, call: Call) -> Any:
        """The state after the call, or IMPOSSIBLE."""
        raise TypeError(self)

    def slots(self, call: Call) -> list[Hashable]:
        """The independent parts of the object that the call touches; calls that share none may be judged apart."""
        return [call.key]

    def at_first(self, slot: Hashable) -> Any:
        """What a slot that calls need and give holds before anything happened."""
        return self.initial

    def observes(self, call: Call) -> bool:
        """Whether the call changes nothing, whatever the state."""
        return call.f in self.OBSERVERS

    def needs(self, call: Call) -> list[Fact]:
        """What a slot must hold for the call's answer."""
        return []

    def gives(self, call: Call) -> list[Fact]:
        """What slots hold after the call, if it takes effect."""
        return []

    def loses(self, state: Any, call: Call) -> list[Fact]:
        """What slots held before the call and no longer hold after it."""
        return []
