"""The real processes behind a test: `make run`'s supervisor with a data folder and a port of its own."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
START_S_MAX = 60.0
PREPARED = ("netsplit.sqlite3", "run/prepared")


class Stack:
    """Valkey, worker and web server under one supervisor; `base_url` is where they answer.

    With `prepared`, a data folder whose database is ready, they need not make their own.
    """

    # Set on the tester's machine they would point the processes at somebody's real data.
    NOT_INHERITED = (
        "REDIS_URL",
        "DATABASE_URL",
        "ALLOWED_HOSTS",
        "SECRET_KEY",
        "DEBUG",
        "STATIC_HASHED",
        "HOST",
        "HTTPS",
    )

    def __init__(self, data_dir: Path, prepared: Path | None = None, **environment: str) -> None:
        self.data_dir = data_dir
        if prepared is not None:
            for name in PREPARED:
                (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(prepared / name, data_dir / name)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name not in self.NOT_INHERITED}
        self.environment = {
            **inherited,
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "WATCH": "0",
            "BATCH_RUNS_AT_ONCE": "0",  # the gallery's runs wait until a test opens them
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.output = data_dir.with_name(f"{data_dir.name}.out")

    def start(self, *, ready: bool = True) -> None:
        """Starts the supervisor and, unless told otherwise, waits for 200 from /readyz."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "scripts" / "supervise.py")],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if ready:
            self.wait_until(self.is_ready, "the processes to be ready", START_S_MAX)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends the supervisor and returns its exit status."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.process.wait(20)

    def clean_up(self) -> None:
        """Ends whatever a test has left running, however it went."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        for name, pid in self.pids().items():
            if name != "supervisor":
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def redis_url(self) -> str:
        """The broker between web server and worker."""
        return f"unix://{self.data_dir / 'run' / 'valkey.sock'}"

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the supervisor ended:\n{self.said()}"
        # Left-over processes of an earlier start may still answer on this port.
        return self.pids().get("supervisor") == self.process.pid and self.status("/readyz") == 200

    def status(self, path: str) -> int:
        """HTTP status of one GET, 0 when nobody answers."""
        parts = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    # --- the worker ---------------------------------------------------------------------------------------------

    def kill_worker(self) -> None:
        """SIGKILL to the worker and its pool; the supervisor starts a new one."""
        os.killpg(self.pids()["worker"], signal.SIGKILL)

    def stop_worker(self) -> None:
        """Freezes the worker, so that no run is computed until `start_worker`."""
        os.killpg(self.pids()["worker"], signal.SIGSTOP)

    def start_worker(self) -> None:
        os.killpg(self.pids()["worker"], signal.SIGCONT)

    # --- what can be seen from outside --------------------------------------------------------------------------

    def pids(self) -> dict[str, int]:
        """Process numbers by name: supervisor, valkey, worker, web."""
        try:
            rows = json.loads((self.data_dir / "run" / "processes.json").read_text())
        except FileNotFoundError:
            return {}
        return {name: row["pid"] for name, row in rows.items()}

    def said(self) -> str:
        """Everything that the supervisor has printed."""
        return self.output.read_text() if self.output.exists() else ""

    def log(self, name: str) -> str:
        path = self.data_dir / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited {seconds:g} s for {what}.\n{self.said()}\n{self.last_logs()}"
            time.sleep(0.05)

    def last_logs(self) -> str:
        return "\n".join(f"--- {name}\n{self.log(name)[-2000:]}" for name in ("web", "worker"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def group_lives(group: int) -> bool:
    """Whether any process of this group is still running (a zombie is not)."""
    listed = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return any(row[0] == str(group) and not row[1].startswith("Z") for row in rows)
