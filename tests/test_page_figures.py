"""What the page works out of a trace in the browser is what the command line says of the same run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from install import node
from simulations.document import validate
from simulations.engine.simulation import Limits
from simulations.report import Recording, record

ROOT = Path(__file__).resolve().parent.parent
SPANS_MAX = 150
RUNS = [
    ("client-server", None),
    ("client-server", "overload"),
    ("multi-tier", None),
    ("multi-tier", "overload"),
    ("cap-partition", "cp"),
    ("cap-partition", "ap"),
    ("rpc-anatomy", None),
    ("rpc-anatomy", "lost-replies-again"),
]


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: f"{run[0]}-{run[1] or 'base'}")
def page_and_recording(request: Any, tmp_path_factory: Any) -> tuple[dict[str, Any], Recording]:
    """What the page's modules say of a run, and the run."""
    slug, variant = request.param
    document = validate(json.loads((ROOT / "simulations/scenarios" / f"{slug}.json").read_text()))
    physical = document.physical(variant)
    path = tmp_path_factory.mktemp("traces") / "trace"
    with path.open("wb") as trace:
        recording = record(physical, Limits(), trace)
    asked = {
        "end": round((physical["duration_ms"] + physical["settle_ms"]) * 1e6),
        "timeouts": {entry["id"]: round((entry["params"].get("timeout_ms") or 0) * 1e6) for entry in physical["nodes"]},
        "groups": [cluster["members"] for cluster in physical.get("clusters", ())],
        "every": max(1, len(recording.log.operations) // SPANS_MAX),
    }
    command = [*node(), "tests/js/figures.js", str(path), json.dumps(asked)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not told.returncode, told.stderr
    return json.loads(told.stdout), recording


def test_requests_have_the_same_spans(page_and_recording: tuple[dict[str, Any], Recording]) -> None:
    page, recording = page_and_recording
    assert len(page["spans"]) > 100
    for op, spans in page["spans"].items():
        assert spans == recording.request(int(op))["attempts"], op


def test_the_windows_add_up_to_the_metrics(page_and_recording: tuple[dict[str, Any], Recording]) -> None:
    page, recording = page_and_recording
    metrics = recording.metrics()
    figures = page["figures"]
    assert figures["ops.ok"] == metrics["ops.ok"] > 0
    assert figures["ops.total"] == metrics["ops.total"]
    for name, figure in figures.items():
        assert figure == pytest.approx(metrics[name], rel=0.01, abs=1e-6), name
    assert {name for name in metrics if name.startswith("ops.error.")} <= set(figures)
    assert {name for name in metrics if name.startswith("nodes.") and name.endswith(".queue_mean")} <= set(figures)


def test_a_run_has_the_charts_that_it_has_figures_for(page_and_recording: tuple[dict[str, Any], Recording]) -> None:
    page, recording = page_and_recording
    metrics = recording.metrics()
    charts = set(page["charts"])
    assert {"throughput", "latency", "in-flight"} <= charts
    assert ("errors" in charts) == (metrics["ops.ok"] < metrics["ops.total"])
    assert ("lag" in charts) == ("replicas.lag_ms.max" in metrics)
    assert ("staleness" in charts) == (metrics.get("reads.staleness_ms.max", 0) > 0)
    assert ("queues" in charts) == any(value > 0 for name, value in metrics.items() if name.endswith(".queue_max"))
