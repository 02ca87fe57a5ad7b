"""`manage.py bench`: measures the engine on its reference workloads, and SimPy beside it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from simulations.benchmarks.checking import CLIENTS, OPERATIONS, checks
from simulations.benchmarks.compare import compare, scaling
from simulations.benchmarks.workloads import WORKLOADS

SCALING_NODES = [10, 100, 1_000, 10_000]


class Command(BaseCommand):
    help = (
        "Measure the engine on its reference workloads, interpreted and compiled, and SimPy beside it in the same run."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--only", choices=sorted(WORKLOADS), action="append", help="this workload; may be repeated")
        parser.add_argument("--messages", type=int, default=200_000, help="messages a run (default 200,000)")
        parser.add_argument("--scaling", action="store_true", help="how the cost grows with nodes and messages")
        parser.add_argument("--checks", action="store_true", help="how the search for an order grows with histories")
        parser.add_argument("--rounds", type=int, default=3, help="times each is measured; the fastest counts")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["checks"]:
            rows = checks(OPERATIONS, CLIENTS, options["rounds"])
        elif options["scaling"]:
            rows = scaling([options["messages"] // 10, options["messages"]], SCALING_NODES, options["rounds"])
        else:
            rows = compare(options["only"] or list(WORKLOADS), options["messages"], options["rounds"])
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows}, indent=1))
            return
        head = list(rows[0])
        self.stdout.write("  ".join(f"{name:>17}" for name in head))
        for row in rows:
            cells = [row.get(name) for name in head]
            self.stdout.write("  ".join(f"{'' if cell is None else cell:>17}" for cell in cells))
