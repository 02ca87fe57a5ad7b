"""The parameters of what a process does about its calls, beside timeouts, retries and circuit breakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from simulations.engine.breakers import BREAKER_METRICS, BREAKER_PARAMS, BREAKER_SHOW
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.doubting import unlinked
from simulations.engine.marshalling import MARSHAL_METRICS, MARSHAL_PARAMS, REQUEST_BYTES_PARAM
from simulations.engine.name_lists import is_one_of, names_in, near
from simulations.engine.naming import DISCOVERY_METRICS, DISCOVERY_PARAMS, discovery_doubts
from simulations.engine.retry_params import RETRIES
from simulations.engine.timeouts import TIMEOUT_METRICS, TIMEOUT_PARAMS

IN_TURN: Final = "in-turn"
FAILOVER: Final = "failover"
NO_FALLBACK: Final = "none"
DEFAULT: Final = "default"
CACHED: Final = "cached"
OTHER: Final = "other"
APART: Final = ("cache", "resolver", "log_to", "rank_by", "reply_queue")  # who is named there is no target

ORDER_PARAM: Final = Param(
    "call_order",
    "Whom to ask",
    "choice",
    IN_TURN,
    choices=(Choice(IN_TURN, "Each target in turn"), Choice(FAILOVER, "The first; others when it fails")),
    help="A further attempt goes to the next target. With circuit breakers, those that are open are left out.",
    section="Calls",
)

HEDGE_PARAM: Final = Param(
    "hedge_after_ms",
    "Hedge after",
    "number",
    0,
    "ms",
    0,
    3_600_000,
    help="Without an answer by then, the next target is asked too, and the first answer counts. 0: never.",
    section="Calls",
)

CANCEL_PARAM: Final = Param(
    "propagate_cancellation",
    "Cancel what times out",
    "boolean",
    False,
    help="Tell the other side, so that it stops working. Off: it works on for nobody.",
    section="Calls",
)

BULKHEAD_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "bulkhead_calls",
        "Calls at once",
        "integer",
        0,
        "",
        0,
        100_000,
        help="To one target; so a slow one cannot take all that there is. 0: any number.",
        section="Bulkhead",
    ),
    Param(
        "bulkhead_queue",
        "Calls that wait",
        "integer",
        0,
        "",
        0,
        1_000_000,
        help="One more is refused at once.",
        section="Bulkhead",
    ),
)

FALLBACK_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "fallback",
        "Fallback",
        "choice",
        NO_FALLBACK,
        choices=(
            Choice(NO_FALLBACK, "None: the failure is passed on"),
            Choice(DEFAULT, "A default answer"),
            Choice(CACHED, "The last answer to the same question"),
            Choice(OTHER, "Ask another node"),
        ),
        help="What is answered when a call and its retries have failed. Writes have no default and no cached answer.",
        section="Fallback",
    ),
    Param(
        "fallback_to",
        "Other node",
        "text",
        "",
        help="A node that this one has a link to; it is asked in no other case.",
        section="Fallback",
        when=("fallback", OTHER),
    ),
    Param(
        "fallback_for",
        "Only for",
        "text",
        "",
        help="The nodes whose failure is made up for, with commas or blanks between. Empty: all.",
        section="Fallback",
        when=("fallback", DEFAULT, CACHED, OTHER),
    ),
)

CALL_PARAMS: Final[tuple[Param, ...]] = (
    ORDER_PARAM,
    CANCEL_PARAM,
    *TIMEOUT_PARAMS,
    HEDGE_PARAM,
    *RETRIES,
    *BREAKER_PARAMS,
    *BULKHEAD_PARAMS,
    *FALLBACK_PARAMS,
    REQUEST_BYTES_PARAM,
    *MARSHAL_PARAMS,
    *DISCOVERY_PARAMS,
)
CHOOSER_PARAMS: Final = tuple([param for param in CALL_PARAMS if param is not ORDER_PARAM])  # choosing is its own
LONE_PARAMS: Final = tuple([param for param in CHOOSER_PARAMS if param is not HEDGE_PARAM])  # nobody is like another
CALL_METRICS: Final[tuple[Metric, ...]] = (
    Metric("calls.retried", "calls", "Further attempts of its calls.", "count"),
    Metric("calls.hedged", "calls", "Calls for which a second target was asked too.", "count"),
    Metric("calls.fallbacks", "calls", "Failed calls that were answered by the fallback.", "count"),
    Metric("bulkhead.refused", "calls", "Calls that a bulkhead had no room for.", "count"),
    *BREAKER_METRICS,
    *MARSHAL_METRICS,
    *DISCOVERY_METRICS,
    *TIMEOUT_METRICS,
)
CALL_SHOWS: Final[tuple[Show, ...]] = (BREAKER_SHOW,)


def call_doubts(params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """What of CALL_PARAMS contradicts itself, and the consequence."""
    found = discovery_doubts(params)
    retrying = params["retry"] != "none"
    if retrying and params["retry_budget"] and params["budget_per_operation"] == 0:
        words = f"Nothing fills the budget: after {params['budget_tokens']:,} retries there are none. Put in 0.1."
        found.append(("budget_per_operation", words))
    if params["retry"] == "exponential" and params["backoff_ms"] > params["backoff_max_ms"]:
        words = f"Never grows: each pause is {params['backoff_ms']:g} ms, the first one. Allow longer ones."
        found.append(("backoff_max_ms", words))
    if params.get("hedge_after_ms", 0) >= params["timeout_ms"]:
        words = f"Never happens: the call times out first, after {params['timeout_ms']:g} ms. Hedge earlier."
        found.append(("hedge_after_ms", words))
    if params["bulkhead_queue"] > 0 and params["bulkhead_calls"] == 0:
        found.append(("bulkhead_queue", "Nobody waits while any number of calls may be made at once. Limit them."))
    return found + fallback_doubts(params, neighbours)


def fallback_doubts(params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """What of FALLBACK_PARAMS names nobody that is near."""
    found: list[tuple[str, str]] = []
    if params["fallback"] == OTHER:
        found += unlinked(params, "fallback_to", neighbours, needed=True)
    optional = names_in(params["fallback_for"]) if params["fallback"] != NO_FALLBACK else []
    far = [name for name in optional if not any(is_one_of(neighbour, name) for neighbour in neighbours)]
    if far:
        words = f"No failure of {far[0]} is met: there must be a link to it. Nodes with one: {near(neighbours)}."
        found.append(("fallback_for", words))
    return found


def lone_target_doubts(params: Mapping[str, Any], linked: Sequence[str]) -> list[tuple[str, str]]:
    """What of a caller's parameters needs more than one target; `linked` are those that it has links to."""
    apart = [params.get(name, "") for name in APART]
    if params.get("fallback") == OTHER:
        apart.append(params["fallback_to"])
    targets = [target for target in linked if target not in apart]
    if len(targets) != 1:
        return []
    found: list[tuple[str, str]] = []
    only = f"{targets[0]} is the only target. Link another."
    if 0 < params.get("hedge_after_ms", 0) < params["timeout_ms"]:
        found.append(("hedge_after_ms", f"Never happens: {only}"))
    if params.get("call_order", IN_TURN) == FAILOVER:
        found.append(("call_order", f"Nobody to fail over to: {only}"))
    if params.get("outlier", "none") != "none":
        found.append(("outlier", f"Never happens, as one always stays: {only}"))
    return found
