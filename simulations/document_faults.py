"""Faults on hosts as the scenario document writes them: their fields, and what the palette says of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from simulations.document_base import (
    DELAY_MS_MAX,
    Delay,
    Entry,
    Instant,
    Number,
    PositiveDelay,
    Reference,
    Whole,
)
from simulations.engine.declare import Choice, Param

DRIFT_PPM_MAX: Final = 100_000
RATE_MIN: Final = 0.001
FACTOR_MAX: Final = 1_000
Factor = Annotated[Number, Field(gt=1, le=FACTOR_MAX)]


EVENT_PATTERN: Final = (
    r"^([a-z][a-z0-9_]* = .+|(sent|received) [a-z][a-z0-9_]*|note .+|operation (ok|fail|info)"
    r"|boot|crash|written|fsync)$"
)


def _event(text: str) -> str:
    if re.fullmatch(EVENT_PATTERN, text) is None:
        raise PydanticCustomError(
            "event",
            'Must be a field of the state and its value ("role = leader"), "sent …" or "received …" and the kind of a'
            ' message, "note …" and how it begins, "operation ok", "operation fail", "operation info", "boot", "crash",'
            ' "written" or "fsync"',
        )
    return text


Event = Annotated[
    str,
    StringConstraints(max_length=120),
    AfterValidator(_event),
    Field(json_schema_extra={"pattern": EVENT_PATTERN}),
]


class When(Entry):
    """A fault's start by what happens: `after_ms` after the node had the event for the nth time."""

    node: Reference
    event: Event
    nth: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    after_ms: Delay = 0


class Onset(Entry):
    """A fault starts at `at_ms`, or by `when`."""

    at_ms: Instant | None = None
    when: When | None = None

    @model_validator(mode="after")
    def _one_start(self) -> Onset:
        if (self.at_ms is None) == (self.when is None):
            raise PydanticCustomError("start", "Needs an at_ms or a when, and not both")
        return self


class Spell(Onset):
    """A fault that is mended at `until_ms`, or `lasts_ms` after a start by `when`, or never."""

    until_ms: Instant | None = None
    lasts_ms: PositiveDelay | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Spell:
        if self.when is not None and self.until_ms is not None:
            raise PydanticCustomError("end", "Needs lasts_ms in place of until_ms, because it starts by when")
        if self.at_ms is not None and self.lasts_ms is not None:
            raise PydanticCustomError("end", "Needs until_ms in place of lasts_ms, because it starts at at_ms")
        return self


class Crash(Spell):
    """A node stops at once and forgets what it had not made durable; it restarts at `until_ms`, or never."""

    kind: Literal["crash"]
    target: Reference


class Restart(Onset):
    """A node crashes, and boots again after `down_ms`."""

    kind: Literal["restart"]
    target: Reference
    down_ms: PositiveDelay = 500


class Stop(Spell):
    """The process ends on a machine that lives: requests are refused at once. With `drain_ms` it is told first, as by
    SIGTERM: it says that it is not ready, takes requests for `lead_ms`, finishes what it has, and then ends.
    """

    kind: Literal["stop"]
    target: Reference
    drain_ms: Delay = 0
    lead_ms: Delay = 0

    @model_validator(mode="after")
    def _drains_in_time(self) -> Stop:
        if self.lead_ms > self.drain_ms:
            raise PydanticCustomError("lead", "Needs a drain_ms of at least lead_ms: the process ends after drain_ms")
        lasts_ms = self.lasts_ms
        if self.at_ms is not None and self.until_ms is not None:
            lasts_ms = self.until_ms - self.at_ms
        if lasts_ms is not None and self.drain_ms and lasts_ms <= self.drain_ms:
            raise PydanticCustomError("drain", "Needs to last longer than drain_ms: the process ends only then")
        return self


class Pause(Spell):
    """The process does nothing: messages wait, and timers that came due fire afterwards."""

    kind: Literal["pause"]
    target: Reference


class Hang(Spell):
    """Health probes are answered, requests are not."""

    kind: Literal["hang"]
    target: Reference


class Slow(Spell):
    """Work and fsyncs take `factor` times as long."""

    kind: Literal["slow"]
    target: Reference
    factor: Factor = 5


class Clock(Spell):
    """The wall clock steps by `offset_ms` and gains `drift_ppm` (timers too, unless `timers` is false)."""

    kind: Literal["clock"]
    target: Reference
    offset_ms: Annotated[Number, Field(ge=-DELAY_MS_MAX, le=DELAY_MS_MAX)] = 0
    drift_ppm: Annotated[Number, Field(ge=-DRIFT_PPM_MAX, le=DRIFT_PPM_MAX)] = 0
    timers: bool = True

    @model_validator(mode="after")
    def _does_something(self) -> Clock:
        if not self.offset_ms and not self.drift_ppm:
            raise PydanticCustomError("void", "Needs an offset_ms or a drift_ppm other than 0; this clock is right")
        return self


