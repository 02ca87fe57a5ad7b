"""A manage.py command that wants workers, such as `gallery`: brings its own, or uses those at REDIS_URL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import broker
from children import Child
from house import ROOT, VENV_PYTHON, Trouble, say
from prepare import compile_engine

WORKER = "-A playground worker -Q batch --prefetch-multiplier 1 --without-gossip --without-mingle"
PING_S = 60
END_S = 3.0


def main(arguments: list[str]) -> int:
    with ExitStack() as stack:
        environment = dict(os.environ, PYTHONUNBUFFERED="1")
        if not os.environ.get("REDIS_URL"):
            compile_engine()
            bring(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netsplit-"))), environment, stack)
        manage = [str(VENV_PYTHON), "manage.py"]
        return subprocess.run([*manage, *arguments], cwd=ROOT, env=environment, check=False).returncode


def interrupt(number: int, frame: FrameType | None) -> None:
    """End the workers in any case, also when asked twice."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def bring(folder: Path, environment: dict[str, str], stack: ExitStack) -> None:
    """Start a broker and as many worker processes as there are cores; they end with `stack`."""
    (folder / "logs").mkdir()
    (folder / "run").mkdir(mode=0o700)
    path = broker.socket_path(folder)
    environment |= {"DATA_DIR": str(folder), "REDIS_URL": f"unix://{path}"}
    processes = environment.get("WORKER_PROCESSES") or str(os.cpu_count() or 2)
    celery = [str(VENV_PYTHON), "-m", "celery", *WORKER.split(), "-c", processes]
    for name, command in (("valkey", broker.server_command(path)), ("worker", celery)):
        child = Child(name, command, folder / "logs" / f"{name}.log", environment)
        child.start(ROOT)
        stack.callback(child.end, END_S)
        stack.callback(child.ask_to_end)
    ping = [str(VENV_PYTHON), "-m", "celery", "-A", "playground", "inspect", "ping", "--timeout", "2"]
    for _ in range(PING_S // 2):
        if subprocess.run(ping, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0:
            return
        if child.died():
            raise Trouble(f"the worker ended: {child.last_words()}")
    raise Trouble(f"no worker within {PING_S} s")


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Trouble as trouble:
        say(str(trouble))
        sys.exit(1)
