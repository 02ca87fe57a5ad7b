"""The figures of a call's steps in claims, as part of what a walk over the messages gives."""

from __future__ import annotations

from simulations.engine.metrics_calls import STEPS
from simulations.engine.metrics_table import METRICS, unit_of
from simulations.report import OF_TRAFFIC


def test_each_step_has_a_definition_and_a_unit() -> None:
    for step in STEPS:
        assert f"rpc.{step}_ms.<figure>" in [metric.name for metric in METRICS]
        assert unit_of(f"rpc.{step}_ms.p99") == "ms"
    assert "rpc.marshal_request_ms.mean".startswith(OF_TRAFFIC)
