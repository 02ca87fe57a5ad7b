"""`manage.py check-history FILE --model M`: is a recorded history linearizable?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from simulations.checks.calls import Model
from simulations.checks.edn import EdnError, hashable, read_all
from simulations.checks.foreign import judge, lines_of
from simulations.checks.models import MODELS
from simulations.checks.pairing import initial_state, pair
from simulations.checks.reading import READERS, HistoryError, read_events
from simulations.checks.searching import CONFIGURATIONS_MAX

FILE_BYTES_MAX = 256 * 1024 * 1024
STATUS = {"pass": 0, "fail": 1, "unknown": 3}
REFUSED = 2
TITLES = {"pass": "LINEARIZABLE", "fail": "NOT LINEARIZABLE", "unknown": "UNKNOWN"}


class Command(BaseCommand):
    """Exit status: 0 linearizable, 1 not, 2 the input is refused, 3 the search reached its limit."""

    help = "Judge whether a recorded history (JSON lines, Jepsen's EDN or a Jepsen log) is linearizable."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the history; - for standard input")
        parser.add_argument("--model", required=True, choices=list(MODELS), help="what kind of object it tells of")
        parser.add_argument("--format", choices=list(READERS), help="the file's notation (else found out)")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument(
            "--limit",
            type=int,
            default=CONFIGURATIONS_MAX,
            metavar="N",
            help=f"configurations to try on each independent part (default {CONFIGURATIONS_MAX:,})",
        )
        parser.add_argument(
            "--initial", metavar="VALUE", help='what it held at first, as JSON or EDN, such as 0 or {"x": 0, "y": 0}'
        )
        parser.add_argument(
            "--failed-cas",
            choices=["answered", "ignored"],
            help="whether a cas that failed says that the value was another (default: answered in Jepsen's logs)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        limit: int = options["limit"]
        if limit < 1:
            self.refuse(f"--limit must be at least 1. Got {limit}.")
        model = self.model(MODELS[options["model"]], options["initial"])
        text = self.read(options["file"])
        try:
            notation, events = read_events(text, options["format"])
            answered = options["failed_cas"] == "answered" or (options["failed_cas"] is None and notation == "etcd")
            calls = pair(model, events, answered)
        except HistoryError as error:
            self.refuse(str(error))
        if not events:
            self.refuse("The file holds no operation. Is --format right?")
        verdict = judge(model, calls, limit)
        if options["json"]:
            self.stdout.write(json.dumps(verdict.as_dict(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(f"{TITLES[verdict.verdict]}. {verdict.explanation}")
            for line in lines_of(verdict):
                self.stdout.write(line)
        sys.exit(STATUS[verdict.verdict])

    def model(self, kind: type[Model], initial: str | None) -> Model:
        """The model in its first state. Refuses a value that is none."""
        if initial is None:
            return kind()
        try:
            try:
                value = json.loads(initial)
            except ValueError:
                value = next(iter(read_all(initial)), (0, None))[1]
            return kind(initial_state(kind, hashable(value)))
        except (EdnError, RecursionError, ValueError) as error:
            self.refuse(f"--initial: {error}")

    def read(self, name: str) -> str:
        """The text of a file. Refuses what cannot be read."""
        try:
            if name == "-":
                data = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
            else:
                with Path(name).open("rb") as file:
                    data = file.read(FILE_BYTES_MAX + 1)
            if len(data) > FILE_BYTES_MAX:
                self.refuse(f"The file is larger than {FILE_BYTES_MAX:,} bytes.")
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self.refuse(f"Line {line:,}: This is no UTF-8 text.")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self.refuse(f'The file "{name}" cannot be read: {reason or error}.')

    def refuse(self, reason: str) -> NoReturn:
        """End with the reason on standard error."""
        self.stderr.write(reason)
        sys.exit(REFUSED)
