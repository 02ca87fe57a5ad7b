"""One process's view of a run, shared by all its viewers here.

A watch looks at the store whenever a worker has announced something, and each second in any case, so an announcement
may be lost and nobody hangs. However many people watch a run, the store is asked once and a chunk is read once.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

import structlog
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from simulations import chunks, runs
from simulations.notifier import group_of

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0


class ChunkCache:
    """Recently read chunks, up to a number of bytes; one that several viewers ask for at once is read once."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._reading: dict[str, asyncio.Task[bytes]] = {}
        self._size_bytes = 0

    async def get(self, address: str) -> bytes:
        """Raises ChunkMissing."""
        if address in self._held:
            self._held.move_to_end(address)
            return self._held[address]
        reading = self._reading.get(address)
        if reading is None:
            reading = self._reading[address] = asyncio.create_task(self._read(address))
        return await asyncio.shield(reading)

    async def _read(self, address: str) -> bytes:
        try:
            data = await sync_to_async(chunks.get, thread_sensitive=False)(address)
        finally:
            del self._reading[address]
        self._held[address] = data
        self._size_bytes += len(data)
        while self._size_bytes > settings.CHUNK_CACHE_BYTES_MAX and len(self._held) > 1:
            _address, oldest = self._held.popitem(last=False)
            self._size_bytes -= len(oldest)
        return data


class Watch:
    """What is known here of one run. Each viewer reads `last` and `addresses` whenever its event is set."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.viewers: set[asyncio.Event] = set()
        self.addresses: list[str] = []
        self.last: runs.Look | None = None
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        """Turns announcements into looks. Without a broker the second's look remains."""
        layer = get_channel_layer()
        assert layer is not None
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(group_of(self.run_id), channel)
                self._news.set()
                try:
                    while True:
                        await layer.receive(channel)
                        self._news.set()
                finally:
                    await layer.group_discard(group_of(self.run_id), channel)
            except Exception as error:
                log.warning("announcements_lost", run=self.run_id, error=str(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._look()
            except Exception:
                log.exception("look_failed", run=self.run_id)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)

    async def _look(self) -> None:
        found = await database_sync_to_async(runs.look)(self.run_id, len(self.addresses))
        self.addresses += found.addresses
        state = replace(found, addresses=[])
        if state == self.last and not found.addresses:
            return
        self.last = state
        for viewer in self.viewers:
            viewer.set()


class Watches:
    """The watches of this process: one a run, as long as somebody views it."""

    def __init__(self) -> None:
        self.cache = ChunkCache()
        self.chunks_served = 0
        self._watches: dict[int, Watch] = {}
        self._warm: asyncio.Task[None] | None = None

    @property
    def viewer_count(self) -> int:
        return sum(len(watch.viewers) for watch in self._watches.values())

    def join(self, run_id: int, viewer: asyncio.Event) -> Watch:
        """The watch of a run; sets `viewer` when there is something to see."""
        if self._warm is None:
            self._warm = asyncio.create_task(stay_subscribed())
        watch = self._watches.get(run_id)
        if watch is None:
            watch = self._watches[run_id] = Watch(run_id)
            watch.start()
        watch.viewers.add(viewer)
        if watch.last is not None:
            viewer.set()
        return watch

    async def leave(self, watch: Watch, viewer: asyncio.Event) -> None:
        watch.viewers.discard(viewer)
        if not watch.viewers and self._watches.get(watch.run_id) is watch:
            del self._watches[watch.run_id]
            await watch.close()


async def stay_subscribed() -> None:
    """One subscription that is never dropped: without any, the layer sleeps 0.1 s before it hears of a new one."""
    layer = get_channel_layer()
    assert layer is not None
    while True:
        try:
            await layer.receive(await layer.new_channel("idle."))
        except Exception as error:
            log.warning("subscription_lost", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)


watches = Watches()
