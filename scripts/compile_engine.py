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
import os, re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from distutils.ccompiler import CCompiler
from mypyc.build import mypycify
from setuptools import setup

def compile_all(
    self, sources, output_dir=None, macros=None, include_dirs=None, debug=0, extra_preargs=None, extra_postargs=None,
    depends=None,
):
    # As the original, with as many files at once as there are cores.
    macros, objects, last, arguments, build = self._setup_compile(
        output_dir, macros, include_dirs, sources, depends, extra_postargs
    )
    options = self._get_cc_args(arguments, debug, extra_preargs)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda made: self._compile(made, *build[made], options, last, arguments), build))
    return objects

CCompiler.compile = compile_all
names = sys.argv.pop().split(",")
extensions = mypycify(names, opt_level="2", debug_level="0", group_name="netsplit_engine", multi_file=True)
for extension in extensions:
    extension.extra_compile_args += ["-ffp-contract=off"]
    # What a module does once, on import, is long and need not be fast: optimising it takes most of the time.
    for source in map(Path, extension.sources):
        text = source.read_text()
        once = r"^char CPyDef_\\w+_____top_level__\\(void\\) {"
        source.write_text(re.sub(once, r'__attribute__((optimize("O0"))) \\g<0>', text, flags=re.M))
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
