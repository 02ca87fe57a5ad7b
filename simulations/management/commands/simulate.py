"""`manage.py simulate SLUG|FILE`: run a scenario here and now, without a database, and say what came of it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from simulations.document import Document, DocumentError, parse, validate, variant_hint
from simulations.document_base import SEED_MAX
from simulations.document_doubts import doubts
from simulations.document_patch import with_settings
from simulations.management.scenarios import Unreadable, scenario_text
from simulations.report import report
from simulations.report_text import as_text

HOLDS, FAILS, REFUSED = 0, 1, 2


class Command(BaseCommand):
    """Exit status: 0 all claims hold, 1 a claim fails or the run did, 2 the input is refused."""

    help = "Run a scenario and print its metrics, checks and claims."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", metavar="SLUG|FILE", help="a scenario of the gallery, or a JSON file")
        parser.add_argument("--seed", type=int, help="in place of the scenario's own")
        parser.add_argument("--variant", help="run this variant alone")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            dest="settings_made",
            metavar="PATH=VALUE",
            help="change the scenario first, such as nodes.web.params.concurrency=4 (may be repeated)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--trace", type=Path, metavar="FILE", help="write the trace there: its chunks in order")

    def handle(self, *args: Any, **options: Any) -> None:
        document = self.load(options["scenario"], options["settings_made"])
        variant: str | None = options["variant"]
        if variant is not None and variant not in document.variants:
            self.refuse([variant_hint(document, variant)])
        seed: int | None = options["seed"]
        if seed is not None and not 0 <= seed <= SEED_MAX:
            self.refuse([f"--seed must be between 0 and {SEED_MAX}. Got {seed}."])
        try:
            result = report(document, variant, seed, None, options["trace"])
        except OSError as error:
            self.refuse([f"The trace cannot be written to {options['trace']}: {error.strerror or error}."])
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=2, ensure_ascii=False))
        else:
            self.stdout.write(as_text(document, variant, seed, result), ending="")
        runs = [result, *result["variants"].values()]
        for run in runs:
            if run["status"] == "failed":
                self.stderr.write(run["reason"])
        failed = any(run["status"] == "failed" for run in runs)
        if failed or any(claim["ok"] is False for claim in result["expect"]):
            sys.exit(FAILS)

    def load(self, name: str, settings_made: list[str]) -> Document:
        """The document by slug or file, with settings applied; refuses what is none."""
        try:
            document = parse(scenario_text(name))
            if settings_made:
                document = validate(with_settings(document.data(), settings_made))
        except Unreadable as error:
            self.refuse([str(error)])
        except DocumentError as error:
            self.refuse(str(error).splitlines())
        for doubt in doubts(document):
            self.stderr.write(f"Note: {doubt.path}: {doubt.message}")
        return document

    def refuse(self, reasons: list[str]) -> NoReturn:
        """End with the reasons on standard error."""
        for reason in reasons:
            self.stderr.write(reason)
        sys.exit(REFUSED)
