"""What a node file declares of itself: parameters, shown fields, metrics. Palette, inspector, command line and docs
are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One allowed value of a `choice` parameter."""

    value: str
    title: str


@dataclass(frozen=True)
class Param:
    """A parameter of a node type, link or cluster.

    `kind` is one of integer, number, boolean, choice, text, distribution, times, classes. `low` and `high` are
    inclusive, in `unit`; of times and classes `high` is how many entries a list may have. A distribution's default is
    a number (constant, in milliseconds) or a dictionary as in the scenario document. `when` names another parameter
    and the values of it with which this one applies; empty: always. `names` says whose names a text holds, as
    `name_lists` has it; what nobody has is doubted.
    """

    name: str
    title: str
    kind: str
    default: Any
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Choice, ...] = ()
    help: str = ""
    section: str = ""
    when: tuple[Any, ...] = ()
    names: str = ""


@dataclass(frozen=True)
class Show:
    """A field of a node's state that the stage shows.

    `look` is text, bar, badge or hidden (in the trace and the inspector, not on the card); a bar is full at `full`:
    the name of an integer parameter of the type. With `title_first` its figure follows the title, as in "term 4";
    others are counts, as in "4 keys".
    """

    field: str
    title: str
    unit: str = ""
    look: str = "text"
    full: str = ""
    title_first: bool = False


@dataclass(frozen=True)
class Neighbour:
    """A node with a link to the one that is looked at. `asked`: the link leads to it. `stream`: it keeps the order of
    what is sent.
    """

    type: str
    params: Mapping[str, Any]
    asked: bool
    stream: bool = False


@dataclass(frozen=True)
class QuorumRule:
    """More than half of a cluster's members decide together. `when` names a parameter and the values of it with which
    they do; empty: always. `faulty` names the parameter of how many of them may lie (0: a third, less one at least):
    then it takes more than half of members and liars together, so that any two quorums share an honest member.
    """

    when: tuple[Any, ...] = ()
    faulty: str = ""

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Whether it does with these parameters."""
        return not self.when or params[self.when[0]] in self.when[1:]


@dataclass(frozen=True)
class Lie:
    """A way in which a node of a type may deceive others, as a Byzantine fault names it."""

    name: str
    title: str
    help: str


@dataclass(frozen=True)
class Metric:
    """A figure that a node type publishes beside the common ones. `name` is flat and dotted, below `nodes.<id>.`.

    What a node gives to `publish` under that name is by its `kind`: a count to add (in $ it is in millionths, and part
    of the node's cost), a gauge's new value, a duration in ns, a sample (a whole number, like the hops of a lookup), or
    of a share 1 for each that counts and 0 for each that does not.
    """

    name: str
    unit: str
    definition: str
    kind: str = ""

    def figures(self) -> tuple[str, ...]:
        """The names of its figures: several of a gauge and a share, percentiles too of durations and samples."""
        if self.kind == "share":
            return (f"{self.name}.ratio", f"{self.name}.count", f"{self.name}.total")
        if self.kind == "gauge":
            return (f"{self.name}.mean", f"{self.name}.max")
        if self.kind in ("duration", "sample"):
            return tuple([f"{self.name}.{figure}" for figure in ("mean", "p50", "p95", "p99", "max")])
        return (self.name,)

    def unit_of(self, figure: str) -> str:
        """The unit of one of its figures."""
        return "ratio" if self.kind == "share" and figure.endswith(".ratio") else self.unit


@dataclass(frozen=True)
class Invariant:
    """A rule over fields that nodes of a type show; every run is held to it as the check `name`. Kinds:

    - `one-per-term`: `fields` are a role and a term; in any one term at most one node shows the role `value`.
    - `monotonic`: the number in the one field never falls; where it is not `durable`, a new incarnation may begin anew.
    - `agreement`: the one field shows decisions one by one, as "key = value"; under one key all are the same for ever.
      What is no such text counts as a decision under the key "".
    - `completeness`: `fields` are a role, what is held and what is decided. The latter two show one thing after another
      as "position = content"; a position is a whole number, of which what follows a "/" is no part. What is shown at a
      position takes the place of all that was held there and after it. Whoever takes on the role `value` holds the last
      decision that anybody has shown before, or has begun to hold only after it.
    - `one-holder`: at any moment at most one node shows `value` in the one field.

    It holds among the members of each cluster; nodes of the type that are in no cluster are taken together. `across`:
    it holds among all nodes of all types that declare it.
    """

    name: str
    title: str
    definition: str
    kind: str
    fields: tuple[str, ...]
    value: Any = True
    durable: bool = False
    across: bool = False
