"""The web server: answers for files by itself, and passes what must be worked out to those behind it.

A file is read from disk or memory and sent: it takes a fraction of the time of a page that an application makes. Files
are the keys with the lowest numbers, as many as there are files; the rest, and all that is no read, goes on to what
stands behind, meanwhile holding no worker, since the server waits for many at once by events and not by threads (as
NGINX does, unlike Apache with a process a connection; Kegel: "The C10K Problem", 1999). It can tell a log collector of
each request it has answered; nobody waits for that.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.collecting import LOG_PARAM, Logged
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.doubting import unlinked
from simulations.engine.messages import Body, Increment, Read, Request, Work, Write
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows


class WebServer(Server):
    """Answers for files, and passes on the rest."""

    TYPE: ClassVar[str] = "web-server"
    TITLE: ClassVar[str] = "Web server"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Answers for files by itself, and passes on the rest"
    ICON: ClassVar[str] = "web-server"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "files",
            "Files",
            "integer",
            0,
            "",
            0,
            1_000_000,
            help="Reads of keys k0, k1 … below this number are answered here.",
            section="Files",
        ),
        *capacity(("Workers", 16), ("Time a request", 1, "To read and answer, or to pass on."), queue_max=500),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for what stands behind.",
            section="Calls",
        ),
        *CALL_PARAMS,
        LOG_PARAM,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (*load_shows("workers"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("files.served", "requests", "Requests answered without asking behind, of all.", "share"),
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [*call_doubts(params, neighbours), *unlinked(params, "log_to", neighbours)]

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.files = {f"k{number}" for number in range(self.integer("files"))}
        self.log_to = self.text("log_to") if self.text("log_to") in self.host.channels else ""

    async def serve(self, body: Request, message: Message) -> Body:
        """Answer for a file; for the rest, ask behind once the worker is free again."""
        answer = await super().serve(body, message)
        file = isinstance(body, Read) and body.key in self.files
        self.publish("files.served", 1 if file else 0)
        if self.calls.targets and not file:
            answer = await self.calls.ask(body, message)
        if self.log_to:
            self.send(self.log_to, Logged())
        return answer
