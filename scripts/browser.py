"""Finds a Chromium for tests and screenshots: CHROMIUM, then PATH, then the one in an npm package (Linux)."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from house import NODE_MODULES, Trouble, fingerprint, is_stamped, put_stamp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
INFLATE = (
    "const [from, to] = process.argv.slice(1);"
    "require('stream').pipeline(require('fs').createReadStream(from), require('zlib').createBrotliDecompress(),"
    " require('fs').createWriteStream(to), (error) => { if (error) throw error; });"
)
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{fonts}-cache</cachedir>
</fontconfig>
"""


@dataclass
class Browser:
    """What Playwright needs to start it."""

    path: str
    arguments: list[str] = field(default_factory=lambda: list(QUIET))
    environment: dict[str, str] = field(default_factory=dict)

    def launch_arguments(self) -> dict[str, Any]:
        arguments = [*self.arguments, *(["--no-sandbox"] if os.getuid() == 0 else [])]
        environment = {**os.environ, **self.environment}
        return {"executable_path": self.path, "args": arguments, "env": environment}


def find_browser() -> Browser:
    """The first Chromium that starts; raises Trouble with the remedy when there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        if starts(Browser(named)):
            return Browser(named)
        raise Trouble(f"CHROMIUM={named} does not start")
    for name in (*NAMES, MAC_CHROME):
        path = shutil.which(name)
        if path and starts(Browser(path)):
            return Browser(path)
    package = NODE_MODULES / "@sparticuz" / "chromium"
    if sys.platform == "linux" and package.exists():
        browser = unpacked(package)
        if starts(browser):
            return browser
    raise Trouble("no Chromium starts on this machine. Install chromium or Chrome, or set CHROMIUM=/path/to/it")


def starts(browser: Browser) -> bool:
    command = [browser.path, "--headless", "--version"]
    try:
        done = subprocess.run(
            command, env={**os.environ, **browser.environment}, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"Chrom" in done.stdout


def unpacked(package: Path) -> Browser:
    """Unpacks the npm package's Chromium once, with the libraries and fonts that a bare machine lacks."""
    home = NODE_MODULES / ".cache" / "chromium"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        value = fingerprint([package / "package.json"])
        if not is_stamped(home / "stamp", value):
            unpack(package / "bin", home)
            put_stamp(home / "stamp", value)
    program = home / "chromium"
    environment = {"FONTCONFIG_FILE": str(home / "fonts.conf")} if not Path("/etc/fonts/fonts.conf").exists() else {}
    if lacks_libraries(program):
        environment["LD_LIBRARY_PATH"] = str(home / "lib")
    # Canvases are drawn by the processor itself: a GPU in software took ten times as long.
    arguments = [*QUIET, "--no-zygote", "--disable-gpu"]
    return Browser(str(program), arguments, environment)


def unpack(archives: Path, home: Path) -> None:
    # Imported here: finding a Node may install one, which only the npm package's Chromium needs.
    from install import node

    for archive in sorted(archives.glob("*.br")):
        target = home / archive.stem
        draft = home / f"{archive.stem}.draft"
        subprocess.run([*node(), "-e", INFLATE, str(archive), str(draft)], check=True)
        draft.replace(target)
        if target.suffix == ".tar":
            with tarfile.open(target) as tar:
                tar.extractall(home)
            target.unlink()
    (home / "chromium").chmod(0o755)
    (home / "fonts.conf").write_text(FONTS.format(fonts=home / "fonts"))


def lacks_libraries(program: Path) -> bool:
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    return "not found" in listed.stdout


if __name__ == "__main__":
    try:
        print(find_browser().path)
    except Trouble as trouble:
        sys.exit(f"netsplit: {trouble}")
