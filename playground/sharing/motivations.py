"""The page of motivations: what each way of distributing is worth, measured with it and without."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.sharing.measuring import Measured, Question, Side, of_variant
from playground.sharing.models import Scenario
from simulations.document import validate

Words = str | Promise
SHARE: Final = "%"


@dataclass(frozen=True)
class Motivation:
    """A reason to distribute: a scenario that shows it, what is measured there, and the variant that does without."""

    slug: str
    title: Words
    what: Words
    unit: Words
    side: Side
    variant: str
    without_words: Words
    with_words: Words
    places: int = 0  # behind the point


def _sum(nodes: Iterable[str], metric: str, window_ms: list[float]) -> Side:
    return {"+": [{"metric": f"nodes.{node}.{metric}", "window_ms": window_ms} for node in nodes]}


def _mail(metric: str) -> Side:
    """Of those whose own servers are up, while the university's is down."""
    clients = [f"{name}-users" for name in ("east", "west", "south")]
    return {"+": [{"metric": metric, "window_ms": [8000, 14000], "where": {"client": client}} for client in clients]}


SHARDS: Final = [f"shard-{number}" for number in range(1, 7)]
GPUS: Final = ["a-gpu-1", "a-gpu-2", "b-gpu-1", "b-gpu-2"]
MOTIVATIONS: Final = (
    Motivation(
        "scalability",
        _("Scalability"),
        _("Requests answered"),
        _("/s"),
        {"metric": "ops.goodput_per_s", "window_ms": [2000, 10000]},
        "one",
        _("one instance"),
        _("eight"),
    ),
    Motivation(
        "reliability",
        _("Reliability"),
        _("Time with a server up"),
        SHARE,
        {"metric": "nodes.users.targets_up_ratio", "window_ms": [0, 3_000_000]},
        "one-server",
        _("one server"),
        _("three, apart"),
        1,
    ),
    Motivation(
        "geography",
        _("Geography"),
        _("Median latency over five regions"),
        _("ms"),
        {"metric": "ops.latency_ms.p50"},
        "no-cdn",
        _("one origin"),
        _("an edge in each"),
        1,
    ),
    Motivation(
        "incremental-growth",
        _("Growth"),
        _("Keys that move for a fifth machine"),
        SHARE,
        {"/": [_sum(SHARDS, "shard.keys_moved", [4000, 9000]), 2000]},
        "modulo",
        _("by modulo"),
        _("on a ring"),
    ),
    Motivation(
        "cost",
        _("Cost"),
        _("1,000 answers, with a machine's failure"),
        _("$"),
        {"/": [{"metric": "cost.per_million_ops"}, 1000]},
        "one-big",
        _("one big machine"),
        _("eight small ones"),
        4,
    ),
    Motivation(
        "shared-resources",
        _("Sharing"),
        _("Use of the GPU machines"),
        SHARE,
        {"/": [_sum(GPUS, "utilisation", [0, 400_000]), len(GPUS)]},
        "static",
        _("each team its own"),
        _("one pool"),
    ),
    Motivation(
        "inherent-distribution",
        _("Separate owners"),
        _("Mail accepted while one server is down"),
        SHARE,
        {"/": [_mail("ops.ok"), _mail("ops.total")]},
        "direct",
        _("passed on at once"),
        _("stored and forwarded"),
    ),
    Motivation(
        "organisational",
        _("Separate teams"),
        _("Requests that fail while one deploys"),
        "",
        {"metric": "ops.failed", "window_ms": [3000, 29000]},
        "neither",
        _("no readiness, no draining"),
        _("both"),
    ),
    Motivation(
        "planet-search",
        _("All of it"),
        _("Queries answered in a region that was lost"),
        SHARE,
        {"metric": "ops.success_ratio", "window_ms": [7000, 10000], "where": {"zone": "asia"}},
        "blind-names",
        _("bound to its region"),
        _("routed around"),
    ),
)


@dataclass(frozen=True)
class Row:
    """A motivation, and what was measured with it and without; None where there is nothing yet."""

    motivation: Motivation
    url: str
    measured: Measured
    without: str | None
    distributed: str | None


def table() -> list[Row]:
    """The motivations whose scenarios the gallery has, as far as they have been measured."""
    slugs = [one.slug for one in MOTIVATIONS]
    known = {
        found.slug: found for found in Scenario.objects.gallery().select_related("document").filter(slug__in=slugs)
    }
    return [row(one, known[one.slug]) for one in MOTIVATIONS if one.slug in known]


def row(motivation: Motivation, scenario: Scenario) -> Row:
    """A motivation with its figures."""
    question = Question(validate(scenario.data))
    without = question.ask(of_variant(motivation.side, motivation.variant))
    distributed = question.ask(motivation.side)
    measured = question.measured()
    texts = [text(motivation, measured.figures[number]) for number in (without, distributed)]
    return Row(motivation, scenario.get_absolute_url(), measured, texts[0], texts[1])


def text(motivation: Motivation, figure: float | None) -> str | None:
    """A figure as it is written."""
    if figure is None:
        return None
    factor = 100 if motivation.unit == SHARE else 1
    return f"{figure * factor:,.{motivation.places}f}"
