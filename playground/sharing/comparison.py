"""The page of architectural models: its table is measured, each figure a side of a claim about the scenario's runs.

The scenario holds the models side by side, a zone for each. Its variants without faults are other loads; in the others
nodes crash. A table is asked for as claims of the same document, so that the runs are those of the scenario, and
a worker judges them.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from simulations import runs
from simulations.document import Document, validate
from simulations.document_expand import Names
from simulations.models import State, Viewing
from simulations.report import variants_named

SLUG: Final = "model-comparison"
WARM_UP_MS: Final = 3000  # until cold starts and empty queues are past
NOTICED_MS: Final = 2000  # from a crash until those who probe have noticed it

Side = dict[str, Any]


@dataclass
class Model:
    """A row: one architectural model. Figures are the numbers of claims."""

    title: str
    parts: int
    messages: int
    goodput: list[int] = field(default_factory=list)
    crashes: list[tuple[str, int]] = field(default_factory=list)  # what crashes, and what share is then answered


class Question:
    """The scenario with the table's figures as its claims."""

    def __init__(self, document: Document) -> None:
        self.base = document
        self.claims: list[Side] = []
        self.variants: list[tuple[str | None, Document]] = [(None, document)]
        self.variants += [(name, document.variant(name)) for name in document.variants]
        loads = [(rate_per_s(each), name, each) for name, each in self.variants if not each.faults]
        self.loads = sorted(loads, key=lambda load: load[0])
        self.models = [self.model(zone.id, zone.label or zone.id) for zone in document.zones]
        self.document = validate(document.data() | {"expect": self.claims})

    def model(self, zone: str, title: str) -> Model:
        members = members_of(self.base, zone)
        window = [WARM_UP_MS, self.base.duration_ms]
        messages = side("messages.per_op", None, window, {"zone": zone})
        found = Model(title, len(members), self.claim(messages))
        for _rate, name, each in self.loads:
            found.goodput.append(self.claim(goodput(each, name, zone)))
        for name, each in self.variants:
            for fault in each.faults:
                if str(fault.target) in members:
                    crashed_ms = float(fault.at_ms or 0) + NOTICED_MS
                    share = side(f"zones.{zone}.success_ratio", name, [crashed_ms, each.duration_ms])
                    found.crashes.append((str(fault.target), self.claim(share)))
        return found

    def claim(self, left: Side) -> int:
        self.claims.append({"claim": f"Figure {len(self.claims)}", "left": left, "op": ">=", "right": 0})
        return len(self.claims) - 1


def side(metric: str, variant: str | None, window_ms: list[float], where: Side | None = None) -> Side:
    found: Side = {"metric": metric, "window_ms": window_ms}
    if variant is not None:
        found["variant"] = variant
    return found if where is None else found | {"where": where}


def goodput(document: Document, variant: str | None, zone: str) -> Side:
    """Requests dealt with a second: by workers where these take them from a queue, else as answered."""
    window = [WARM_UP_MS, document.duration_ms]
    names = Names(document.nodes)
    workers = [
        name for node in document.nodes if node.zone == zone and node.type == "worker" for name in names.nodes[node.id]
    ]
    if not workers:
        return side(f"zones.{zone}.goodput_per_s", variant, window)
    done = [side(f"nodes.{name}.worker.done", variant, window) for name in workers]
    return {"/": [{"+": done}, (window[1] - window[0]) / 1000]}


def members_of(document: Document, zone: str) -> list[str]:
    """The nodes of a model, its users not counted."""
    names = Names(document.nodes)
    parts = [node for node in document.nodes if node.zone == zone and node.type != "client"]
    return [name for node in parts for name in names.nodes[node.id]]


def rate_per_s(document: Document) -> float:
    """What the users of each model ask for."""
    nodes: list[dict[str, Any]] = document.physical()["nodes"]
    return max((float(node["params"]["rate_per_s"]) for node in nodes if node["type"] == "client"), default=0.0)


def watch(question: Question) -> list[Viewing]:
    """A viewing of each run that the table needs, the base's first; those that have not been computed are asked for."""
    saved = runs.save_document(question.document)
    found: list[Viewing] = []
    for variant in (None, *variants_named(question.document)):
        known = Viewing.objects.filter(document=saved, variant=variant or "", seed=None, owner=None)
        viewing = known.select_related("run").order_by("created_at").first()
        if viewing is None or not runs.shows(viewing, question.document):
            viewing = runs.request_run(question.document, variant, None, None)
        elif not viewing.run.is_complete:
            runs.resume(viewing)
        found.append(viewing)
    return found


@dataclass(frozen=True)
class Row:
    """A model's row with its figures; None where there is none yet."""

    title: str
    parts: int
    messages: float | None
    goodput: list[float | None]
    availability: float | None
    weakest: str


@dataclass(frozen=True)
class Table:
    """What the page shows."""

    rates: list[float]
    rows: list[Row]
    computed: int
    wanted: int
    failed: bool
    judged: bool


def table(document: Document) -> Table:
    """The table as far as it has been computed; what is missing is being computed from now on."""
    question = Question(document)
    viewings = watch(question)
    done = [viewing for viewing in viewings if viewing.run.is_complete]
    failed = any(viewing.run.state == State.FAILED for viewing in viewings)
    verdict = runs.verdict(viewings[0]) if len(done) == len(viewings) else None
    judged = verdict is not None and not verdict.get("partial")
    figures = [claim["actual"] for claim in verdict["expect"]] if verdict and judged else [None] * len(question.claims)
    rates = [rate for rate, _name, _document in question.loads]
    return Table(rates, [row(model, figures) for model in question.models], len(done), len(viewings), failed, judged)


def row(model: Model, figures: list[float | None]) -> Row:
    """A model with its figures filled in."""
    found = [(share, name) for name, number in model.crashes if (share := figures[number]) is not None]
    availability, weakest = min(found, default=(None, ""))
    goodput_per_s = [figures[number] for number in model.goodput]
    return Row(model.title, model.parts, figures[model.messages], goodput_per_s, availability, weakest)
