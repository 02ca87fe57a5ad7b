"""The parameters of replicas that agree although some lie."""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Param

BYZANTINE_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "faulty",
        "Faulty replicas to tolerate",
        "integer",
        0,
        "",
        0,
        33,
        help="f, which takes 3 f + 1 replicas. 0: as many as the members allow.",
        section="Agreement",
    ),
    Param(
        "patience_ms",
        "Patience",
        "number",
        500,
        "ms",
        1,
        3_600_000,
        help="How long a backup waits for a request to be carried out before it leaves for the next view; doubles"
        " with each view that comes to nothing.",
        section="Agreement",
    ),
    Param(
        "checkpoint_every",
        "Checkpoint every",
        "integer",
        16,
        "requests",
        1,
        10_000,
        help="The log reaches twice as far beyond the last stable checkpoint, and no farther.",
        section="Agreement",
    ),
    Param(
        "status_ms",
        "Status every",
        "number",
        100,
        "ms",
        1,
        3_600_000,
        help="How often replicas tell each other how far they are, and what was lost is sent again.",
        section="Agreement",
    ),
    Param(
        "answer_timeout_ms",
        "Answer timeout",
        "number",
        2000,
        "ms",
        1,
        3_600_000,
        help="How long a client's request may take before it is refused as uncertain.",
        section="Agreement",
    ),
    Param(
        "fsync_time",
        "fsync takes",
        "distribution",
        {"kind": "constant", "value_ms": 0.5},
        "ms",
        0,
        3_600_000,
        help="Nothing is promised before it is on disk; those that wait share one.",
        section="Disk",
    ),
)
