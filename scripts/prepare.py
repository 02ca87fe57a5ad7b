"""What has to be there before the processes start: bundled scripts, compiled engine, migrated database, gallery."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from house import (
    NODE_MODULES,
    ROOT,
    STATIC,
    VENV_PYTHON,
    Trouble,
    fingerprint,
    is_stamped,
    one_at_a_time,
    put_stamp,
    say,
)
from install import node

COMPILE_SCRIPT = ROOT / "scripts" / "compile_engine.py"
COMPILED_STAMP = ROOT / ".build" / ".stamp"
ENGINE = ("engine", "nodes")
BUILT = STATIC / "built"
SCRIPTS_AND_STYLES = (STATIC / "js", STATIC / "css")
ENTRIES = ("main", "gallery", "mine")  # the modules that pages name
ESBUILD_OPTIONS = ("--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap")


class Interrupted(Exception):
    """The person asked to stop while a step was running."""


def never() -> bool:
    return False


def bundle_scripts(stopping: Callable[[], bool] = never) -> None:
    """Puts each page's modules and styles into one file of `static/built/`, unless that is done.

    A page of some two hundred files would be as many requests, and a browser that follows imports from file to file.
    Raises Trouble with the bundler's words when a script has a mistake.
    """
    stamp = BUILT / ".stamp"
    value = fingerprint([*SCRIPTS_AND_STYLES, ROOT / "package-lock.json"], *ENTRIES, *ESBUILD_OPTIONS)
    if is_stamped(stamp, value):
        return
    with one_at_a_time("the scripts are being bundled"):
        if is_stamped(stamp, value):
            return
        esbuild = [*node(), str(NODE_MODULES / "esbuild" / "bin" / "esbuild")]
        entries = [str(STATIC / "js" / f"{name}.js") for name in ENTRIES]
        command = [*esbuild, *entries, *ESBUILD_OPTIONS, "--log-level=warning", f"--outdir={BUILT}"]
        status, output = step(command, dict(os.environ), stopping)
        if status != 0:
            raise Trouble(f"the scripts could not be bundled: {' '.join(output.split())}")
        put_stamp(stamp, value)


def compile_engine(stopping: Callable[[], bool] = never) -> None:
    """Compiles the engine where it may run and there is a C compiler; interpreted it gives the same digests, slower.

    A failure is not tried again until the sources change or `make compile` asks for it.
    """
    if not COMPILE_SCRIPT.exists() or os.environ.get("NETSPLIT_ENGINE") == "interpreted":
        return
    sources = [COMPILE_SCRIPT, *(ROOT / "simulations" / name for name in ("compiled.py", *ENGINE))]
    value = fingerprint(sources, str(VENV_PYTHON.resolve()))
    if is_stamped(COMPILED_STAMP, value):
        return
    if shutil.which(os.environ.get("CC") or "cc") is None:
        say("no C compiler: the engine runs interpreted (same results, slower)")
        return
    with one_at_a_time("the engine is being compiled"):
        if is_stamped(COMPILED_STAMP, value):
            return
        say("compiling the engine (a minute or so)")
        status, output = step([str(VENV_PYTHON), str(COMPILE_SCRIPT)], dict(os.environ), stopping)
        if status != 0:
            say(f"the engine could not be compiled and runs interpreted: {last_line(output)}")
        put_stamp(COMPILED_STAMP, value)


def prepare_database(data_dir: Path, environment: dict[str, str], stopping: Callable[[], bool] = never) -> None:
    """`migrate` and `load_gallery`, left out when nothing they read has changed since they last went well."""
    stamp, value = data_dir / "run" / "prepared", what_the_database_follows()
    external = bool(environment.get("DATABASE_URL"))
    if not external and (data_dir / "netsplit.sqlite3").exists() and is_stamped(stamp, value):
        return
    say("preparing the database and the gallery")
    for name in (["migrate", "--noinput", "--verbosity", "0"], ["load_gallery"]):
        status, output = step([str(VENV_PYTHON), "manage.py", *name], environment, stopping)
        if status != 0:
            log = data_dir / "logs" / f"{name[0]}.log"
            log.write_text(output)
            raise Trouble(f"`manage.py {name[0]}` failed: {last_line(output)} (all of it: {log})")
    put_stamp(stamp, value)


def what_the_database_follows() -> str:
    migrations = sorted(path for app in ("playground", "simulations") for path in (ROOT / app).rglob("migrations"))
    # A run belongs to an engine and its node types: when they change, the gallery's are made anew.
    gallery = [*sorted((ROOT / "simulations").glob("document*.py")), *(ROOT / "simulations" / n for n in ENGINE)]
    loaders = sorted(path for app in ("playground", "simulations") for path in (ROOT / app).rglob("load_gallery.py"))
    return fingerprint([*migrations, *gallery, *loaders, ROOT / "simulations" / "scenarios", ROOT / "requirements.txt"])


def step(command: list[str], environment: dict[str, str], stopping: Callable[[], bool]) -> tuple[int, str]:
    """Runs one command to its end in a session of its own, so that a signal to us is ours to handle."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=0.05)
                return process.returncode, output
            except subprocess.TimeoutExpired:
                if stopping():
                    process.terminate()
                    give_time(process)
                    raise Interrupted from None


def give_time(process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 3
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()


def last_line(output: str) -> str:
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
