"""What an exploration found, as lines to read."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import shorten
from typing import Any, Final

from simulations.catalogue import check_titles
from simulations.exploring import FAILED

VIOLATIONS_SHOWN: Final = 20
WIDTH: Final = 160
WORDS: Final = ("held", "violated", "unknown", "not promised")


def as_text(result: Mapping[str, Any]) -> str:
    """The closing summary of one scenario: schedules, what held how often, what struck, and what was violated."""
    runs, violated = result["schedules"], result["violated"]
    name = result["scenario"] + (f", {result['variant']}" if result["variant"] else "")
    lines = [
        "",
        f"{name}: {runs:,} schedules of seed {result['seed']}, {result['survived']:,} survived,"
        f" {len(violated):,} violated a rule",
        f"  clients were answered in {result['answered']:,}, and after all was mended in {result['recovered']:,}",
    ]
    if result["taken_over"]:
        lines.append(f"  another took over in {result['taken_over']:,}")
    if result["cut_short"]:
        lines.append(f"  {result['cut_short']:,} ran into the limit of events and were judged up to there")
    faults = ", ".join(f"{kind} {count:,}" for kind, count in result["faults"].items())
    lines.append(f"  faults: {faults}")
    titles = check_titles() | {FAILED: "No node makes a mistake"}
    for check, counts in result["checks"].items():
        told = ", ".join(f"{counts[word]:,} {word}" for word in WORDS if counts.get(word))
        lines.append(f"  {titles[check]:<44} {told}")
    for one in violated[:VIOLATIONS_SHOWN]:
        lines.append(f"  schedule {one['schedule']} (seed {one['seed']})")
        lines += [f"    {titles[check]}: {shorten(words, WIDTH)}" for check, words in one["broken"]]
    if len(violated) > VIOLATIONS_SHOWN:
        lines.append(f"  … and {len(violated) - VIOLATIONS_SHOWN:,} more")
    return "\n".join(lines)
