"""The page of architectural models: its table is measured, each figure a side of a claim about the scenario's runs.

The scenario holds the models side by side, a zone for each. Its variants without faults are other loads; in the others
nodes crash.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from playground.sharing.measuring import Measured, Question, Side
from simulations.document import Document
from simulations.document_expand import Names

SLUG: Final = "model-comparison"
WARM_UP_MS: Final = 3000  # until cold starts and empty queues are past
NOTICED_MS: Final = 2000  # from a crash until those who probe have noticed it


@dataclass
class Model:
    """A row: one architectural model. Figures are the numbers of claims."""

    title: str
    parts: int
    messages: int
    goodput: list[int] = field(default_factory=list)
    crashes: list[tuple[str, int]] = field(default_factory=list)  # what crashes, and what share is then answered


class Models(Question):
    """The models of a scenario, with what is to be measured of each."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.variants: list[tuple[str | None, Document]] = [(None, document)]
        self.variants += [(name, document.variant(name)) for name in document.variants]
        loads = [(rate_per_s(each), name, each) for name, each in self.variants if not each.faults]
        self.loads = sorted(loads, key=lambda load: load[0])
        self.models = [self.model(zone.id, zone.label or zone.id) for zone in document.zones]

    def model(self, zone: str, title: str) -> Model:
        members = members_of(self.base, zone)
        window = [WARM_UP_MS, self.base.duration_ms]
        messages = side("messages.per_op", None, window, {"zone": zone})
        found = Model(title, len(members), self.ask(messages))
        for _rate, name, each in self.loads:
            found.goodput.append(self.ask(goodput(each, name, zone)))
        for name, each in self.variants:
            for fault in each.faults:
                if str(fault.target) in members:
                    crashed_ms = float(fault.at_ms or 0) + NOTICED_MS
                    share = side(f"zones.{zone}.success_ratio", name, [crashed_ms, each.duration_ms])
                    found.crashes.append((str(fault.target), self.ask(share)))
        return found


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
    measured: Measured


def table(document: Document) -> Table:
    """The table as far as it has been computed; what is missing is being computed from now on."""
    models = Models(document)
    measured = models.measured()
    rates = [rate for rate, _name, _document in models.loads]
    return Table(rates, [row(model, measured.figures) for model in models.models], measured)


def row(model: Model, figures: list[float | None]) -> Row:
    """A model with its figures filled in."""
    found = [(share, name) for name, number in model.crashes if (share := figures[number]) is not None]
    availability, weakest = min(found, default=(None, ""))
    goodput_per_s = [figures[number] for number in model.goodput]
    return Row(model.title, model.parts, figures[model.messages], goodput_per_s, availability, weakest)
