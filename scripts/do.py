"""What the Makefile calls: `do.py TARGET`. Standard library only, since it runs before anything is installed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import lifecycle
import prepare
import supervise
import tasks
from house import ROOT, VENV_PYTHON, Trouble, say
from install import setup

TARGETS: dict[str, Callable[[], int]] = {}


def target(function: Callable[[], int]) -> Callable[[], int]:
    TARGETS[function.__name__.removeprefix("make_").replace("_", "-")] = function
    return function


@target
def make_help() -> int:
    """list the targets"""
    for name, function in TARGETS.items():
        print(f"  make {name:<13} {function.__doc__}")
    return 0


@target
def make_run() -> int:
    """install what is missing and serve the playground (PORT=8000 HOST=127.0.0.1 DATA_DIR=var)"""
    supervise.check_before()
    setup()
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "scripts" / "supervise.py")])


@target
def make_stop() -> int:
    """end the running playground"""
    lifecycle.stop()
    return 0


@target
def make_reset() -> int:
    """remove the database, runs, key and logs in DATA_DIR (asks first)"""
    lifecycle.reset()
    return 0


@target
def make_admin() -> int:
    """create an administrator account"""
    setup()
    lifecycle.admin()
    return 0


@target
def make_compile() -> int:
    """compile the engine, where there is a C compiler"""
    setup()
    prepare.COMPILED_STAMP.unlink(missing_ok=True)
    prepare.compile_engine()
    return 0


@target
def make_install() -> int:
    """install what running needs"""
    setup()
    prepare.bundle_scripts()
    return 0


@target
def make_setup() -> int:
    """install everything that running, testing and checking need"""
    setup(dev=True)
    say("everything is installed")
    return 0


@target
def make_test() -> int:
    """run every test, those in a real browser included (ARGS="-k word" for some)"""
    return with_tools(tasks.test)


@target
def make_fidelity() -> int:
    """hold the engine against queueing theory and published figures (ARGS="M/M/1" for some; about an hour)"""
    return with_tools(tasks.fidelity)


@target
def make_gallery() -> int:
    """run every scenario on seeds 1–20 over Celery and print its claims (ARGS="SLUG… --seeds 21-40")"""
    setup()
    return tasks.gallery()


@target
def make_explore() -> int:
    """search fault schedules for one that breaks a rule (SLUGS=cap-partition RUNS=500; ARGS=--planted: tests' bugs)"""
    if tasks.PLANTED in os.environ.get("ARGS", ""):
        return with_tools(tasks.explore)
    setup()
    return tasks.explore()


@target
def make_bench_browser() -> int:
    """measure the page in a real browser (ARGS="--json", ARGS="--only scrub")"""
    return with_tools(tasks.bench_browser)


@target
def make_check() -> int:
    """check style, types and house rules"""
    return with_tools(tasks.check)


@target
def make_format() -> int:
    """put the code into its standard form"""
    return with_tools(tasks.format_code)


@target
def make_screenshots() -> int:
    """render the main pages into var/screenshots/"""
    return with_tools(tasks.screenshots)


@target
def make_lock() -> int:
    """resolve requirements*.in and package.json anew into the lock files"""
    return with_tools(tasks.lock)


def with_tools(task: Callable[[], int]) -> int:
    setup(dev=True)
    prepare.compile_engine()
    return task()


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in TARGETS:
        print(f"netsplit: no target {name}; try `make help`", file=sys.stderr)
        return 2
    try:
        return TARGETS[name]()
    except Trouble as trouble:
        print(f"netsplit: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        return 130


if __name__ == "__main__":
    sys.exit(main())
