"""The parameters of a client's workload: its load and its operations."""

from __future__ import annotations

from typing import Any, Final

from simulations.engine.arrivals import RECORDED_MAX
from simulations.engine.declare import Choice, Param
from simulations.engine.edits import MAPS, SETS
from simulations.engine.workload import INCREMENT, KEYS_MAX

HOUR_MS: Final = 3_600_000
CLASSES_MAX: Final = 20
_AT_A_RATE: Final = ("pattern", "poisson", "deterministic", "bursty", "diurnal", "ramp", "spike")
_READ: Final = ("requests", "read-write", "mix")
_KEYED: Final = (*_READ, INCREMENT, SETS, MAPS)


def _load(
    name: str,
    title: str,
    default: Any,  # as float, the compiled build would make a user count of 10 into 10.0
    unit: str,
    bounds: tuple[Any, Any],
    help: str,
    when: tuple[str, ...],
    kind: str = "number",
) -> Param:
    return Param(name, title, kind, default, unit, *bounds, help=help, section="Load", when=when)


LOAD: Final[tuple[Param, ...]] = (
    Param(
        "arrivals",
        "Arrivals",
        "choice",
        "open",
        choices=(Choice("open", "Open: at a rate"), Choice("closed", "Closed: users who wait")),
        help="An open client goes on asking when answers are late; a closed one waits for each.",
        section="Load",
    ),
    Param(
        "pattern",
        "Pattern",
        "choice",
        "poisson",
        choices=(
            Choice("poisson", "Poisson: at random"),
            Choice("deterministic", "Deterministic: evenly spaced"),
            Choice("bursty", "Bursts and pauses"),
            Choice("diurnal", "Day and night: a sine wave"),
            Choice("ramp", "Ramp"),
            Choice("spike", "Spike"),
            Choice("recorded", "Recorded times"),
        ),
        help="How arrivals are spread over time.",
        section="Load",
        when=("arrivals", "open"),
    ),
    _load(
        "rate_per_s",
        "Rate",
        20,
        "/s",
        (0.001, 100_000),
        "The mean; of bursts while they last, of a ramp at its start, of a spike before and after it.",
        _AT_A_RATE,
    ),
    Param(
        "burst_on",
        "Burst lasts",
        "distribution",
        {"kind": "exponential", "mean_ms": 1000},
        "ms",
        0,
        HOUR_MS,
        help="1 ms at least.",
        section="Load",
        when=("pattern", "bursty"),
    ),
    Param(
        "burst_off",
        "Pause lasts",
        "distribution",
        {"kind": "exponential", "mean_ms": 4000},
        "ms",
        0,
        HOUR_MS,
        help="1 ms at least.",
        section="Load",
        when=("pattern", "bursty"),
    ),
    _load(
        "period_ms", "Period", 10_000, "ms", (1, 24 * HOUR_MS), "A day of the simulated public.", ("pattern", "diurnal")
    ),
    _load(
        "swing",
        "Swing",
        0.8,
        "",
        (0, 1),
        "By which share of the mean the rate rises and falls.",
        ("pattern", "diurnal"),
    ),
    _load("ramp_to_per_s", "Rate after the ramp", 200, "/s", (0, 100_000), "It stays so.", ("pattern", "ramp")),
    _load("ramp_ms", "Ramp lasts", 10_000, "ms", (1, 24 * HOUR_MS), "From the start.", ("pattern", "ramp")),
    _load("spike_at_ms", "Spike begins", 5000, "ms", (0, 24 * HOUR_MS), "From the start.", ("pattern", "spike")),
    _load(
        "spike_ms", "Spike lasts", 2000, "ms", (1, 24 * HOUR_MS), "Then the rate is as before.", ("pattern", "spike")
    ),
    _load(
        "spike_factor", "Spike height", 10, "×", (0, 1000), "The rate meanwhile, as a multiple.", ("pattern", "spike")
    ),
    Param(
        "times",
        "Times",
        "times",
        [],
        "ms",
        None,
        RECORDED_MAX,
        help="When requests come, from the start; with commas between.",
        section="Load",
        when=("pattern", "recorded"),
    ),
    _load("users", "Users", 10, "", (1, 10_000), "How many ask at the same time.", ("arrivals", "closed"), "integer"),
    Param(
        "think_time",
        "Think time",
        "distribution",
        {"kind": "exponential", "mean_ms": 500},
        "ms",
        0,
        HOUR_MS,
        help="From an answer to the same user's next request.",
        section="Load",
        when=("arrivals", "closed"),
    ),
)

