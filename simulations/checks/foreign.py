"""The verdict on a history from elsewhere."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulations.checks.calls import NEVER, Call, Model
from simulations.checks.models import Set
from simulations.checks.proving import prove
from simulations.checks.searching import CONFIGURATIONS_MAX, Found, partition, search
from simulations.checks.telling import explain, shown, span, text_of, who


class SetByElement(Set):
    """A set that is never read whole: its elements are independent."""

    def slots(self, call: Call) -> list[Hashable]:
        return [(call.key, call.value)]


@dataclass
class Verdict:
    """Whether a history is linearizable (pass), not (fail), or not known (unknown), in words, with the calls that
    suffice to show a failure, the independent parts of it that were judged and the configurations tried.
    """

    verdict: str
    explanation: str
    evidence: list[Call] = field(default_factory=list)
    operations: int = 0
    keys: int = 0
    configurations: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return {
            "verdict": self.verdict,
            "explanation": self.explanation,
            "evidence": [as_evidence(call) for call in self.evidence],
            "operations": self.operations,
            "keys": self.keys,
            "configurations": self.configurations,
        }


def as_evidence(call: Call) -> dict[str, Any]:
    """A call as plain data. `until` is None for one whose outcome nobody knows."""
    return {
        "process": call.process if isinstance(call.process, int) else shown(call.process),
        "f": call.f,
        "text": text_of(call),
        "from": call.began,
        "until": None if call.end == NEVER else call.ended,
    }


def lines_of(verdict: Verdict) -> list[str]:
    """The evidence, a line a call."""
    return [f"{span(call):>28}  {who(call)}: {text_of(call)}" for call in verdict.evidence]


def judge(model: Model, calls: Sequence[Call], configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Judge each independent part; explain the failure that showed first. The limit holds for the search of each."""
    if isinstance(model, Set) and not any(call.f == "read" for call in calls):
        model = SetByElement(model.initial)
    groups = partition(model, calls)
    found = [search(model, group, configurations_max) for group in groups]
    keys = len({slot for call in calls for slot in model.slots(call)})
    verdict = _judged(model, groups, found, configurations_max)
    verdict.operations, verdict.keys = len(calls), keys
    verdict.configurations = sum(one.configurations for one in found)
    return verdict


def _judged(model: Model, groups: list[list[Call]], found: list[Found], configurations_max: int) -> Verdict:
    failing = [number for number, one in enumerate(found) if one.linearizable is False]
    unknown = [number for number, one in enumerate(found) if one.linearizable is None]
    if failing:
        first = min(failing, key=lambda number: found[number].until)
        evidence = prove(model, groups[first], found[first].until)
        others = f" The same befell {len(failing):,} of {len(groups):,} keys." if len(failing) > 1 else ""
        return Verdict("fail", explain(model, evidence) + others, evidence)
    if unknown:
        words = (
            f"The search reached its limit of {configurations_max:,} configurations"
            f" on {len(unknown):,} of {_count(len(groups), 'independent part')}. A higher --limit may settle it."
        )
        return Verdict("unknown", words)
    total = sum(len(group) for group in groups)
    words = (
        f"{_count(total, 'operation')} in {_count(len(groups), 'independent part')}: each part's can be put in one"
        " order that explains every answer, each at a moment of its time."
    )
    return Verdict("pass", words)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
