"""What a link may ask for: its parameters, as they are checked and as a run needs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from simulations.document_base import PRICE_MAX
from simulations.document_entries import LatencyEntry, LinkEntry
from simulations.document_params import param_model
from simulations.engine.declare import Choice, Param
from simulations.engine.endpoints import RETRANSMISSIONS_MAX, RTO_MIN_MS, SEND_BUFFER_BYTES, WINDOW_BYTES

QUEUE_BYTES_MAX: Final = 1_000_000_000
_BURSTS: Final = "Bursts of loss"
_DISORDER: Final = "Disorder"
_CAPACITY: Final = "Capacity"
_DEFENCES: Final = "Defences"
_STREAM: Final = "Stream"


def _share(name: str, title: str, default: float, section: str, help: str) -> Param:
    return Param(name, title, "number", default, "probability", 0, 1, help=help, section=section)


def _of_stream(
    name: str, title: str, kind: str, default: Any, unit: str, low: float | None, high: float | None, help: str
) -> Param:
    return Param(name, title, kind, default, unit, low, high, help=help, section=_STREAM, when=("transport", "stream"))


STREAM_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "transport",
        "Transport",
        "choice",
        "datagram",
        choices=(Choice("datagram", "Datagrams"), Choice("stream", "A stream")),
        help="Datagrams may be lost and overtake each other; a stream sends again what is lost, and keeps the order."
        " Through switches: set it on the links at both ends.",
        section=_STREAM,
    ),
    _of_stream(
        "send_buffer_bytes",
        "Send buffer",
        "integer",
        SEND_BUFFER_BYTES,
        "bytes",
        1,
        QUEUE_BYTES_MAX,
        "What may wait to be sent or acknowledged. When it is full, calls wait and remarks are dropped.",
    ),
    _of_stream(
        "window_bytes",
        "Receive buffer",
        "integer",
        WINDOW_BYTES,
        "bytes",
        1,
        QUEUE_BYTES_MAX,
        "What may wait at the receiver, behind a gap or for a paused process.",
    ),
    _of_stream(
        "rto_min_ms",
        "Shortest timeout",
        "number",
        RTO_MIN_MS,
        "ms",
        1,
        60_000,
        "How long to wait for an acknowledgement at least. RFC 6298 asks for 1000; 200 is in wide use.",
    ),
    _of_stream(
        "retransmissions_max",
        "Retransmissions",
        "integer",
        RETRANSMISSIONS_MAX,
        "",
        0,
        60,
        "How often in a row to send again, waiting twice as long each time, before the connection is given up.",
    ),
    _of_stream(
        "drop_expired",
        "Drop what has expired",
        "boolean",
        False,
        "",
        None,
        None,
        "A request whose caller has given up before it could be sent is dropped. Off: it is sent for nobody.",
    ),
)
LINK_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "latency",
        "Latency",
        "distribution",
        1,
        unit="ms",
        help="How long a message takes from one end to the other, each way.",
    ),
    Param(
        "loss", "Loss", "number", 0, unit="probability", low=0, high=1, help="The share of messages that never arrive."
    ),
    _share("burst_start", "Starts", 0, _BURSTS, "How likely a burst starts with a message; 0: there are none."),
    _share(
        "burst_end", "Ends", 1, _BURSTS, "How likely a burst ends with a message: 0.1 makes ten messages on average."
    ),
    _share("burst_loss", "Loss in a burst", 1, _BURSTS, "The share of messages lost while a burst lasts."),
    _share("duplication", "Duplication", 0, _DISORDER, "The share of messages that arrive twice."),
    _share(
        "reordering", "Reordering", 0, _DISORDER, "The share of messages that are held up, so that others overtake."
    ),
    Param(
        "reordering_delay",
        "Held up for",
        "distribution",
        10,
        unit="ms",
        help="How much later those arrive.",
        section=_DISORDER,
    ),
    Param(
        "bandwidth_mbit_per_s",
        "Bandwidth",
        "number",
        0,
        unit="Mbit/s",
        low=0,
        high=1_000_000,
        help="Each way; messages are sent one after the other. 0: no limit.",
        section=_CAPACITY,
    ),
    Param(
        "queue_bytes",
        "Queue",
        "integer",
        65_536,
        unit="bytes",
        low=0,
        high=QUEUE_BYTES_MAX,
        help="What may wait to be sent where bandwidth is limited; more is dropped.",
        section=_CAPACITY,
    ),
    Param(
        "size_max_bytes",
        "Largest message",
        "integer",
        0,
        unit="bytes",
        low=0,
        high=QUEUE_BYTES_MAX,
        help="Longer ones are dropped. 0: no limit.",
        section=_CAPACITY,
    ),
    Param(
        "integrity",
        "Integrity",
        "choice",
        "checksum",
        choices=(
            Choice("none", "None: altered messages are let in"),
            Choice("checksum", "Checksum: finds damage"),
            Choice("signed", "Signature: finds every change"),
        ),
        help="How the receiver finds out that a message was altered; it drops those.",
        section=_DEFENCES,
    ),
    Param(
        "authenticated",
        "Both ends prove who they are",
        "boolean",
        False,
        help="As with mutual TLS: messages in another node's name are dropped.",
        section=_DEFENCES,
    ),
    Param(
        "replay_protection",
        "Messages count once",
        "boolean",
        False,
        help="As with TLS: a message that is sent again by somebody else is dropped.",
        section=_DEFENCES,
    ),
    *STREAM_PARAMS,
    Param(
        "cost_per_gb",
        "Price",
        "number",
        0,
        unit="$/GB",
        low=0,
        high=PRICE_MAX,
        help="Of what is sent, in 10^9 bytes. It changes the bill, not the run.",
        section="Cost",
    ),
)
LINK_MODEL: Final = param_model("link", LINK_PARAMS)
_ALWAYS: Final = frozenset({"latency", "loss"})
_UNFELT: Final = frozenset({"cost_per_gb"})  # by the run
_DEFAULTS: Final = LINK_MODEL.model_validate({}).model_dump(mode="json")


def link_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """A link's parameters as a run needs them: latency and loss always, others where they are not the default."""
    complete = LINK_MODEL.model_validate(params).model_dump(mode="json")
    felt = {name: value for name, value in complete.items() if name not in _UNFELT}
    return {name: value for name, value in felt.items() if name in _ALWAYS or value != _DEFAULTS[name]}


