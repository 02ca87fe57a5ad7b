"""What a developer runs: tests, checks, screenshots, fresh locks. Everything needed is installed by now."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from house import NODE_MODULES, ROOT, VENV_PYTHON, Trouble, data_dir, say
from install import node, npm

PLANTED = "--planted"
LOCKED = ("requirements", "requirements-postgres", "requirements-node", "requirements-dev")


def call(*command: str, **environment: str) -> int:
    """Runs one tool in the repository with its output shown. When interrupted, it is given the time to end what it has
    started.
    """
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        return process.wait()
    except KeyboardInterrupt as asked:
        if asked.args == (signal.SIGTERM,):  # from a terminal it has got the same signal as we have
            process.send_signal(signal.SIGINT)
        process.wait()
        raise


def python(*arguments: str, **environment: str) -> int:
    return call(str(VENV_PYTHON), *arguments, **environment)


def test() -> int:
    """The scripts' unit tests, then pytest, whose closing line stays the last one."""
    scripts = sorted(str(path) for path in (ROOT / "tests" / "js").rglob("*.test.js"))
    first = call(*node(), "--test", "--test-reporter=spec", *scripts) if scripts else 0
    if first:
        say("tests/js failed; the others go on")
    second = python(
        "-m",
        "pytest",
        *shlex.split(os.environ.get("ARGS", "")),
        DATA_DIR=str(data_dir() / "test"),
        PYTHONUNBUFFERED="1",
    )
    return second or first


def fidelity() -> int:
    """The whole table of runs against theory."""
    return python("-m", "tests.fidelity", *shlex.split(os.environ.get("ARGS", "")))


def gallery() -> int:
    """The claims of every scenario over many seeds; exit status 1 when one does not hold."""
    return python("scripts/with_workers.py", "gallery", *shlex.split(os.environ.get("ARGS", "")))


def explore() -> int:
    """Scenarios under random fault schedules; exit status 1 when one breaks a rule. With --planted: tests' broken node
    types; exit status 1 when one is not found.
    """
    arguments = shlex.split(os.environ.get("ARGS", ""))
    if PLANTED in arguments:
        return python("-m", "tests.planted", *(word for word in arguments if word != PLANTED))
    runs = os.environ.get("RUNS", "")
    chosen = [*shlex.split(os.environ.get("SLUGS", "")), *(["--runs", runs] if runs else [])]
    return python("scripts/with_workers.py", "explore", *chosen, *arguments)


def bench_browser() -> int:
    """The page's figures; exit status 1 when a target is missed."""
    return python("scripts/bench_browser.py", *shlex.split(os.environ.get("ARGS", "")))


def check() -> int:
    """Every check, even after one has failed; the failed ones are named at the end."""
    steps = {
        "ruff": ("-m", "ruff", "check", "."),
        "ruff format": ("-m", "ruff", "format", "--check", "."),
        "mypy": ("-m", "mypy", "simulations", "scripts"),
        "house rules": ("-m", "pytest", "tests/test_tidy.py", "-n", "0", "--quiet"),
    }
    failed = [name for name, arguments in steps.items() if python(*arguments) != 0]
    # Through the Node that was found: the file's own first line wants one on PATH.
    if call(*node(), str(NODE_MODULES / ".bin" / "tsc"), "--project", "."):
        failed.append("JavaScript types")
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def format_code() -> int:
    return python("-m", "ruff", "check", "--fix", "--quiet", ".") | python("-m", "ruff", "format", ".")


def screenshots() -> int:
    return python("scripts/screenshots.py")


def lock() -> int:
    """Pins every library anew. Only the maker of a change to the requirements needs this, so uv is fetched for it."""
    with tempfile.TemporaryDirectory() as folder:
        uv = shutil.which("uv") or fetched_uv(Path(folder))
        for name in LOCKED:
            options = ["--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--quiet"]
            style = ["--annotation-style=line", "--upgrade", f"{name}.in", f"--output-file={name}.txt"]
            if call(uv, "pip", "compile", *options, *style):
                raise Trouble(f"{name}.in could not be resolved")
    return call(*npm(), "install", "--package-lock-only", "--ignore-scripts")


def fetched_uv(folder: Path) -> str:
    if call(sys.executable, "-m", "venv", str(folder)) or call(f"{folder}/bin/pip", "install", "--quiet", "uv"):
        raise Trouble("uv could not be installed; install it and try again")
    return f"{folder}/bin/uv"
