"""`python -m tests.planted [WORD…]`: search for every planted bug from the first schedule on, and print the table.

Exit status 1 when one is not found first at the schedule that is stated, is not minimised to FAULTS_MAX faults, or when
the honest type breaks a rule under one of the schedules up to there. A protocol that gets other messages gets other
schedules: then the table here tells what to state.
"""

from __future__ import annotations

import sys
from multiprocessing import Pool

from simulations.exploring import explore
from tests.planted.bugs import BUGS, FAULTS_MAX, RUNS_MAX, SEED, Planted
from tests.searching import minimised

WIDTHS = (44, 5, 7, 6, 30)


def row(planted: Planted) -> tuple[list[str], bool]:
    """A line of the table, and whether all is as stated."""
    found = planted.search(RUNS_MAX)
    if found is None:
        return [planted.name, "–", "", "", f"not found in {RUNS_MAX}"], False
    least = minimised(planted.explored, planted.types, found, SEED)
    numbers = range(1, found.number + 1)
    survived = (verdict.survived for verdict in explore(planted.ready, SEED, numbers, planted.without))
    honest = all(survived) and planted.survived(least)
    good = honest and found.number == planted.runs and len(least.faults) <= FAULTS_MAX
    rule = found.broken[0][0]
    if not honest:
        rule += ", by the honest type, too"
    if found.number != planted.runs:
        rule += f", stated: {planted.runs} runs"
    return [planted.name, str(found.number), str(len(found.kinds)), str(len(least.faults)), rule], good


def main(words: list[str]) -> int:
    """The table of those whose name has one of the words."""
    chosen = [one for one in BUGS if not words or any(word.lower() in one.name.lower() for word in words)]
    heads = ("bug", "runs", "faults", "least", "rule broken")
    print("".join(text.ljust(width) for text, width in zip(heads, WIDTHS, strict=True)))
    good = 0
    with Pool(2) as pool:
        for texts, right in pool.imap(row, chosen):
            good += right
            print("".join(text.ljust(width) for text, width in zip(texts, WIDTHS, strict=True)), flush=True)
    print(f"{good} of {len(chosen)} found as stated, survived by the honest types, and minimised")
    return 0 if good == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
