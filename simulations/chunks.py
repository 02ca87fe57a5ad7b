"""Where trace chunks are kept: files named by the SHA-256 of what they hold, compressed. Nobody else knows.

Equal chunks are one file, whichever runs they belong to, so branches of an experiment share their common past.
"""

import hashlib
import os
import threading
import zlib
from pathlib import Path

from django.conf import settings

COMPRESSION_LEVEL = 1


class ChunkMissing(Exception):
    """The file is gone or damaged. A damaged one is removed, so that the next `put` writes it again."""


def folder() -> Path:
    return Path(settings.DATA_DIR) / "chunks"


def path_of(address: str) -> Path:
    return folder() / address[:2] / address[2:]


def address_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(data: bytes) -> str:
    """Keep `data`; its address (64 hex digits).

    The file appears whole, by a rename. It is not synced: after a power cut it may be damaged, which `get` notices
    and a new computation mends, since every chunk can be computed again.
    """
    address = address_of(data)
    path = path_of(address)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_bytes(zlib.compress(data, COMPRESSION_LEVEL))
        draft.replace(path)
    return address


def get(address: str) -> bytes:
    """The chunk at `address`. Raises ChunkMissing."""
    path = path_of(address)
    try:
        data = zlib.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ChunkMissing(address) from None
    except zlib.error:
        data = b""
    if address_of(data) != address:
        path.unlink(missing_ok=True)
        raise ChunkMissing(address)
    return data
