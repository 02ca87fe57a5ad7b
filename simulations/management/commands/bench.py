"""`manage.py bench`: measures the engine on its reference workloads, and SimPy beside it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from simulations.benchmarks.compare import compare
from simulations.benchmarks.workloads import WORKLOADS


class Command(BaseCommand):
    help = (
        "Measure the engine on its reference workloads, interpreted and compiled, and SimPy beside it in the same run."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--only", choices=sorted(WORKLOADS), action="append", help="this workload; may be repeated")
        parser.add_argument("--messages", type=int, default=200_000, help="messages a run (default 200,000)")
        parser.add_argument("--rounds", type=int, default=3, help="times each is measured; the fastest counts")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = compare(options["only"] or list(WORKLOADS), options["messages"], options["rounds"])
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows}, indent=1))
            return
        head = ("name", "build", "messages_per_s", "events_per_s", "peak_mb", "bytes_per_message", "ratio_to_simpy")
        self.stdout.write("  ".join(f"{name:>17}" for name in head))
        for row in rows:
            cells = [row.get(name) for name in head]
            self.stdout.write("  ".join(f"{'' if cell is None else cell:>17}" for cell in cells))
