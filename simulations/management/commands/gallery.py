"""`manage.py gallery [SLUG…]`: the gallery's scenarios on many seeds, by the workers, as a table of claims."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser
from statistics import fmean
from textwrap import shorten
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from simulations import broker, gallery
from simulations.checks.goals import figure
from simulations.document import parse
from simulations.document_base import DocumentError, did_you_mean
from simulations.sweeps import Row, sweep

HOLDS, FAILS, REFUSED = 0, 1, 2
SEEDS_MAX = 10_000
CLAIM_WIDTH = 84


class Command(BaseCommand):
    """Exit status: 0 every claim holds (about safety on every seed, others on 19 of 20), 1 one does not, 2 refused."""

    help = "Run the gallery's scenarios with all their variants on many seeds, and print how far each claim holds."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="these scenarios (default: all)")
        parser.add_argument("--seeds", default="1-20", metavar="FROM-TO", help="default 1-20")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        seeds = self.seeds(options["seeds"])
        texts = {path.stem: path.read_text() for path in gallery.files()}
        for slug in options["slugs"]:
            if slug not in texts:
                self.refuse(f'There is no scenario "{slug}".{did_you_mean(slug, texts)}')
        chosen = {slug: texts[slug] for slug in options["slugs"] or texts}
        for slug, text in chosen.items():
            try:
                parse(text)
            except DocumentError as mistakes:
                self.refuse(f"{slug}: {mistakes}")
        if not broker.worker_is_alive():
            self.refuse("No worker answers. Start one with `make run`, or use `make gallery`, which brings its own.")
        every: list[Row] = []
        for rows in sweep(chosen, seeds):
            every += rows
            if not options["json"]:
                self.stdout.write("\n".join(table(rows)))
                self.stdout.flush()
        holding = sum(row.holds for row in every)
        if options["json"]:
            self.stdout.write(json.dumps([row.as_dict() for row in every], indent=1, ensure_ascii=False))
        else:
            self.stdout.write(f"{holding} of {len(every)} claims of {len(chosen)} scenarios hold on {len(seeds)} seeds")
        sys.exit(HOLDS if holding == len(every) else FAILS)

    def seeds(self, text: str) -> range:
        found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not 0 < last - first + 1 <= SEEDS_MAX:
            self.refuse(f"--seeds must be like 1-20, at most {SEEDS_MAX:,} of them. Got {text}.")
        return range(first, last + 1)

    def refuse(self, reason: str) -> NoReturn:
        self.stderr.write(reason)
        sys.exit(REFUSED)


def table(rows: list[Row]) -> list[str]:
    """The claims of one scenario: how often each held, its figure with the spread over seeds, its words."""
    lines = ["", rows[0].slug] if rows else []
    for row in rows:
        known = [value for value in row.actual if value is not None]
        spread = f"{figure(fmean(known))} ({figure(min(known))} … {figure(max(known))})" if known else "—"
        word = "holds" if row.holds else "FAILS"
        lines.append(f"  {word} {sum(row.held):>3}/{len(row.held)}  {spread:>34}  {shorten(row.claim, CLAIM_WIDTH)}")
        if not row.holds:
            failing = next(index for index, ok in enumerate(row.held) if not ok)
            lines.append(f"{'':>16}seed {row.seeds[failing]}: {row.reasons[failing]}")
    return lines
