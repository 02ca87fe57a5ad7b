"""The `netsplit.1` subprotocol: a run's chunks to one viewer, from a cursor, within a window of credit.

    viewer   {"from": n, "window": w}      first; then {"ack": n}: chunk n and all before it are processed
    server   {"type": "status", …} text    when something changed; "own": this viewer may stop the run
             chunk bytes                   numbers n, n+1, …, never more than w unacknowledged
             {"type": "end", …} text       once, last

Close codes: 4400 not this protocol's words, 4404 no such viewing, 4406 other subprotocol, 4408 credit misused,
4410 a stored chunk is gone for good, 4500 an error here.
"""

import asyncio
import json
from typing import Any, Final

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import parse_cookie
from django.utils.translation import gettext as _

from playground.guards import header
from playground.middleware import read_owner
from playground.sandbox.watch import LOOK_SECONDS, Watch, watches
from simulations import runs
from simulations.chunks import ChunkMissing
from simulations.models import State, Viewing

log = structlog.get_logger(__name__)

SUBPROTOCOL: Final = "netsplit.1"
FRAME_CHARS_MAX: Final = 200
WINDOW_MAX: Final = 64
NUMBER_MAX: Final = 2**31
HELLO_SECONDS: Final = 20.0

GARBAGE: Final = 4400
UNKNOWN: Final = 4404
OTHER_SUBPROTOCOL: Final = 4406
CREDIT: Final = 4408
CHUNK_GONE: Final = 4410
INTERNAL: Final = 4500


