"""`make run` with its real processes: it starts, heals, refuses clearly, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack, group_lives

pytestmark = pytest.mark.processes


def make(target: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `make TARGET` does, without make."""
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "do.py"), target],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal, without a traceback."""
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("netsplit: ")
    return lines[0]


def assert_nothing_lives(pids: dict[str, int]) -> None:
    assert {"supervisor", "valkey", "worker", "web"} <= pids.keys()
    assert [name for name, pid in pids.items() if group_lives(pid)] == []


def test_a_child_that_dies_is_restarted_and_reported_and_sigint_ends_all(new_stack: Stack) -> None:
    new_stack.start()
    for name in ("worker", "web", "valkey"):
        before = new_stack.pids()
        os.killpg(before[name], signal.SIGKILL)
        new_stack.wait_until(lambda: new_stack.pids()[name] != before[name], f"a new {name}")  # noqa: B023
        new_stack.wait_until(new_stack.is_ready, "200 from /readyz again", 30)
        assert not group_lives(before[name])
        assert sum(f"{name} ended (SIGKILL); starting it again" in line for line in new_stack.said().splitlines()) == 1
    pids = new_stack.pids()
    assert new_stack.stop(signal.SIGINT) == 0
    assert_nothing_lives(pids)
    assert not list((new_stack.data_dir / "run").glob("*.sock"))


def test_sigterm_ends_a_run_that_was_started_with_sigint_ignored(new_stack: Stack) -> None:
    inherited = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        new_stack.start()
    finally:
        signal.signal(signal.SIGINT, inherited)
    pids = new_stack.pids()
    refusal = refused(make("run", DATA_DIR=str(new_stack.data_dir), PORT=str(new_stack.port)))
    assert "already running" in refusal
    assert "make stop" in refusal
    # A job in a shell's background is born with SIGINT ignored, and Ctrl+C must reach it all the same.
    assert new_stack.stop(signal.SIGINT) == 0
    assert_nothing_lives(pids)
    new_stack.start()
    pids = new_stack.pids()
    assert new_stack.stop(signal.SIGTERM) == 0
    assert_nothing_lives(pids)


def test_what_a_killed_supervisor_leaves_is_ended_at_the_next_start(new_stack: Stack) -> None:
    new_stack.start()
    orphans = new_stack.pids()
    new_stack.stop(signal.SIGKILL)
    assert group_lives(orphans["worker"])
    new_stack.start()
    assert "ended what an earlier run left behind: valkey, worker, web" in new_stack.said()
    assert_nothing_lives(orphans)
    assert "stopped http://127.0.0.1" in make("stop", DATA_DIR=str(new_stack.data_dir)).stdout
    assert_nothing_lives(new_stack.pids() or orphans)


def test_stop_ends_orphans_and_reset_removes_only_what_is_ours(new_stack: Stack) -> None:
    folder = {"DATA_DIR": str(new_stack.data_dir)}
    new_stack.start()
    pids = new_stack.pids()
    new_stack.stop(signal.SIGKILL)
    assert "worker" in make("stop", **folder).stdout
    assert_nothing_lives(pids)
    assert "nothing is running" in make("stop", **folder).stdout
    foreign = new_stack.data_dir / "thesis.txt"
    foreign.write_text("two years of work")
    assert make("reset", **folder).returncode == 0
    assert [path.name for path in new_stack.data_dir.iterdir()] == ["thesis.txt"]
    assert "nothing to remove" in make("reset", **folder).stdout


def test_an_edit_restarts_worker_and_web_server(tmp_path: Path, prepared: Path) -> None:
    stack = Stack(tmp_path / "data", prepared, WATCH="1")
    try:
        stack.start()
        stack.wait_until(lambda: "ready at" in stack.said(), "the announcement")
        before = stack.pids()
        os.utime(ROOT / "playground" / "__init__.py")
        stack.wait_until(lambda: "edited: " in stack.said(), "the edit to be noticed")
        stack.wait_until(lambda: all(stack.pids().get(name) != before[name] for name in ("worker", "web")), "new ones")
        stack.wait_until(stack.is_ready, "200 from /readyz again", 30)
        assert stack.pids()["valkey"] == before["valkey"]
    finally:
        stack.clean_up()


def test_a_long_data_folder_is_prepared_and_gets_a_short_socket(tmp_path: Path) -> None:
    stack = Stack(tmp_path / ("long-" * 12) / ("name-" * 12))
    stack.data_dir.mkdir(parents=True)
    try:
        stack.start()
        assert not list((stack.data_dir / "run").glob("*.sock"))
    finally:
        stack.clean_up()


def test_a_taken_port_is_one_line_with_a_free_one(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        refusal = refused(make("run", DATA_DIR=str(tmp_path), PORT=str(port)))
    assert f"port {port} is taken" in refusal
    assert "make run PORT=" in refusal


@pytest.mark.parametrize("port", ["99999", "0", "http", "-1"])
def test_a_port_must_be_a_port(tmp_path: Path, port: str) -> None:
    assert "is not a port number" in refused(make("run", DATA_DIR=str(tmp_path), PORT=port))


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    assert "no address of this machine" in refused(make("run", DATA_DIR=str(tmp_path), HOST="192.0.2.7", PORT="8765"))


def test_an_unwritable_folder_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusal = refused(make("run", DATA_DIR=str(tmp_path / "file" / "inside")))
    assert "cannot write to" in refusal
    assert "DATA_DIR=" in refusal


def test_an_absent_redis_is_one_line(new_stack: Stack) -> None:
    new_stack.environment["REDIS_URL"] = "redis://127.0.0.1:9/0"
    new_stack.start(ready=False)
    assert new_stack.process is not None
    assert new_stack.process.wait(20) != 0
    assert "no Redis answers at 127.0.0.1:9" in new_stack.said()
    assert len(new_stack.said().splitlines()) == 1


def test_admin_never_gets_a_password_of_our_making(new_stack: Stack) -> None:
    environment = {"DATA_DIR": str(new_stack.data_dir)}
    for name in ("DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD"):
        assert name not in os.environ
    done = make("admin", **environment)
    assert done.returncode != 0
    assert "DJANGO_SUPERUSER_PASSWORD" in done.stderr
    given = {"DJANGO_SUPERUSER_USERNAME": "ada", "DJANGO_SUPERUSER_PASSWORD": "correct horse battery"}
    assert make("admin", **environment, **given).returncode == 0


def bare_copy(folder: Path) -> Path:
    """The repository as a fresh clone has it, as far as setting up reads it."""
    copy = folder / "clone"
    shutil.copytree(ROOT / "scripts", copy / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "package.json", "package-lock.json", "Makefile"):
        shutil.copyfile(ROOT / name, copy / name)
    return copy


def bundle(copy: Path) -> subprocess.CompletedProcess[str]:
    return preparing(copy, "bundle_scripts")


def preparing(copy: Path, step: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import prepare; prepare.{step}()"]
    given = os.environ | environment
    return subprocess.run(command, cwd=copy / "scripts", env=given, capture_output=True, text=True, check=False)


def test_an_engine_that_shall_run_interpreted_is_not_compiled(tmp_path: Path) -> None:
    copy = bare_copy(tmp_path)
    done = preparing(copy, "compile_engine", NETSPLIT_ENGINE="interpreted")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    tried = preparing(copy, "compile_engine", NETSPLIT_ENGINE="auto", CC="none")
    assert (tried.returncode, "no C compiler" in tried.stdout) == (0, True)


def test_an_edited_script_is_bundled_anew_and_a_mistake_is_named(tmp_path: Path) -> None:
    copy = bare_copy(tmp_path)
    shutil.copytree(ROOT / "static", copy / "static", ignore=shutil.ignore_patterns("built"))
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    built, edited = copy / "static" / "built" / "mine.js", copy / "static" / "js" / "mine.js"
    assert bundle(copy).returncode == 0
    first = built.stat().st_mtime_ns
    assert bundle(copy).returncode == 0
    assert built.stat().st_mtime_ns == first
    edited.write_text(edited.read_text() + "console.info('edited by hand');\n")
    assert bundle(copy).returncode == 0
    assert "edited by hand" in built.read_text()
    edited.write_text("let x = ;\n")
    done = bundle(copy)
    assert done.returncode != 0
    assert "could not be bundled" in done.stderr
    assert "mine.js:1:8" in done.stderr


def test_no_network_on_a_first_start_is_one_line(tmp_path: Path) -> None:
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
    }
    done = subprocess.run(
        ["sh", "scripts/python.sh", "scripts/do.py", "install"],
        cwd=bare_copy(tmp_path),
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "cannot be reached" in refused(done)
    assert "making .venv" in done.stdout


def test_no_suitable_python_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "scripts/python.sh", "scripts/do.py", "run"],
        cwd=bare_copy(tmp_path),
        env={**os.environ, "PYTHON": "/nonexistent/python3"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "no Python 3.11 or newer" in refused(done)
