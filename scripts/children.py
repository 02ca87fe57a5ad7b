"""Child processes that leave nothing behind: each in a session of its own, noted on disk, ended as a group."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

BACKOFF_S_MIN = 0.2
BACKOFF_S_MAX = 10.0
STEADY_S = 30.0
ORPHAN_GRACE_S = 3.0
LOG_BYTES_MAX = 5_000_000


@dataclass
class Child:
    """One supervised program. `grace_s` is how long it may take to end itself before its group is killed."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    grace_s: float = 5.0
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    restart_at: float | None = field(default=None)

    def start(self, cwd: Path) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started_at = time.monotonic()
        self.restart_at = None

    def trim_log(self) -> None:
        """Beyond its limit the log begins anew, with the old one beside it; the program appends, so it may go on."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES_MAX:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    def died(self) -> bool:
        """Whether the program has ended since it was started; what it left of its group is killed."""
        if self.process is None or self.process.poll() is None:
            return False
        kill_group(self.process.pid, signal.SIGKILL)
        return True

    def plan_restart(self) -> float:
        """Seconds until the next try: longer with each quick failure, short again after a steady while."""
        if time.monotonic() - self.started_at > STEADY_S:
            self.failures = 0
        delay: float = min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2**self.failures)
        self.failures += 1
        self.process = None
        self.restart_at = time.monotonic() + delay
        return delay

    def ask_to_end(self) -> None:
        self.restart_at = None
        if self.process is not None and self.process.poll() is None:
            ask_leader(self.process.pid)

    def end(self, deadline: float) -> None:
        """Waits for the program until `deadline` (monotonic), then kills whatever is left of its group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        kill_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def last_words(self) -> str:
        """The last line of its log, which for a Python program is the exception it died of."""
        with contextlib.suppress(OSError):
            lines = self.log.read_bytes()[-4000:].decode(errors="replace").split("\n")
            return next((line.strip()[:160] for line in reversed(lines) if line.strip()), "")
        return ""


def how_it_ended(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def ask_leader(pid: int) -> None:
    """SIGTERM to the leader alone: a Celery pool that is hit directly reports lost tasks."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        # One that was frozen has to wake up to hear it.
        os.kill(pid, signal.SIGCONT)


def kill_group(group: int, number: signal.Signals) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def birth(pid: int) -> str | None:
    """A mark that tells this process from a later one with the same number; None when there is no such process."""
    with contextlib.suppress(OSError, IndexError):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if after_name[0] == "Z" else after_name[19]
    if Path("/proc/self/stat").exists():
        return None
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


class Register:
    """`DATA_DIR/run/processes.json`: which processes belong to this folder, for `make stop` and for the next start."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "run" / "processes.json"

    def read(self) -> dict[str, dict[str, object]]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, pids: dict[str, int], url: str) -> None:
        rows = {name: {"pid": pid, "birth": birth(pid), "url": url} for name, pid in pids.items()}
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(rows, indent=1))
        draft.replace(self.path)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def supervisor(self) -> tuple[int, str] | None:
        """(pid, url) of the running supervisor of this folder."""
        row = self.read().get("supervisor")
        if not row or birth(int(str(row["pid"]))) != row["birth"]:
            return None
        return int(str(row["pid"])), str(row["url"])

    def end_orphans(self) -> list[str]:
        """Ends children whose supervisor is gone; returns their names. Never touches a recycled process number."""
        orphans = {}
        for name, row in self.read().items():
            pid = int(str(row["pid"]))
            if name != "supervisor" and birth(pid) in (None, row["birth"]) and group_exists(pid):
                orphans[name] = pid
        # The broker goes last: the others still talk to it while they end.
        brokers = [pid for name, pid in orphans.items() if name == "valkey"]
        for groups in ([pid for pid in orphans.values() if pid not in brokers], brokers):
            end_groups(groups)
        return list(orphans)


def end_groups(groups: list[int]) -> None:
    for group in groups:
        ask_leader(group)
    deadline = time.monotonic() + ORPHAN_GRACE_S
    for group in groups:
        while birth(group) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        kill_group(group, signal.SIGKILL)


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