class Refused(Exception):
    """Close the socket with this code; the words go into the close frame (at most 123 bytes)."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def read_frame(text: str | None) -> dict[str, int]:
    """The integers of a client frame. Raises Refused."""
    try:
        if text is None or len(text) > FRAME_CHARS_MAX:
            raise ValueError
        frame = json.loads(text)
        if not isinstance(frame, dict) or set(frame) not in ({"from", "window"}, {"ack"}):
            raise ValueError
        if any(type(value) is not int or not -1 <= value <= NUMBER_MAX for value in frame.values()):
            raise ValueError
    except (ValueError, RecursionError):
        raise Refused(GARBAGE, _('Expected {"from": n, "window": w} or {"ack": n}.')) from None
    return frame


class RunConsumer(AsyncWebsocketConsumer):
    """One viewer. Reading is passive; `_feed` sends what credit and the store allow."""

    # The run's watch hears the announcements; a subscription a viewer would cost one, and a broker to open the socket.
    channel_layer_alias = ""

    async def connect(self) -> None:
        self.feed: asyncio.Task[None] | None = None
        self.watch: Watch | None = None
        self.wake = asyncio.Event()  # there is credit, or something new to see
        self.refused = False
        self.cursor = 0  # the next chunk to send
        self.acked = -1  # the last chunk the viewer has processed
        self.window = 1
        self.patience: asyncio.TimerHandle | None = None
        if SUBPROTOCOL not in self.scope["subprotocols"]:
            await self.accept()
            await self.refuse(Refused(OTHER_SUBPROTOCOL, _("This server speaks netsplit.1.")))
            return
        await self.accept(SUBPROTOCOL)
        viewing = await database_sync_to_async(runs.find_viewing)(self.scope["url_route"]["kwargs"]["viewing"])
        if viewing is None:
            await self.refuse(Refused(UNKNOWN, _("There is no such viewing.")))
            return
        self.viewing: Viewing = viewing
        visitor = read_owner(parse_cookie(header(self.scope, b"cookie") or ""))
        self.own = visitor is not None and viewing.is_of(visitor)
        self.duration_ms = runs.duration_ms(viewing.run)
        self.patience = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.lose_patience)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.refused:
            return
        try:
            frame = read_frame(text_data)
            if "ack" in frame:
                self.take_ack(frame["ack"])
            else:
                self.begin(frame["from"], frame["window"])
        except Refused as refusal:
            await self.refuse(refusal)

    def begin(self, first: int, window: int) -> None:
        if self.feed is not None:
            raise Refused(CREDIT, _("The start was given already."))
        if first < 0 or not 1 <= window <= WINDOW_MAX:
            raise Refused(CREDIT, _("Start from 0 or more with a window of 1 to %(most)d.") % {"most": WINDOW_MAX})
        self.forget_patience()
        self.cursor, self.acked, self.window = first, first - 1, window
        self.watch = watches.join(self.viewing.run_id, self.wake)
        self.feed = asyncio.create_task(self._feed_and_report())

    def take_ack(self, number: int) -> None:
        if self.feed is None or not self.acked <= number < self.cursor:
            raise Refused(CREDIT, _("Only chunks that were sent can be acknowledged."))
        self.acked = number
        self.wake.set()

    async def _feed_and_report(self) -> None:
        try:
            await self._feed()
        except Refused as refusal:
            await self.refuse(refusal)
        except Exception:
            log.exception("feed_failed", viewing=self.viewing.pk)
            await self.refuse(Refused(INTERNAL, _("Something went wrong here.")))

    async def _feed(self) -> None:
        """Until the end: tell what changed, send what may be sent, wait for either to change."""
        watch, told = self.watch, None
        assert watch is not None
        while True:
            await self.wake.wait()
            self.wake.clear()
            look, known = watch.last, len(watch.addresses)
            if look is None:
                continue
            detached = self.viewing.pk in look.detached
            status = self.status_of(look, detached, known)
            if status != told:
                await self.send(json.dumps({"type": "status", **status}))
                told = status
            while self.cursor < known and self.cursor - self.acked <= self.window:
                if not await self.send_chunk(watch.addresses[self.cursor]):
                    break
            if self.cursor >= known and (look.is_over or detached):
                await self.send(json.dumps({"type": "end", **status, "digest": look.digest}))
                await self.leave()
                return

    async def send_chunk(self, address: str) -> bool:
        """The chunk at the cursor; False when it must be computed again first, and then it is tried again."""
        try:
            data = await watches.cache.get(address)
        except ChunkMissing:
            if not await database_sync_to_async(runs.mend)(self.viewing.run_id):
                raise Refused(
                    CHUNK_GONE, _("A part of this run is gone. An older engine made it. Run it again.")
                ) from None
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self.wake.set)
            return False
        self.cursor += 1
        watches.chunks_served += 1
        await self.send(bytes_data=data)
        return True

    async def leave(self) -> None:
        watch, self.watch = self.watch, None
        if watch is not None:
            await watches.leave(watch, self.wake)

    def status_of(self, look: runs.Look, detached: bool, known: int) -> dict[str, Any]:
        return {
            "status": State.STOPPED.value if detached else look.state,
            "position": look.position,
            "simulated_ms": look.simulated_ms,
            "duration_ms": self.duration_ms,
            "chunks": known,
            "reason": _("Stopped.") if detached else look.reason,
            "own": self.own,
        }

    async def refuse(self, refusal: Refused) -> None:
        self.refused = True
        self.forget_patience()
        await self.close(code=refusal.code, reason=refusal.words.encode()[:120].decode(errors="ignore"))

    def lose_patience(self) -> None:
        refusal = Refused(CREDIT, _("No start was given in time."))
        self.farewell = asyncio.create_task(self.refuse(refusal))

    def forget_patience(self) -> None:
        if self.patience is not None:
            self.patience.cancel()

    async def disconnect(self, code: int) -> None:
        self.forget_patience()
        if self.feed is not None:
            self.feed.cancel()
        await self.leave()


class UnknownAddress(AsyncWebsocketConsumer):
    channel_layer_alias = ""

    async def connect(self) -> None:
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)
        await self.close(code=UNKNOWN, reason=_("There is nothing at this address."))
