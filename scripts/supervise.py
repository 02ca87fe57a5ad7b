"""`make run`: starts the embedded Redis-compatible server, a Celery worker and Daphne, and looks after them."""

from __future__ import annotations

import fcntl
import http.client
import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO

import broker
from address import address, check_port, names_of_this_machine, shown_host
from children import Child, Register, how_it_ended
from house import ROOT, VENV_PYTHON, Trouble, say, writable_data_dir
from prepare import SCRIPTS_AND_STYLES, Interrupted, bundle_scripts, compile_engine, prepare_database
from watch import Watch, to_restart

TICK_S = 0.25
POLL_READY_S = 0.1
SETTLE_S = 0.3
READY_S_MAX = 60.0
WORKER = (
    "-A playground worker -Q interactive,batch --prefetch-multiplier 1 -B --scheduler celery.beat:Scheduler"
    " --without-gossip --without-mingle"
)


class Supervisor:
    def __init__(self) -> None:
        self.began = time.monotonic()
        self.host, self.port = address()
        self.url = f"http://{shown_host(self.host)}:{self.port}"
        self.stopping = 0
        self.ready = False
        self.wake, self.waker = os.pipe()
        self.children: dict[str, Child] = {}
        self.catch_signals()
        self.data_dir = writable_data_dir()
        self.register = Register(self.data_dir)
        self.lock = self.be_the_only_one()

    def catch_signals(self) -> None:
        """Handlers are set by hand, since a job in a shell's background inherits SIGINT ignored."""
        for descriptor in (self.wake, self.waker):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping += 1

    def is_stopping(self) -> bool:
        return self.stopping > 0

    def be_the_only_one(self) -> IO[str]:
        """Holds a lock on the data folder for as long as this process lives, however it ends."""
        folder = self.data_dir / "run"
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = (folder / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise already_running(self.register) from None
        return lock

    # --- life ---------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Serves until told to end; the exit status is 0 after SIGINT or SIGTERM."""
        try:
            end_orphans(self.register)
            check_port(self.host, self.port)
            self.note()
            self.start()
            watch = Watch([*(ROOT / name for name in ("playground", "simulations", "templates")), *SCRIPTS_AND_STYLES])
            self.serve(watch if os.environ.get("WATCH", "1") != "0" else None)
        except Interrupted:
            pass
        finally:
            self.end()
        return 0

    def start(self) -> None:
        environment = self.environment()
        url = os.environ.get("REDIS_URL")
        if url:
            broker.check_reachable(url)
        else:
            path = broker.socket_path(self.data_dir)
            environment["REDIS_URL"] = f"unix://{path}"
            self.launch("valkey", broker.server_command(path), environment, grace_s=2.0)
        bundle_scripts(self.is_stopping)
        compile_engine(self.is_stopping)
        prepare_database(self.data_dir, environment, self.is_stopping)
        python = [str(VENV_PYTHON), "-m"]
        processes = os.environ.get("WORKER_PROCESSES") or str(max(2, os.cpu_count() or 2))
        self.launch("worker", [*python, "celery", *WORKER.split(), "-c", processes], environment)
        web = ["daphne", "-b", self.host, "-p", str(self.port), "playground.asgi:application"]
        self.launch("web", [*python, *web], environment)

    def environment(self) -> dict[str, str]:
        environment = dict(os.environ, DATA_DIR=str(self.data_dir), PYTHONUNBUFFERED="1")
        if self.host not in ("127.0.0.1", "::1", "localhost"):
            environment.setdefault("ALLOWED_HOSTS", ",".join(names_of_this_machine(self.host)))
        return environment

    def launch(self, name: str, command: list[str], environment: dict[str, str], grace_s: float = 5.0) -> None:
        if self.is_stopping():
            raise Interrupted
        log = self.data_dir / "logs" / f"{name}.log"
        child = self.children[name] = Child(name, command, log, environment, grace_s)
        child.start(ROOT)
        self.note()

    def note(self) -> None:
        pids = {name: child.process.pid for name, child in self.children.items() if child.process}
        self.register.write({"supervisor": os.getpid(), **pids}, self.url)

    def serve(self, watch: Watch | None) -> None:
        warned = False
        while not self.is_stopping():
            self.tend()
            if not self.ready:
                self.ready = self.announce_when_ready()
                if not warned and not self.ready and time.monotonic() - self.began > READY_S_MAX:
                    warned = True
                    say(
                        f"not ready yet: {self.url}/readyz says {ask_ready(self.host, self.port)[1]!r}; "
                        f"logs are in {self.data_dir / 'logs'}"
                    )
            if watch is not None and self.ready:
                self.follow_edits(watch)
            select.select([self.wake], [], [], TICK_S if self.ready else POLL_READY_S)

    def announce_when_ready(self) -> bool:
        status, _ = ask_ready(self.host, self.port)
        if status == 200:
            say(f"ready at {self.url} after {time.monotonic() - self.began:.1f} s (Ctrl+C or `make stop` ends it)")
        return status == 200

    def tend(self) -> None:
        """Notices the dead, reports them in one line each, and starts them anew when their pause is over."""
        for child in self.children.values():
            child.trim_log()
            if child.restart_at is not None:
                if time.monotonic() >= child.restart_at:
                    child.start(ROOT)
                    self.note()
            elif child.process is not None and child.died():
                how, words = how_it_ended(child.process.returncode), child.last_words()
                delay = child.plan_restart()
                say(
                    f"{child.name} ended ({how}); starting it again in {delay:.1f} s. Its last words in "
                    f"{child.log}: {words}"
                )

    def follow_edits(self, watch: Watch) -> None:
        paths = watch.changes()
        while paths:
            # An editor writes several files in a row: wait until it has finished.
            time.sleep(SETTLE_S)
            more = watch.changes()
            if not more:
                break
            paths = sorted({*paths, *more})
        if paths:
            names = [os.path.relpath(path, ROOT) for path in paths]
            say(f"edited: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}")
            self.restart(to_restart(paths))

    def restart(self, names: set[str]) -> None:
        try:
            bundle_scripts(self.is_stopping)
            prepare_database(self.data_dir, self.children["web"].environment, self.is_stopping)
        except Trouble as trouble:
            say(str(trouble).splitlines()[0])
            return
        wanted = [child for name, child in self.children.items() if name in names]
        self.end_children(wanted)
        for child in wanted:
            child.failures = 0
            child.start(ROOT)
        if wanted:
            self.began, self.ready = time.monotonic(), False
            self.note()

    # --- end ----------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """Ends the worker and the web server first: both still talk to the embedded server while they go."""
        valkey = self.children.pop("valkey", None)
        self.end_children(list(self.children.values()))
        if valkey:
            self.end_children([valkey])
            Path(valkey.environment["REDIS_URL"].removeprefix("unix://")).unlink(missing_ok=True)
        self.register.clear()
        if self.children:
            say("stopped")

    def end_children(self, children: list[Child]) -> None:
        asked = time.monotonic()
        before = self.stopping
        for child in children:
            child.ask_to_end()
        while any(child.process is not None and child.process.poll() is None for child in children):
            # A second Ctrl+C means: at once.
            if self.stopping > max(before, 1) or all(time.monotonic() > asked + child.grace_s for child in children):
                break
            time.sleep(0.02)
        for child in children:
            child.end(0.0)


def check_before() -> None:
    """What can be known before anything is installed: a minute's wait should not end in `the port is taken`."""
    register = Register(writable_data_dir())
    if register.supervisor():
        raise already_running(register)
    end_orphans(register)
    check_port(*address())


def already_running(register: Register) -> Trouble:
    other = register.supervisor()
    where = f" at {other[1]} (process {other[0]})" if other else ""
    return Trouble(f"already running{where}. `make stop` ends it; a second one needs its own DATA_DIR and PORT")


def end_orphans(register: Register) -> None:
    orphans = register.end_orphans()
    if orphans:
        say(f"ended what an earlier run left behind: {', '.join(orphans)}")


def ask_ready(host: str, port: int) -> tuple[int, str]:
    """(status, body) of /readyz; (0, reason) while nobody answers."""
    connection = http.client.HTTPConnection(shown_host(host).strip("[]"), port, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        return response.status, response.read(300).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def main() -> int:
    try:
        return Supervisor().run()
    except Trouble as trouble:
        print(f"netsplit: {trouble}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
