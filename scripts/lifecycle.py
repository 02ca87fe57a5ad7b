"""`make stop`, `make reset`, `make admin`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from children import Register, birth
from house import ROOT, VENV_PYTHON, Trouble, data_dir, say, writable_data_dir
from prepare import prepare_database

STOP_S_MAX = 20.0
# What the playground makes in its data folder; `make reset` removes nothing else, wherever DATA_DIR points.
OURS = (
    "netsplit.sqlite3*",
    "test.sqlite3*",
    "secret_key",
    ".secret_key.*",
    "logs",
    "chunks",
    "run",
    "test",
    "test-results",
    "static",
    "screenshots",
    ".probe-*",
)


def stop() -> None:
    """Ends the supervisor of this data folder and everything it started."""
    register = Register(data_dir())
    running = register.supervisor()
    if running is None:
        orphans = register.end_orphans()
        register.clear()
        say(f"ended what an earlier run left behind: {', '.join(orphans)}" if orphans else "nothing is running")
        return
    pid = running[0]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_S_MAX
    while birth(pid) is not None and time.monotonic() < end:
        time.sleep(0.05)
    if birth(pid) is not None:
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        register.end_orphans()
        register.clear()
    say(f"stopped {running[1]}")


def reset() -> None:
    """Removes database, key, runs and logs, after asking where somebody can answer."""
    folder = data_dir()
    found = sorted({path for pattern in OURS for path in folder.glob(pattern)})
    if not found:
        say(f"nothing to remove in {folder}")
        return
    if sys.stdin.isatty() and os.environ.get("YES") != "1":
        print(f"This removes every scenario, run, account and log in {folder}. Type yes to go on: ", end="", flush=True)
        if sys.stdin.readline().strip().lower() != "yes":
            say("nothing was removed")
            return
    stop()
    for path in found:
        remove(path)
    say(f"removed {len(found)} entries from {folder}; the next `make run` starts afresh")


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def admin() -> None:
    """Creates an administrator; the password is asked for, or taken from DJANGO_SUPERUSER_PASSWORD, never made up."""
    folder = writable_data_dir()
    environment = dict(os.environ, DATA_DIR=str(folder))
    prepare_database(folder, environment)
    command = [str(VENV_PYTHON), "manage.py", "createsuperuser"]
    if environment.get("DJANGO_SUPERUSER_PASSWORD") and environment.get("DJANGO_SUPERUSER_USERNAME"):
        environment.setdefault("DJANGO_SUPERUSER_EMAIL", "")
        command.append("--noinput")
    elif not sys.stdin.isatty():
        raise Trouble(
            "no terminal to ask for a password on. Set DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD"
        )
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise Trouble("no account was created")
