"""Faults on links, beside cuts and loss: what each takes, for the document, the inspector and the run."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from simulations.document_base import Distribution, LinkReference, Number, Probability
from simulations.document_faults import Spell
from simulations.engine.declare import Choice, Param

BANDWIDTH_MBIT_PER_S_MAX: Final = 1_000_000
Direction = Literal["both", "a-to-b", "b-to-a"]


class LinkFault(Spell):
    """What befalls a link, in one direction or both, until it ends. Overlapping ones add up."""

    target: LinkReference
    direction: Direction = "both"


class Delay(LinkFault):
    """Every message takes this much longer."""

    kind: Literal["delay"]
    latency: Distribution


class Duplicate(LinkFault):
    """A message arrives twice with this probability."""

    kind: Literal["duplicate"]
    probability: Probability


class Reorder(LinkFault):
    """With this probability a message takes this much longer, so that others overtake it."""

    kind: Literal["reorder"]
    probability: Probability
    latency: Distribution


class Bandwidth(LinkFault):
    """The link sends no faster than this. What waits beyond the link's queue is dropped."""

    kind: Literal["bandwidth"]
    mbit_per_s: Annotated[Number, Field(gt=0, le=BANDWIDTH_MBIT_PER_S_MAX)]


LINK_FAULT_HELP: Final[dict[str, tuple[str, str]]] = {
    "delay": ("Delay", "Messages on the link take longer by this much."),
    "duplicate": ("Duplicate", "Messages on the link arrive twice with this probability."),
    "reorder": ("Reorder", "Messages on the link are held up with this probability, so that others overtake them."),
    "bandwidth": ("Bandwidth", "The link sends one message after the other, no faster than this."),
}


def share(help: str) -> Param:
    """The probability of what befalls some of a link's messages."""
    return Param("probability", "Probability", "number", 1, low=0, high=1, help=help)


DIRECTION: Final = Param(
    "direction",
    "Direction",
    "choice",
    "both",
    choices=(Choice("both", "Both"), Choice("a-to-b", "Forth"), Choice("b-to-a", "Back")),
)
_LATENCY: Final = Param("latency", "Longer by", "distribution", 10, "ms")
LINK_FAULT_PARAMS: Final[dict[str, tuple[Param, ...]]] = {
    "cut": (DIRECTION,),
    "loss": (share("The share of messages lost."), DIRECTION),
    "delay": (_LATENCY, DIRECTION),
    "duplicate": (share("The share of messages that arrive twice."), DIRECTION),
    "reorder": (share("The share of messages held up."), _LATENCY, DIRECTION),
    "bandwidth": (
        Param("mbit_per_s", "Bandwidth", "number", 1, "Mbit/s", 0.000001, BANDWIDTH_MBIT_PER_S_MAX),
        DIRECTION,
    ),
}