OPERATIONS: Final[tuple[Param, ...]] = (
    Param(
        "requests",
        "Requests",
        "choice",
        "work",
        choices=(
            Choice("work", "Work: costs time only"),
            Choice("read-write", "Reads and writes of keys"),
            Choice("mix", "Work, reads and writes"),
            Choice(INCREMENT, "Increments of numbers, and decrements"),
            Choice(SETS, "Additions to sets, and removals"),
            Choice(MAPS, "Setting fields of maps, and removals"),
        ),
        help="Reads and writes are checked for consistency.",
        section="Operations",
    ),
    Param(
        "work_ratio",
        "Share of work",
        "number",
        0.5,
        "",
        0,
        1,
        help="The rest are reads and writes.",
        section="Operations",
        when=("requests", "mix"),
    ),
    Param(
        "read_ratio",
        "Share of reads",
        "number",
        0.5,
        "",
        0,
        1,
        help="Of reads and writes; the rest are writes.",
        section="Operations",
        when=_READ,
    ),
    Param(
        "decrement_ratio",
        "Share of decrements",
        "number",
        0,
        "",
        0,
        1,
        help="They take 1 away; the rest are increments, which add 1.",
        section="Operations",
        when=("requests", INCREMENT),
    ),
    Param(
        "timeout_ms",
        "Timeout",
        "number",
        1000,
        "ms",
        0.001,
        HOUR_MS,
        help="After this an attempt counts as failed; a write as unknown.",
        section="Operations",
    ),
    Param(
        "classes",
        "Classes",
        "classes",
        [],
        "",
        None,
        CLASSES_MAX,
        help="Name, share and priority of each, with commas between: gold 20 1, silver 80 0. Empty: no classes.",
        section="Operations",
    ),
    Param(
        "idempotency_keys",
        "Idempotency keys",
        "boolean",
        False,
        help="Each operation carries a key, the same in all its attempts, by which it can be known again.",
        section="Operations",
    ),
    Param("keys", "Keys", "integer", 5, "", 1, KEYS_MAX, help="How many there are.", section="Keys", when=_KEYED),
    Param(
        "key_pattern",
        "Choice of keys",
        "choice",
        "uniform",
        choices=(
            Choice("uniform", "Evenly"),
            Choice("zipf", "Zipf: few are popular"),
            Choice("sequential", "One after another"),
            Choice("hot", "Hot spot"),
        ),
        section="Keys",
        when=_KEYED,
    ),
    Param(
        "zipf_exponent",
        "Zipf exponent",
        "number",
        0.99,
        "",
        0,
        5,
        help="The n-th key is asked for 1 ÷ n^exponent as often as the first.",
        section="Keys",
        when=("key_pattern", "zipf"),
    ),
    Param(
        "hot_keys",
        "Hot keys",
        "number",
        0.2,
        "",
        0,
        1,
        help="Their share of the keys; one at least.",
        section="Keys",
        when=("key_pattern", "hot"),
    ),
    Param(
        "hot_traffic",
        "Hot traffic",
        "number",
        0.8,
        "",
        0,
        1,
        help="The share of operations that go to hot keys.",
        section="Keys",
        when=("key_pattern", "hot"),
    ),
    Param(
        "own_keys",
        "Keys of its own",
        "boolean",
        False,
        help="Each client, and each user of a closed one, reads and writes keys that nobody else does.",
        section="Keys",
        when=_KEYED,
    ),
)
