"""From a fault schedule that breaks a rule to the little that suffices to break it.

First fewer faults, by delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
Transactions on Software Engineering 28(2), 2002, section 3: algorithm ddmin); then simpler ones: mended earlier, with
fewer options, at rounder times, in a shorter run. Each candidate is run, and kept when the same rule breaks; the number
of runs is limited. What remains is a scenario of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from simulations.catalogue import check_titles
from simulations.document import Document, validate
from simulations.document_base import DocumentError, canonical_bytes
from simulations.exploring import FAILED, Types, Verdict, healed_ms, judged, length_ms

RUNS_MAX: Final = 300
ROUND_MS: Final = (1_000, 500, 100, 50, 10)
SHORTER: Final = (0.5, 0.75, 0.9)
LENGTH_MS_MIN: Final = 2
AT_THE_END: Final = ("convergence", "lost_effects", "lost_writes")  # judged there: a run cut short always breaks these
TITLE_MAX: Final = 120
EXPLANATION_MAX: Final = 2_000

Entry = dict[str, Any]
Data = dict[str, Any]


class Trials:
    """Whether the rule still breaks in a candidate that is mended no later than what it came from. Nothing does once
    the runs are used up. Remembers what it tried.
    """

    def __init__(self, check: str, mended_ms: float, runs_max: int, types: Types | None) -> None:
        self.check = check
        self.mended_ms = mended_ms
        self.left = runs_max
        self.types = types
        self.tried: dict[bytes, bool] = {}
        self.words = ""  # what was found in the last candidate in which it broke

    def __call__(self, data: Data) -> bool:
        key = canonical_bytes(data)
        if key not in self.tried:
            if self.left == 0:
                return False
            self.tried[key] = self._broken(data)
        return self.tried[key]

    def _broken(self, data: Data) -> bool:
        try:
            document = validate(data)
        except DocumentError:
            return False
        if healed_ms(document) > self.mended_ms:
            return False
        self.left -= 1
        found = dict(judged(document, types=self.types).broken)
        self.words = found.get(self.check, self.words)
        return self.check in found


def minimised(document: Document, verdict: Verdict, runs_max: int = RUNS_MAX, types: Types | None = None) -> Document:
    """The scenario that the violation of a document's schedule comes down to. Its one claim is the rule that breaks.

    A violation that does not come again comes back as it is.
    """
    check, words = verdict.broken[0]
    data = document.data()
    trial = Trials(check, healed_ms(document), runs_max, types)
    if trial(data):
        data |= {"faults": fewest(data["faults"], lambda faults: trial(data | {"faults": faults}))}
        for simpler in (earlier, plainer, rounder):
            data = _simpler_faults(data, trial, simpler)
        if check not in AT_THE_END:
            data = _shorter_run(data, trial)
        data |= {"faults": fewest(data["faults"], lambda faults: trial(data | {"faults": faults}))}
    return _scenario(data, check, trial.words or words, verdict)


def fewest(entries: Sequence[Entry], wrong: Callable[[list[Entry]], bool]) -> list[Entry]:
    """A part of the entries that is wrong and of which none can go (ddmin, with complements)."""
    kept = list(entries)
    pieces = 2
    while len(kept) > 1:
        size = -(-len(kept) // pieces)
        parts = [kept[start : start + size] for start in range(0, len(kept), size)]
        rests = [[one for other in parts if other is not part for one in other] for part in parts]
        alone = next((part for part in parts if wrong(part)), None)
        rest = None if alone is not None else next((rest for rest in rests if rest and wrong(rest)), None)
        if alone is not None:
            kept, pieces = alone, 2
        elif rest is not None:
            kept, pieces = rest, max(2, pieces - 1)
        elif pieces < len(kept):
            pieces = min(len(kept), 2 * pieces)
        else:
            break
    return [] if len(kept) == 1 and wrong([]) else kept


def _simpler_faults(data: Data, trial: Trials, simpler: Callable[[Entry], Iterator[Entry]]) -> Data:
    """Each fault that is mended as simple as it can be with the others as they are."""
    for place in range(len(data["faults"])):
        found = length_ms(data["faults"][place]) < math.inf
        while found:
            found = False
            for candidate in simpler(data["faults"][place]):
                faults = [candidate if at == place else fault for at, fault in enumerate(data["faults"])]
                if trial(data | {"faults": faults}):
                    data, found = data | {"faults": faults}, True
                    break
    return data


def _shorter_run(data: Data, trial: Trials) -> Data:
    """The workload and the time after it, each as short as they can be."""
    for name in ("settle_ms", "duration_ms"):
        for share in (0.0, *SHORTER) if name == "settle_ms" else SHORTER:
            while trial(shorter := data | {name: _rounded(data[name] * share, 100)}) and shorter != data:
                data = shorter
    return data


def earlier(fault: Entry) -> Iterator[Entry]:
    """The fault, mended earlier."""
    lasts_ms = length_ms(fault)
    for share in SHORTER:
        less_ms = round(lasts_ms * share)
        if LENGTH_MS_MIN <= less_ms < lasts_ms:
            yield _lasting(fault, less_ms)


def plainer(fault: Entry) -> Iterator[Entry]:
    """The fault with fewer options, or with fewer nodes in it."""
    if "direction" in fault:
        yield {name: value for name, value in fault.items() if name != "direction"}
    if fault.get("probability", 1) != 1:
        yield fault | {"probability": 1}
    latency = fault.get("latency")
    if isinstance(latency, dict) and latency["kind"] != "constant":
        yield fault | {"latency": {"kind": "constant", "value_ms": latency.get("mean_ms") or latency["high_ms"] / 2}}
    when = fault.get("when", {})
    if when.get("nth", 1) > 1:
        yield fault | {"when": when | {"nth": 1}}
    if when.get("after_ms"):
        yield fault | {"when": when | {"after_ms": 0}}
    if fault["kind"] == "partition":
        for number, group in enumerate(fault["target"]):
            for member in group if len(group) > 1 else ():
                less = [one for one in group if one != member]
                yield fault | {"target": [less if at == number else it for at, it in enumerate(fault["target"])]}


def rounder(fault: Entry) -> Iterator[Entry]:
    """The fault at a rounder time, or lasting for one."""
    lasts_ms = length_ms(fault)
    for unit in ROUND_MS:
        if fault.get("at_ms", 0) % unit == 0:
            break
        for at_ms in (_rounded(fault["at_ms"], unit), _rounded(fault["at_ms"], unit) + unit):
            yield _lasting(fault | {"at_ms": at_ms}, lasts_ms)
    for unit in ROUND_MS:
        if lasts_ms % unit == 0:
            break
        yield _lasting(fault, _rounded(lasts_ms, unit) + unit)


def _lasting(fault: Entry, lasts_ms: float) -> Entry:
    if fault["kind"] == "restart":
        return fault | {"down_ms": lasts_ms}
    if "when" in fault:
        return fault | {"lasts_ms": lasts_ms}
    return fault | {"until_ms": fault["at_ms"] + lasts_ms}


def _rounded(value: float, unit: int) -> int:
    return int(value // unit * unit)


def _scenario(data: Data, check: str, words: str, verdict: Verdict) -> Document:
    """A scenario that can be opened, with the rule as its claim."""
    title = check_titles().get(check, "A node makes no mistake")
    metric = "ops.total" if check == FAILED else f"checks.{check}.violations"
    claim = {"claim": title, "left": {"metric": metric}, "op": ">=" if check == FAILED else "==", "right": 0}
    summary = f"Found by exploring fault schedules (number {verdict.number}), and reduced to the faults that matter."
    return validate(
        data
        | {
            "title": f"Violated: {title} — {data['title']}"[:TITLE_MAX],
            "summary": f"{summary}\n\n{words[:EXPLANATION_MAX]}",
            "concepts": [],
            "expect": [claim],
        }
    )