def both_ways(link: LinkEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """The `params` of a link's entry over those that its place gives it, and those of the way back as `b_to_a` where
    they differ.
    """
    forth = link_params({**given, **link.params, **link.a_to_b})
    back = link_params({**given, **link.params, **link.b_to_a})
    return {"params": forth} if forth == back else {"params": forth, "b_to_a": back}


class Latencies:
    """The latencies between zones, for what gives none of its own."""

    def __init__(self, entries: Iterable[LatencyEntry], zone_of: Mapping[str, str | None]) -> None:
        self.zone_of = zone_of
        self.between = {_pair(entry.a, entry.b): entry.latency.model_dump(mode="json") for entry in entries}

    def given(self, a: str, b: str) -> dict[str, Any]:
        """The parameters that the zones of two nodes give a link between them: a latency, or none."""
        found = self.between.get(_pair(self.zone_of[a] or "", self.zone_of[b] or ""))
        return {} if found is None else {"latency": found}

    def in_mesh(self, link: Mapping[str, Any], members: Sequence[str]) -> dict[str, Any]:
        """The `latencies` of a cluster's entry: those between zones of two of its members, in order."""
        if "latency" in link or not self.between:
            return {}
        count = Counter(self.zone_of[member] or "" for member in members)
        found = [
            {"a": a, "b": b, "latency": latency}
            for (a, b), latency in sorted(self.between.items(), key=lambda item: item[0])
            if (count[a] > 1 if a == b else count[a] and count[b])
        ]
        return {"latencies": found} if found else {}


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a <= b else (b, a)
