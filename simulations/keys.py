"""The key of a run: equal keys, equal traces."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from simulations.catalogue import engine_version
from simulations.document import canonical_bytes
from simulations.engine.simulation import Limits


def sha256_of(value: object) -> str:
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def limits() -> Limits:
    """The limits under which runs are computed here."""
    return Limits(
        events_max=settings.RUN_EVENTS_MAX,
        trace_bytes_max=settings.RUN_TRACE_BYTES_MAX,
        simulated_ms_max=settings.RUN_SIMULATED_MS_MAX,
    )


def version_for(physical: Mapping[str, Any]) -> str:
    """The version of the engine and of the node files that a physical document uses."""
    return engine_version(sorted({node["type"] for node in physical["nodes"]}))


def run_key(physical: Mapping[str, Any], run_limits: Limits) -> str:
    """SHA-256 over the physical document (with its seed), the limits and the engine version."""
    return sha256_of({"document": physical, "limits": run_limits.as_dict(), "engine_version": version_for(physical)})
