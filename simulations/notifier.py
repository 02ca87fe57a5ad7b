"""Tells the web processes that there is something new about a run.

The channel layer is asynchronous and its connections belong to one event loop, while workers are synchronous: one
thread with one loop in each process does all the telling. It starts with the first word, so after any fork. What is
told may be lost (the store is the truth and is looked at every second), so failures are logged and forgotten.
"""

import asyncio
import os
import threading

import structlog
from channels.layers import get_channel_layer

log = structlog.get_logger(__name__)


def group_of(run_id: int) -> str:
    return f"run.{run_id}"


class Notifier:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process_id = 0

    def tell(self, run_id: int) -> None:
        asyncio.run_coroutine_threadsafe(self._send(run_id), self._running_loop())

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._process_id != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._process_id = os.getpid()
                threading.Thread(target=self._loop.run_forever, name="notifier", daemon=True).start()
            return self._loop

    async def _send(self, run_id: int) -> None:
        layer = get_channel_layer()
        assert layer is not None
        try:
            await layer.group_send(group_of(run_id), {"type": "run.news"})
        except Exception as error:
            log.warning("notification_lost", run=run_id, error=str(error))


notifier = Notifier()


def announce(run_id: int) -> None:
    notifier.tell(run_id)