class Disk(Spell):
    """The disk is slow by `factor`, full, tears the write that a crash interrupts, or lies about fsync."""

    kind: Literal["disk"]
    target: Reference
    mode: Literal["slow", "full", "torn", "lying"]
    factor: Factor = 10
    checksums: bool = True


class Chaos(Spell):
    """The node is struck at random, `rate_per_min` times a minute while it is well, and repaired after `mttr_ms` in
    the mean.
    """

    kind: Literal["chaos"]
    target: Reference
    does: Literal["crash", "stop", "pause", "hang"] = "crash"
    rate_per_min: Annotated[Number, Field(ge=RATE_MIN, le=60_000)] = 6
    mttr_ms: PositiveDelay = 1_000


HostFault = Crash | Restart | Stop | Pause | Hang | Slow | Clock | Disk | Chaos
HOST_FAULTS: Final = (Crash, Restart, Stop, Pause, Hang, Slow, Clock, Disk, Chaos)
HOST_KINDS: Final = ("crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk", "chaos")

HOST_FAULT_HELP: Final[dict[str, tuple[str, str]]] = {
    "crash": ("Crash", "The node stops at once. With an end it restarts then; without one it stays down."),
    "restart": ("Restart", "The node crashes and boots again after a moment; what was not synced may be gone."),
    "stop": ("Stop process", "The process ends, the machine lives: requests are refused at once."),
    "pause": ("Pause", "The process does nothing. Messages wait, and overdue timers fire when it goes on."),
    "hang": ("Hang", "Health probes are answered, requests are not."),
    "slow": ("Slow down", "Work and fsyncs take this many times as long."),
    "clock": ("Wrong clock", "The wall clock is off, or runs fast or slow."),
    "disk": ("Disk", "The disk is slow or full, tears a write at a crash, or says synced when nothing is."),
    "chaos": ("Chaos", "The node is struck at random, again and again, and repaired each time."),
}

FACTOR: Final = Param("factor", "Times slower", "number", 5, "", 1.001, FACTOR_MAX)
HOST_FAULT_PARAMS: Final[dict[str, tuple[Param, ...]]] = {
    "chaos": (
        Param(
            "does",
            "What happens",
            "choice",
            "crash",
            choices=(
                Choice("crash", "Crash"),
                Choice("stop", "Stop"),
                Choice("pause", "Pause"),
                Choice("hang", "Hang"),
            ),
        ),
        Param(
            "rate_per_min", "Strikes a minute", "number", 6, "/min", RATE_MIN, 60_000, help="While the node is well."
        ),
        Param("mttr_ms", "Mean time to repair", "number", 1_000, "ms", 0.001, DELAY_MS_MAX),
    ),
    "stop": (
        Param(
            "drain_ms",
            "Drain for",
            "number",
            0,
            "ms",
            0,
            DELAY_MS_MAX,
            help="Told to end, it is not ready, finishes what it has, and ends after this time. 0: at once.",
        ),
        Param(
            "lead_ms",
            "Takes requests for",
            "number",
            0,
            "ms",
            0,
            DELAY_MS_MAX,
            help="Of that time, until callers have noticed that it is not ready.",
        ),
    ),
    "restart": (Param("down_ms", "Down for", "number", 500, "ms", 0.001, DELAY_MS_MAX),),
    "slow": (replace(FACTOR, help="Work begun before keeps its pace."),),
    "clock": (
        Param("offset_ms", "Off by", "number", 0, "ms", -DELAY_MS_MAX, DELAY_MS_MAX, help="Negative: behind."),
        Param("drift_ppm", "Drift", "number", 0, "ppm", -DRIFT_PPM_MAX, DRIFT_PPM_MAX, help="Negative: runs slow."),
        Param("timers", "Timers drift too", "boolean", True, help="Timers follow the same oscillator."),
    ),
    "disk": (
        Param(
            "mode",
            "What is wrong",
            "choice",
            "slow",
            choices=(
                Choice("slow", "Slow"),
                Choice("full", "Full: writes are refused"),
                Choice("torn", "Tears the write that a crash interrupts"),
                Choice("lying", "Lies: says synced before it is"),
            ),
        ),
        replace(FACTOR, default=10, help="Only for a slow disk."),
        Param("checksums", "Checksums", "boolean", True, help="Only for torn writes: found and dropped, or not found."),
    ),
}


def physical_fault(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault as the engine takes it: every fault that ends has an `until_ms`."""
    plain = {name: value for name, value in fault.items() if value is not None or name == "until_ms"}
    if plain["kind"] != "restart":
        return plain
    if "when" in plain:
        return {**plain, "lasts_ms": plain["down_ms"]}
    return {**plain, "until_ms": plain["at_ms"] + plain["down_ms"]}
