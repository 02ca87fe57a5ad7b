"""Figures of a page that are measured: each is a side of a claim about a scenario's runs.

They are asked for as claims of the same document, so that the runs are those of the scenario, and a worker judges them.
"""

from dataclasses import dataclass
from typing import Any

from simulations import runs
from simulations.document import Document, validate
from simulations.models import State, Viewing
from simulations.report import variants_named

Side = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What has been measured: a figure for each side, None where there is none, once all is `judged`."""

    figures: list[float | None]
    computed: int  # runs, of so many
    wanted: int
    failed: bool
    judged: bool


class Question:
    """A scenario, and what is to be measured in its runs."""

    def __init__(self, document: Document) -> None:
        self.base = document
        self.claims: list[Side] = []

    def ask(self, side: Side) -> int:
        """Have a side measured; its figure's number."""
        self.claims.append({"claim": f"Figure {len(self.claims)}", "left": side, "op": ">=", "right": 0})
        return len(self.claims) - 1

    def measured(self) -> Measured:
        """The figures, if they are there; what is missing is being computed from now on."""
        document = validate(self.base.data() | {"expect": self.claims})
        viewings = _watch(document)
        done = [viewing for viewing in viewings if viewing.run.is_complete]
        failed = any(viewing.run.state == State.FAILED for viewing in viewings)
        verdict = runs.verdict(viewings[0]) if len(done) == len(viewings) else None
        judged = verdict is not None and not verdict.get("partial")
        figures = [claim["actual"] for claim in verdict["expect"]] if verdict and judged else [None] * len(self.claims)
        return Measured(figures, len(done), len(viewings), failed, judged)


def _watch(document: Document) -> list[Viewing]:
    """A viewing of each run that is needed, the base's first; those that have not been computed are asked for."""
    saved = runs.save_document(document)
    found: list[Viewing] = []
    for variant in (None, *variants_named(document)):
        known = Viewing.objects.filter(document=saved, variant=variant or "", seed=None, owner=None)
        viewing = known.select_related("run").order_by("created_at").first()
        if viewing is None or not runs.shows(viewing, document):
            viewing = runs.request_run(document, variant, None, None)
        elif not viewing.run.is_complete:
            runs.resume(viewing)
        found.append(viewing)
    return found


def of_variant(side: Any, variant: str) -> Any:
    """The same side, measured in a variant's run."""
    if isinstance(side, list):
        return [of_variant(part, variant) for part in side]
    if not isinstance(side, dict):
        return side
    if "metric" in side:
        return side | {"variant": variant}
    return {name: of_variant(part, variant) for name, part in side.items()}
