"""Marshalling: turning what is to be said into bytes, and bytes into what was said.

A remote call has six steps: the caller marshals the request, it is sent, the callee unmarshals and executes it,
marshals the reply, that is sent, and the caller unmarshals it (Birrell and Nelson: "Implementing Remote Procedure
Calls", ACM TOCS 2(1), 1984). Whoever marshals works for it, on its own machine: so long for each message, and so long
for each KiB of payload. Compression makes payloads smaller on the wire, and costs work at both ends.

Formats have versions. Who gets a message in a version newer than it knows refuses it, unless it is a tolerant reader,
who ignores what is new; answers are written in the version of the question.
"""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Choice, Metric, Param
from simulations.engine.distributions import Distribution, to_ns
from simulations.engine.headers import Header
from simulations.engine.messages import Body, Refusal
from simulations.engine.node import Node

KIB: Final = 1024
PAYLOAD_BYTES_MAX: Final = 1_000_000_000
REFUSE: Final = "refuse"
IGNORE: Final = "ignore"

REQUEST_BYTES_PARAM: Final = Param(
    "request_bytes",
    "Payload of a request",
    "integer",
    0,
    "bytes",
    0,
    PAYLOAD_BYTES_MAX,
    help="What a call carries beside its header of 128 bytes. 0: what came with the request that is passed on.",
    section="Messages",
)
REPLY_BYTES_PARAM: Final = Param(
    "reply_bytes",
    "Payload of an answer",
    "integer",
    0,
    "bytes",
    0,
    PAYLOAD_BYTES_MAX,
    help="What an answer carries beside its header of 128 bytes. 0: what came with the answer that is passed on.",
    section="Messages",
)
NEWER_FORMATS_PARAM: Final = Param(
    "newer_formats",
    "Newer versions",
    "choice",
    REFUSE,
    choices=(Choice(REFUSE, "Are refused"), Choice(IGNORE, "Are read; what is new is ignored")),
    help="What becomes of a request in a later version of the format than its own.",
    section="Messages",
)


def _time(name: str, title: str, help: str) -> Param:
    return Param(name, title, "number", 0, "ms", 0, 60_000, help=help, section="Messages")


MARSHAL_PARAMS: Final[tuple[Param, ...]] = (
    _time("marshal_ms", "To marshal a message", "The same to unmarshal one. It is work, of the machine that does it."),
    _time("marshal_ms_per_kib", "and each KiB", "Of the payload, as it is before compression."),
    Param(
        "compression_ratio",
        "Compression",
        "number",
        1,
        "×",
        1,
        1000,
        help="Payloads are sent so many times smaller. 1: as they are.",
        section="Messages",
    ),
    _time("compress_ms_per_kib", "To compress a KiB", "The same to unpack one, at who gets it."),
    Param(
        "format_version",
        "Version of the format",
        "integer",
        1,
        "",
        1,
        1000,
        help="It writes requests in this version, and understands those up to it.",
        section="Messages",
    ),
)
MARSHAL_METRICS: Final[tuple[Metric, ...]] = (
    Metric("marshal_ms", "ms", "How long marshalling took it, message by message.", "duration"),
    Metric("unmarshal_ms", "ms", "How long unmarshalling took it, message by message.", "duration"),
)
FORMAT_METRICS: Final[tuple[Metric, ...]] = (
    Metric("formats.refused", "requests", "Requests in a version that it does not understand.", "count"),
)
NOT_UNDERSTOOD: Final = Refusal("version not understood", False)


class Codec:
    """How a process marshals, by its parameters; those of MARSHAL_PARAMS that its type does not have are as if 0."""

    def __init__(self, node: Node, payload_bytes: int) -> None:
        params = node.params
        self.node = node
        self.payload_bytes = payload_bytes
        self.message_ns = to_ns(float(params.get("marshal_ms", 0)))
        self.kib_ns = to_ns(float(params.get("marshal_ms_per_kib", 0)))
        self.ratio = float(params.get("compression_ratio", 1))
        self.compress_kib_ns = to_ns(float(params.get("compress_ms_per_kib", 0)))
        self.version = int(params.get("format_version", 1))
        self.idle = not (payload_bytes or self.message_ns or self.kib_ns or self.compress_kib_ns)
        self.idle = self.idle and self.ratio == 1.0 and self.version == 1  # messages pass as they are, at no cost

    async def marshal(self, body: Body) -> Body:
        """Work to make a request what is sent."""
        head = body.header()
        return await self._marshalled(body, head.items, self.version, head.items)

    async def marshal_reply(self, answer: Body, asked: Header) -> Body:
        """Work to make an answer what is sent, in the version of the question."""
        return await self._marshalled(answer, asked.items, min(asked.version, self.version), 1)

    async def _marshalled(self, body: Body, parts: int, version: int, items: int) -> Body:
        head = body.header()
        payload = self.payload_bytes * parts or head.payload_bytes
        wire = int(payload / self.ratio + 0.5)
        await self._work(payload, wire, "marshal_ms")
        return body.with_header(Header(head.path, payload, wire, version, items, head.seen))

    async def unmarshal(self, body: Body) -> None:
        """Work to read what has come."""
        head = body.header()
        await self._work(head.payload_bytes, head.wire_bytes, "unmarshal_ms")

    async def _work(self, payload_bytes: int, wire_bytes: int, metric: str) -> None:
        takes_ns = self.message_ns + self.kib_ns * payload_bytes // KIB
        if wire_bytes < payload_bytes:
            takes_ns += self.compress_kib_ns * payload_bytes // KIB
        if takes_ns > 0:
            node = self.node
            before_ns = node.kernel.now
            await node.work(Distribution(takes_ns), "marshalling")
            node.publish(metric, node.kernel.now - before_ns)


def codec(node: Node, payload_param: str) -> Codec | None:
    """How a node marshals messages whose payload that parameter tells; None where they cost nothing and stay as they
    are.
    """
    found = Codec(node, int(node.params.get(payload_param, 0)))
    return None if found.idle else found
