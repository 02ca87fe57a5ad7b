"""The parameters of how a queue delivers messages, and what it does with those that nobody can deal with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulations.engine.declare import Choice, Neighbour, Param
from simulations.engine.distributions import NS_PER_MS, distribution

BY_CONSUMER: Final = "by-consumer"
ON_DELIVERY: Final = "on-delivery"

DELIVERY_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "acknowledged",
        "A message is done with",
        "choice",
        BY_CONSUMER,
        choices=(
            Choice(BY_CONSUMER, "When the consumer says so: at least once"),
            Choice(ON_DELIVERY, "When it leaves: at most once"),
        ),
        section="Delivery",
    ),
    Param(
        "visibility_timeout_ms",
        "Visibility timeout",
        "number",
        5000,
        "ms",
        1,
        3_600_000,
        help="A message without an acknowledgement by then is delivered again.",
        section="Delivery",
        when=("acknowledged", BY_CONSUMER),
    ),
    Param(
        "prefetch",
        "Prefetch",
        "integer",
        1,
        "messages",
        1,
        10_000,
        help="How many a consumer that is sent messages may have at once.",
        section="Delivery",
    ),
    Param(
        "pause_ms",
        "Pause after a rejection",
        "number",
        100,
        "ms",
        0.001,
        3_600_000,
        help="Before a rejected message is delivered again.",
        section="Delivery",
    ),
    Param(
        "attempts_max",
        "Attempts",
        "integer",
        0,
        "",
        0,
        1000,
        help="After so many deliveries without success it is a dead letter. 0: it is tried for ever.",
        section="Dead letters",
    ),
    Param(
        "dead_letter_to",
        "Dead letters go to",
        "text",
        "",
        help="A queue that this one has a link to; it gets nothing else. Empty: they stay here, parked.",
        section="Dead letters",
    ),
)


def delivery_doubts(params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
    """What of DELIVERY_PARAMS contradicts itself, or does not go with the consumers, and the consequence."""
    found: list[tuple[str, str]] = []
    timeout_ms = params["visibility_timeout_ms"]
    by_consumer = params["acknowledged"] == BY_CONSUMER
    for name, other in neighbours.items():
        asked = other.asked and name != params["dead_letter_to"]
        takes = other.params.get("service_time") if asked or "takes_from" in other.params else None
        takes_ms = 0.0 if takes is None else distribution(takes).mean_ns / NS_PER_MS
        if by_consumer and takes_ms > timeout_ms:
            words = f"{name} needs {takes_ms:g} ms for a message, on average: most acknowledgements come too late,"
            found.append(("visibility_timeout_ms", f"{words} and messages are worked on again and again. Wait longer."))
            break
        workers = max(1, int(other.params.get("concurrency", 1)))
        in_hand_ms = takes_ms * max(1, params["prefetch"] / workers)
        if by_consumer and asked and takes_ms and in_hand_ms > timeout_ms:
            words = f"{name} gets {params['prefetch']} messages at once and comes to the last after {in_hand_ms:g} ms:"
            found.append(("prefetch", f"{words} by then others have it, too. Prefetch fewer, or wait longer."))
            break
    other_queue = neighbours.get(params["dead_letter_to"])
    if params["dead_letter_to"] and (other_queue is None or not other_queue.asked):
        words = "Nobody gets them, they are parked here: a link from here must lead there."
        found.append(("dead_letter_to", words))
    elif params["dead_letter_to"] and by_consumer and params["attempts_max"] == 0:
        found.append(("dead_letter_to", "Nothing ever gets there: no number of attempts is too many. Limit them."))
    queues = [name for name, other in neighbours.items() if other.asked and "dead_letter_to" in other.params]
    if queues and params["attempts_max"] > 0 and not params["dead_letter_to"]:
        words = f"{queues[0]} is sent ordinary messages, as any consumer. Name it here if it is for dead letters."
        found.append(("dead_letter_to", words))
    if by_consumer and params["attempts_max"] == 1:
        words = "Nothing is ever delivered again: one lost acknowledgement makes a dead letter. Allow 2 or more."
        found.append(("attempts_max", words))
    if not by_consumer and params["attempts_max"] > 0:
        words = "Never happens: a message is forgotten as it leaves, whatever comes of it."
        found.append(("attempts_max", words))
    return found
