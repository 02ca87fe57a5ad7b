"""`manage.py explore [SLUG|FILE…]`: scenarios under random fault schedules, by the workers."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from simulations import broker
from simulations.catalogue import check_titles
from simulations.document import Document, DocumentError, parse, variant_hint
from simulations.document_base import SEED_MAX
from simulations.explorations import LOST, Tally, explored
from simulations.explorations_text import as_text
from simulations.exploring import EXPLORED, Explored, prepared, struck
from simulations.fault_schedules import groups_of
from simulations.management.scenarios import Unreadable, scenario_text
from simulations.minimising import RUNS_MAX, minimised

SURVIVED, VIOLATED, REFUSED = 0, 1, 2
SCHEDULES_MAX = 100_000  # waiting at the broker at once
TENTHS = 10


class Command(BaseCommand):
    """Exit status: 0 every schedule was survived, 1 one was not, 2 the input is refused."""

    help = "Run scenarios under many random fault schedules; minimise the first that breaks a rule."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenarios", nargs="*", metavar="SLUG|FILE", help="these (default: every listed scenario)")
        parser.add_argument("--runs", type=int, default=10_000, metavar="N", help="schedules of each (default 10,000)")
        parser.add_argument("--first", type=int, default=1, metavar="N", help="the number of the first (default 1)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the schedules (default 1)")
        parser.add_argument("--variant", metavar="V", help="explore this variant")
        parser.add_argument(
            "--without",
            action="append",
            metavar="CHECK",
            help="a rule that the scenario does not promise to keep (may be repeated; known of listed scenarios)",
        )
        parser.add_argument("--minimise", type=int, default=RUNS_MAX, metavar="N", help=f"in N runs ({RUNS_MAX})")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--out", type=Path, metavar="FILE", help="write the first minimised scenario there")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = self.numbers(options)
        self.heed_names(options["without"] or [])
        chosen = [(one, self.load(one)) for one in self.chosen(options)]
        if not broker.worker_is_alive():
            self.refuse("No worker answers. Start one with `make run`, or use `make explore`, which brings its own.")
        told: list[dict[str, Any]] = []
        out: Path | None = options["out"]
        for explored_one, document in chosen:
            result, found = self.explore(explored_one, document, options["seed"], numbers, options["minimise"])
            told.append(result)
            if not options["json"]:
                self.stdout.write(as_text(result))
                self.stdout.flush()
            if found is not None and out is not None:
                self.write(out, found)
                out = None
            elif found is not None and not options["json"]:
                self.stdout.write(text_of(found))
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=1, ensure_ascii=False))
        sys.exit(VIOLATED if any(result["violated"] for result in told) else SURVIVED)

    def numbers(self, options: dict[str, Any]) -> range:
        """The numbers of the schedules."""
        first, runs, seed = options["first"], options["runs"], options["seed"]
        if not 0 < runs <= SCHEDULES_MAX:
            self.refuse(f"--runs must be between 1 and {SCHEDULES_MAX:,}. Got {runs}.")
        if not 0 < first <= SEED_MAX - runs:
            self.refuse(f"--first must be at least 1. Got {first}.")
        if not 0 <= seed <= SEED_MAX:
            self.refuse(f"--seed must be between 0 and {SEED_MAX}. Got {seed}.")
        if options["minimise"] < 0:
            self.refuse(f"--minimise must be at least 0. Got {options['minimise']}.")
        return range(first, first + runs)

    def heed_names(self, names: list[str]) -> None:
        """Refuse what is no check."""
        known = check_titles()
        for name in names:
            if name not in known:
                self.refuse(f'There is no check "{name}". Known: {", ".join(sorted(known))}.')

    def chosen(self, options: dict[str, Any]) -> list[Explored]:
        """What is to be explored: of a listed scenario, what is listed."""
        variant: str | None = options["variant"]
        found: list[Explored] = []
        for name in options["scenarios"] or dict.fromkeys(one.slug for one in EXPLORED):
            listed = [one for one in EXPLORED if one.slug == name and variant in (None, one.variant)]
            found += listed or [Explored(name, variant)]
        if options["without"] is None:
            return found
        return [Explored(one.slug, one.variant, frozenset(options["without"])) for one in found]

    def load(self, one: Explored) -> Document:
        """The document as it is explored; refuses what is none."""
        try:
            document = parse(scenario_text(one.slug))
            if one.variant is not None and one.variant not in document.variants:
                self.refuse(variant_hint(document, one.variant))
            ready = prepared(document, one.variant)
        except (Unreadable, DocumentError) as error:
            self.refuse(str(error))
        if not groups_of(ready):
            self.refuse(f"{one.slug}: there is nothing to strike: no cluster, and no node that serves.")
        return ready

    def explore(
        self, one: Explored, document: Document, seed: int, numbers: range, runs_max: int
    ) -> tuple[dict[str, Any], Document | None]:
        """What came of a scenario's schedules, and the first violation as a scenario."""
        tally = Tally()
        begun = time.monotonic()
        shown = 0
        for verdicts in explored(document, seed, numbers, one.without):
            for verdict in verdicts:
                tally.add(verdict)
            if tally.runs * TENTHS // len(numbers) > shown:
                shown = tally.runs * TENTHS // len(numbers)
                rate = tally.runs / (time.monotonic() - begun)
                name = one.slug + (f", {one.variant}" if one.variant else "")
                words = f"{len(tally.violated):,} violated, {rate:,.1f} a second"
                self.stderr.write(f"{name}: {tally.runs:,} of {len(numbers):,} schedules, {words}")
        result = {"scenario": one.slug, "variant": one.variant, "seed": seed, **tally.as_dict(), "minimised": None}
        first = next((one for one in tally.violated if one.status != LOST), None)
        if first is None or not runs_max:
            return result, None
        self.stderr.write(f"Minimising schedule {first.number} in at most {runs_max:,} runs …")
        found = minimised(struck(document, seed, first.number), first, runs_max)
        return result | {"minimised": found.data()}, found

    def write(self, path: Path, found: Document) -> None:
        """Write the minimised scenario."""
        try:
            path.write_text(text_of(found))
        except OSError as error:
            self.refuse(f"The scenario cannot be written to {path}: {error.strerror or error}.")
        self.stderr.write(f"Written to {path}. Run it with `manage.py simulate {path}`, or open it in the sandbox.")

    def refuse(self, reason: str) -> NoReturn:
        self.stderr.write(reason)
        sys.exit(REFUSED)


def text_of(document: Document) -> str:
    """A document as a file holds it."""
    return json.dumps(document.data(), indent=2, ensure_ascii=False) + "\n"
