"""What every script here shares: places, messages, and the one way to give up. Standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
STATIC = ROOT / "static"


class Trouble(Exception):
    """Something the person at the keyboard can mend: one line that says what and how."""


def say(text: str) -> None:
    """Prints one line at once, also into a pipe."""
    print(f"netsplit: {text}", flush=True)


def data_dir() -> Path:
    """The folder of everything that is made while running; DATA_DIR, or `var/` in the repository."""
    return Path(os.environ.get("DATA_DIR") or ROOT / "var").expanduser().absolute()


def writable_data_dir() -> Path:
    """Makes `data_dir()` with its log folder and proves that it can be written to."""
    folder = data_dir()
    probe = folder / f".probe-{os.getpid()}"
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Trouble(
            f"cannot write to {folder} ({error.strerror}). Make it writable or choose another: make run DATA_DIR=/path"
        ) from error
    return folder


def fingerprint(paths: Iterable[Path], *more: str) -> str:
    """SHA-256 over the names and contents of files, with folders taken whole, and over `more`."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.exists() and "__pycache__" not in file.parts:
                content = file.read_bytes()
                digest.update(f"{file.relative_to(path)}\0{len(content)}\0".encode() + content)
    digest.update("\0".join(more).encode())
    return digest.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    """Whether the work that `stamp` stands for was finished for exactly this `value`."""
    try:
        return stamp.read_text() == value
    except OSError:
        return False


def put_stamp(stamp: Path, value: str) -> None:
    """Records finished work, whole or not at all."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    draft.write_text(value)
    draft.replace(stamp)


@contextmanager
def one_at_a_time(busy: str) -> Iterator[None]:
    """Two commands started together must not install or build into the same folders."""
    try:
        lock = (ROOT / ".setup.lock").open("w")
    except OSError as error:
        raise Trouble(f"cannot write to {ROOT} ({error.strerror}). Copy the folder to a place of yours") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{busy}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def on_terminal() -> bool:
    return sys.stdout.isatty()
