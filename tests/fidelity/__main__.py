"""Prints the table of all cases at their full length: `python -m tests.fidelity [PART OF A NAME…] [--workers N]`.

Exit status 0: theory lies in every interval, and every interval is as narrow as it must be.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fidelity.estimating import RUNS, RUNS_AGAIN, estimates
from tests.fidelity.table import all_experiments

REFERENCE_RUNS = 10_000


def main(parts: list[str], workers: int) -> int:
    print("the reference models run first, a minute or two", file=sys.stderr)
    chosen = [
        one for one in all_experiments(REFERENCE_RUNS) if any(part in case.name for case in one.cases for part in parts)
    ]
    print(f"{'case':<62} {'expected':>10} {'got':>10} {'± 99 %':>9} {'asked':>7}  {'':<9} source")
    wrong = count = 0
    begun = time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        for found in estimates(chosen, pool):
            case = found.case
            good = found.agrees and found.precise
            wrong += not good
            count += 1
            word = ("holds" if good else "too wide" if found.agrees else "DIFFERS") + "*" * found.again
            width = f"{100 * found.half_width / abs(case.expected):.2f} %"
            print(
                f"{case.name:<62} {case.expected:>10.5g} {found.mean:>10.5g} {width:>9} {100 * case.half_width:>5g} %"
                f"  {word:<9} {case.source}",
                flush=True,
            )
    print(f"* on {RUNS_AGAIN} other seeds: the first {RUNS} left theory out, as in one case of a hundred by chance")
    print(f"{count - wrong} of {count} hold, in {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fidelity", description="Runs against theory.")
    parser.add_argument("parts", nargs="*", default=[""], help="only the cases whose names hold one of these")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    given = parser.parse_args()
    sys.exit(main(given.parts, given.workers))
