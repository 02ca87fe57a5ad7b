"""Adversaries as the scenario document writes them: messages altered, replayed or forged, and nodes that lie."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from simulations.document_base import Distribution, LinkReference, Number, Probability, Reference, Whole
from simulations.document_faults import RATE_MIN, Spell
from simulations.document_link_faults import DIRECTION, Direction, share
from simulations.engine.declare import Choice, Param

KIND_NAMES_MAX: Final = 20
FORGERIES_PER_S_MAX: Final = 100_000
VALUE_MAX: Final = 2**53 - 1
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Kinds = Annotated[list[KindName], Field(min_length=1, max_length=KIND_NAMES_MAX)]


class WireFault(Spell):
    """Somebody on the wire: of a link, of all links of a node (`a-to-b`: what leaves it), or `cluster:<id>`."""

    target: LinkReference
    direction: Direction = "both"
    probability: Probability
    kinds: Kinds | None = None


class Tamper(WireFault):
    """Messages are altered with this probability; `mends_checksum`: so that only a signature finds it."""

    kind: Literal["tamper"]
    mends_checksum: bool = False


class Replay(WireFault):
    """Messages that have passed are sent again with this probability, so long after."""

    kind: Literal["replay"]
    delay: Distribution


class Spoof(Spell):
    """The target sends `to` a message that claims to be of `claims`: once, or `rate_per_s` times a second."""

    kind: Literal["spoof"]
    target: Reference
    claims: Reference
    to: Reference
    message: Literal["write", "read", "work"] = "write"
    key: Annotated[str, StringConstraints(max_length=60)] = "k1"
    value: Annotated[Whole, Field(ge=-VALUE_MAX, le=VALUE_MAX)] = -1
    rate_per_s: Annotated[Number, Field(ge=RATE_MIN, le=FORGERIES_PER_S_MAX)] | None = None


class Byzantine(Spell):
    """The node deceives others, in one of the ways that its type declares."""

    kind: Literal["byzantine"]
    target: Reference
    behaviour: Annotated[str, StringConstraints(min_length=1, max_length=60)]


ADVERSARIES_ON_NODES: Final = (Spoof, Byzantine)
NODE_ADVERSARY_KINDS: Final = ("spoof", "byzantine")
WIRE_KINDS: Final = ("tamper", "replay")

ADVERSARY_HELP: Final[dict[str, tuple[str, str]]] = {
    "tamper": ("Tamper", "Messages are altered on their way. Checksums find it, unless they are put right as well."),
    "replay": ("Replay", "Messages that have passed are delivered again later."),
    "spoof": ("Spoof", "The node sends messages in the name of another one, which gets the answers."),
    "byzantine": ("Lie", "The node deceives others, in a way that its type knows."),
}
_KINDS: Final = Param(
    "kinds", "Only", "words", None, high=KIND_NAMES_MAX, help="Kinds of messages, with commas. Empty: all."
)
ADVERSARY_PARAMS: Final[dict[str, tuple[Param, ...]]] = {
    "tamper": (
        share("The share of messages altered."),
        Param("mends_checksum", "Puts checksums right", "boolean", False, help="Then only a signature finds it."),
        _KINDS,
        DIRECTION,
    ),
    "replay": (
        share("The share of messages sent again."),
        Param("delay", "Again after", "distribution", 100, "ms"),
        _KINDS,
        DIRECTION,
    ),
    "spoof": (
        Param("claims", "Claims to be", "text", "", high=50, help="The id of a node."),
        Param("to", "Sends to", "text", "", high=50, help="The id of a node."),
        Param(
            "message",
            "Message",
            "choice",
            "write",
            choices=(Choice("write", "Write"), Choice("read", "Read"), Choice("work", "Work")),
        ),
        Param("key", "Key", "text", "k1", high=60),
        Param("value", "Value", "integer", -1, low=-VALUE_MAX, high=VALUE_MAX, help="Clients write positive ones."),
        Param("rate_per_s", "Rate", "number", None, "/s", RATE_MIN, FORGERIES_PER_S_MAX, help="Empty: once."),
    ),
    "byzantine": (Param("behaviour", "Lie", "choice", "silent", choices=(Choice("silent", "Answers nobody"),)),),
}
