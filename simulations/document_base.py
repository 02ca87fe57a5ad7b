"""The ground of the scenario document: mistakes, limits, canonical form, and the types that entries share."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

FORMAT: Final = "netsplit/1"
DOCUMENT_BYTES_MAX: Final = 1_000_000
DOCUMENT_DEPTH_MAX: Final = 64
NODES_MAX: Final = 2_000
LINKS_MAX: Final = 10_000
FAULTS_MAX: Final = 500
LATENCIES_MAX: Final = 2_000
VARIANTS_MAX: Final = 16
PATCH_OPERATIONS_MAX: Final = 200
EXPECTATIONS_MAX: Final = 100
EXPRESSION_DEPTH_MAX: Final = 16
METRICS_IN_CLAIMS_MAX: Final = 500
MISTAKES_MAX: Final = 100
_COMPARED_MAX: Final = 300
DURATION_MS_MAX: Final = 604_800_000  # a week of simulated time
DELAY_MS_MAX: Final = 3_600_000
NANOSECOND_MS: Final = 0.000_001  # simulated time has no smaller part
PRICE_MAX: Final = 1_000_000
SHAPE_MIN: Final = 0.01
SHAPE_MAX: Final = 1_000
WEIGHT_MAX: Final = 1_000_000_000
EMPIRICAL_VALUES_MAX: Final = 1_000
MIXTURE_PARTS_MAX: Final = 20
SEED_MAX: Final = 2**53 - 1  # what a browser's numbers hold exactly
_EXACT: Final = 2**53


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing wrong with a document: where (`nodes[2].params.rate_per_s`) and what would be right."""

    path: str
    message: str


class DocumentError(ValueError):
    """A document that is refused, with every mistake found in it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = list(mistakes)[:MISTAKES_MAX]
        super().__init__("\n".join(f"{m.path}: {m.message}" if m.path else m.message for m in self.mistakes))


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """` Did you mean "x"?` for the known word closest to this one, or nothing."""
    if not isinstance(word, str) or len(word) > 200:
        return ""
    words = list(known)
    if len(words) > _COMPARED_MAX:
        words = [one for one in words if one[:1] == word[:1]][:_COMPARED_MAX]
    longer = [one for one in words if len(word) >= 3 and one.startswith(word)]
    close = longer if len(longer) == 1 else difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f' Did you mean "{close[0]}"?' if close else ""


def shown(value: object) -> str:
    """A value as it is quoted in a message: JSON, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"


def whole(value: object) -> object:
    """The same plain data with integral floats as integers: 5.0 and 5 are one number in JSON."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [whole(item) for item in value]
    return value


def canonical_bytes(value: object) -> bytes:
    """The one spelling of a piece of plain data: sorted keys, compact, ASCII, integral floats as integers.

    Raises ValueError for NaN and infinities.
    """
    return json.dumps(whole(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode(
        "ascii"
    )


Whole = int  # `validate` has made integral floats integers before
Number = Annotated[float, Field(allow_inf_nan=False)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=50)]
LinkReference = Annotated[str, StringConstraints(min_length=1, max_length=140)]  # also of an undrawn link of a mesh
Label = Annotated[str, StringConstraints(max_length=80)]
Coordinate = Annotated[Number, Field(ge=-100_000, le=100_000)]
Extent = Annotated[Number, Field(ge=0, le=100_000)]
Instant = Annotated[Number, Field(ge=0, le=DURATION_MS_MAX)]
Delay = Annotated[Number, Field(ge=0, le=DELAY_MS_MAX)]
PositiveDelay = Annotated[Number, Field(ge=NANOSECOND_MS, le=DELAY_MS_MAX)]
Probability = Annotated[Number, Field(ge=0, le=1)]
Price = Annotated[Number, Field(ge=0, le=PRICE_MAX)]  # in whatever money


class Entry(BaseModel):
    """A part of the document: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Constant(Entry):
    kind: Literal["constant"]
    value_ms: Delay


class UniformSpread(Entry):
    kind: Literal["uniform"]
    low_ms: Delay
    high_ms: Delay


class Exponential(Entry):
    kind: Literal["exponential"]
    mean_ms: Delay


class Normal(Entry):
    kind: Literal["normal"]
    mean_ms: Delay
    sd_ms: Delay


class LogNormal(Entry):
    kind: Literal["lognormal"]
    median_ms: PositiveDelay
    p99_ms: PositiveDelay


def _finite_mean(shape: float) -> float:
    if shape <= 1:
        raise PydanticCustomError("shape", "Needs a shape of more than 1: at 1 and below the mean is infinite")
    return shape


Weight = Annotated[Number, Field(gt=0, le=WEIGHT_MAX)]


class Pareto(Entry):
    kind: Literal["pareto"]
    scale_ms: PositiveDelay
    shape: Annotated[
        Number, AfterValidator(_finite_mean), Field(le=SHAPE_MAX, json_schema_extra={"exclusiveMinimum": 1})
    ]


class Gamma(Entry):
    kind: Literal["gamma"]
    mean_ms: Delay
    shape: Annotated[Number, Field(ge=SHAPE_MIN, le=SHAPE_MAX)]


class Empirical(Entry):
    kind: Literal["empirical"]
    values_ms: Annotated[list[Delay], Field(min_length=1, max_length=EMPIRICAL_VALUES_MAX)]
    weights: Annotated[list[Weight], Field(min_length=1, max_length=EMPIRICAL_VALUES_MAX)] | None = None


def _constant_from_number(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"kind": "constant", "value_ms": value}
    return value


def _consistent(value: Any) -> Any:
    if isinstance(value, UniformSpread) and value.high_ms < value.low_ms:
        raise PydanticCustomError("bounds", "Needs a high_ms of at least low_ms")
    if isinstance(value, LogNormal) and value.p99_ms < value.median_ms:
        raise PydanticCustomError("bounds", "Needs a p99_ms of at least median_ms")
    if isinstance(value, Empirical) and value.weights is not None and len(value.weights) != len(value.values_ms):
        raise PydanticCustomError("bounds", "Needs as many weights as values_ms, or none")
    return value


_Simple = Annotated[
    Constant | UniformSpread | Exponential | Normal | LogNormal | Pareto | Gamma | Empirical,
    Field(discriminator="kind"),
]
SimpleDistribution = Annotated[
    _Simple,
    BeforeValidator(_constant_from_number, json_schema_input_type=_Simple | Delay),
    AfterValidator(_consistent),
]


class MixturePart(Entry):
    weight: Weight
    of: SimpleDistribution


class Mixture(Entry):
    kind: Literal["mixture"]
    parts: Annotated[list[MixturePart], Field(min_length=1, max_length=MIXTURE_PARTS_MAX)]


AnyDistribution = Annotated[
    Constant | UniformSpread | Exponential | Normal | LogNormal | Pareto | Gamma | Empirical | Mixture,
    Field(discriminator="kind"),
]
Distribution = Annotated[
    AnyDistribution,
    BeforeValidator(_constant_from_number, json_schema_input_type=AnyDistribution | Delay),
    AfterValidator(_consistent),
]
