"""The object store: large objects under keys, which take the time that their bytes take.

An object is found at a cost of its own and then streamed at so many megabytes a second, to so many at once; so it is
throughput that such a store has to give, not answers a second. Every object has a size of its own, spread as sizes of
files are, with many small ones and few large ones; an answer is as large as its object, so that a narrow link shows.
What is acknowledged is on disk (Amazon's S3, Google's Cloud Storage, Ceph; Calder et al.: "Windows Azure Storage",
SOSP 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.disk import GROUP, fsync_param, stretched
from simulations.engine.distributions import Distribution, Exponential
from simulations.engine.headers import Header
from simulations.engine.messages import DONE, Body, Read, Request, Value, Write
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows

KB: Final = 1_000
SPREAD: Final = "spread"
EQUAL: Final = "equal"


@dataclass(frozen=True)
class Blob(Value):
    """An object's content."""

    content_bytes: int = 0

    def size(self) -> int:
        return super().size() + self.content_bytes

    def with_header(self, header: Header) -> Body:
        return Blob(self.value, header, self.content_bytes)


class ObjectStore(Server):
    """Keeps large objects."""

    TYPE: ClassVar[str] = "object-store"
    TITLE: ClassVar[str] = "Object store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Keeps large objects; an answer takes the time of its bytes"
    ICON: ClassVar[str] = "object-store"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("object_kb", "Object has", "number", 1_000, "kB", 0.001, 10_000_000, help="The mean.", section="Objects"),
        Param(
            "sizes",
            "Sizes are",
            "choice",
            SPREAD,
            choices=(Choice(SPREAD, "Spread: many small, few large"), Choice(EQUAL, "All equal")),
            section="Objects",
        ),
        Param(
            "throughput_mb_per_s",
            "Throughput",
            "number",
            100,
            "MB/s",
            0.001,
            1_000_000,
            help="Of each of those served at once.",
            section="Capacity",
        ),
        *capacity(("Streams", 16), ("First byte", 10, "What it takes to find an object."), queue_max=1000),
        fsync_param("From memory to disk.", 2, section="Capacity"),
        *SERVER_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("objects.bytes", "bytes", "Bytes of the objects read and written.", "count"),
        *SERVER_METRICS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (*load_shows("streams"), Show("objects", "Objects"))
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write)

    def start(self) -> None:
        self.open({})
        self.bytes_per_s = self.number("throughput_mb_per_s") * 1_000_000
        mean = int(self.number("object_kb") * KB + 0.5)
        self.sizes: Distribution = Exponential(mean) if self.text("sizes") == SPREAD else Distribution(mean)
        self.fsync_time = self.duration("fsync_time")
        self.objects: dict[str, int] = {}
        for key, value in self.disk.read().items():
            self.objects[key] = int(value)
        self.show_objects = self.gauge("objects")
        self.show_objects.set(len(self.objects))

    def bytes_of(self, key: str) -> int:
        """The size of the object under a key, always the same."""
        return max(1, self.sizes.draw_ns(self.key(f"size of {key}"), 0))

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Stream an object in or out."""
        if isinstance(body, Read):
            if body.key not in self.objects:
                return Value(None)
            size = await self.stream(body.key)
            return Blob(self.objects[body.key], content_bytes=size)
        if isinstance(body, Write):
            await self.stream(body.key)
            self.disk.write(body.key, body.value)
            await self.disk.fsync(self.fsync_time, GROUP)
            self.objects[body.key] = body.value
            self.show_objects.set(len(self.objects))
        return DONE

    async def stream(self, key: str) -> int:
        """Take the time of an object's bytes; returns how many."""
        size = self.bytes_of(key)
        await self.sleep(stretched(int(size / self.bytes_per_s * 1e9 + 0.5), self.host.pace))
        self.publish("objects.bytes", size)
        return size
