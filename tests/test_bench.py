"""`manage.py bench`: its rows, and that both builds do the same work."""

from __future__ import annotations

import json
from typing import Any

from django.core.management import call_command

from simulations.benchmarks.checking import checks
from simulations.benchmarks.compare import builds, measured
from simulations.benchmarks.workloads import WORKLOADS


def bench(capsys: Any, *arguments: str) -> list[dict[str, Any]]:
    call_command("bench", "--json", "--rounds", "1", *arguments)
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["rows"]
    return rows


def test_a_row_a_build_beside_simpy(capsys: Any) -> None:
    rows = bench(capsys, "--only", "three-tier", "--messages", "3000")
    assert [row["build"] for row in rows] == [*builds(), "simpy"]
    for row in rows:
        assert list(row) == [
            "name",
            "build",
            "messages_per_s",
            "events_per_s",
            "peak_mb",
            "bytes_per_message",
            "ratio_to_simpy",
        ]
        assert row["messages_per_s"] > 0
        assert row["ratio_to_simpy"] > 0
    assert rows[-1]["ratio_to_simpy"] == 1


def test_builds_do_the_same_work_in_every_workload() -> None:
    for name in WORKLOADS:
        assert len({measured(name, build, 4_000)["digest"] for build in builds()}) == 1


def test_simpy_sends_as_many_messages_for_the_same_simulated_time() -> None:
    ours, theirs = measured("three-tier", "interpreted", 6_000), measured("three-tier", "simpy", 6_000)
    assert abs(ours["messages"] - theirs["messages"]) < 0.05 * theirs["messages"]


def test_scaling_has_a_row_for_each_size(capsys: Any) -> None:
    rows = bench(capsys, "--scaling", "--messages", "1000")
    assert len(rows) == len(builds()) * 4 * 2
    assert {row["nodes"] for row in rows} == {10, 100, 1_000, 10_000}


def test_checks_are_measured_on_histories_that_are_right_and_wrong() -> None:
    rows = checks([200], [2, 3], rounds=1)
    assert [(row["model"], row["operations"], row["clients"]) for row in rows[::2]] == [
        (name, 200, clients) for name in ("register", "cas-register") for clients in (10, 2, 3)
    ]
    assert {row["verdict"] for row in rows[::2]} == {"pass"}
    assert all(row["configurations"] > 0 for row in rows)
    assert {row["verdict"] for row in rows[1::2]} == {"fail"}
