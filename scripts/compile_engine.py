"""Compiles the engine and the node files with mypyc into `.build/<version>/`, unless that build is there already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulations.compiled import build_folder, sources  # noqa: E402

SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup
extensions = mypycify(sys.argv.pop().split(","), opt_level="2", debug_level="0", group_name="netsplit_engine")
for extension in extensions:
    extension.extra_compile_args += ["-ffp-contract=off"]
setup(name="netsplit-engine", packages=[], ext_modules=extensions)
"""

MYPY_INI = "[mypy]\n[mypy-msgpack.*]\nignore_missing_imports = True\n"


def main() -> int:
    target = build_folder()
    if (target / "complete").exists():
        print(f"The compiled engine is up to date: {target.relative_to(ROOT)}")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        names = copy_sources(Path(scratch))
        (Path(scratch) / "setup.py").write_text(SETUP)
        (Path(scratch) / "mypy.ini").write_text(MYPY_INI)
        command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "out", ",".join(names)]
        environment = dict(os.environ, NETSPLIT_ENGINE="interpreted")
        built = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            print(built.stdout + built.stderr, file=sys.stderr)
            return 1
        install(Path(scratch) / "out", target)
    print(f"Compiled the engine: {target.relative_to(ROOT)}")
    return 0


def copy_sources(scratch: Path) -> list[str]:
    """Copies what is compiled into an empty tree of the same shape; returns the relative names."""
    names = [path.relative_to(ROOT).as_posix() for path in sources()]
    for name in [*names, "simulations/compiled.py"]:
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, scratch / name)
    for package in ("simulations", "simulations/engine", "simulations/nodes", "simulations/benchmarks"):
        (scratch / package / "__init__.py").touch()
    return names


def install(built: Path, target: Path) -> None:
    """Moves the build into place; builds of older sources go, the mark that it is complete comes last."""
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    shutil.copytree(built, target)
    (target / "complete").touch()


if __name__ == "__main__":
    sys.exit(main())
