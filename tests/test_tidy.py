"""The house rules, kept by a test: import directions, sizes, determinism, and words that must not appear."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy import (
    ROOT,
    compared_after_a_wait,
    files,
    imported,
    js_files,
    js_imported,
    name,
    python_files,
    set_iterations,
    tree,
)

LINES_MAX = 300
NODE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50

# Folder or file → prefixes of our own modules (and of frameworks) that it must not import.
FORBIDDEN = {
    "simulations": ("playground",),
    "simulations/engine": (
        "django",
        "pydantic",
        "simulations.document",
        "simulations.catalogue",
        "simulations.nodes",
        "simulations.checks",
        "simulations.report",
        "simulations.runs",
        "simulations.models",
    ),
    "simulations/nodes": (
        "django",
        "pydantic",
        "simulations.document",
        "simulations.catalogue",
        "simulations.nodes",
        "simulations.checks",
        "simulations.report",
        "simulations.runs",
        "simulations.models",
    ),
    "simulations/checks": (
        "django",
        "simulations.document",
        "simulations.catalogue",
        "simulations.nodes",
        "simulations.report",
        "simulations.runs",
        "simulations.models",
    ),
    "simulations/report.py": ("django.db", "simulations.runs", "simulations.models", "simulations.chunks"),
    "simulations/catalogue.py": ("django.db", "simulations.runs", "simulations.models", "simulations.chunks"),
    "simulations/document.py": ("django.db", "simulations.runs", "simulations.models", "simulations.chunks"),
    "playground": ("simulations.engine", "simulations.nodes", "simulations.checks", "simulations.computing"),
    "playground/sandbox": ("playground.sharing", "playground.classroom"),
    "playground/sharing": ("playground.classroom",),
}
# How node types declare themselves is what catalogue, inspector and command line all read.
OPEN_TO_ALL = "simulations.engine.declare."
CLOCKS = {"time", "datetime", "secrets", "uuid", "asyncio", "threading", "os", "socket"}
UNSTABLE_CALLS = {"id", "hash"}
# Spelled so that this file does not contain what it looks for.
UNFINISHED = re.compile(r"\bTO[D]O\b|\bFIX[M]E\b|\bX[X]X\b|NotImplemented[E]rror|mark\.(skip|xfail)|pragma: no [c]over")
OUT_OF_PLACE = re.compile(
    r"/[w]ork/(main|shared)|\.\./[s]hared|[Ss]ub[a]gent|\bC[E]O\b|\b[i]ssue #?\d+\b"
    r"|pypi\.org|pythonhosted\.org|npmjs\.(org|com)"
)
LEFTOVER = re.compile(r"^\s*(console\.log\(|debugger\b)", re.M)
TEXT = {".py", ".js", ".ts", ".json", ".md", ".html", ".css", ".toml", ".txt", ".in", ".sh", ".yml", ".svg", ""}


def none(found: Iterator[str]) -> None:
    rows = list(found)
    assert not rows, "\n" + "\n".join(rows)


def test_imports_run_one_way() -> None:
    none(
        f"{name(path)}:{line} imports {module}"
        for home, prefixes in FORBIDDEN.items()
        for path in python_files(home)
        for line, module in imported(path)
        if (module.startswith(tuple(f"{prefix}." for prefix in prefixes)) or module in prefixes)
        and not module.startswith(OPEN_TO_ALL)
    )


def test_files_are_short() -> None:
    def longest(path: Path) -> int:
        return NODE_LINES_MAX if ROOT / "simulations" / "nodes" in path.parents else LINES_MAX

    sizes = (
        (path, len(path.read_text().splitlines())) for path in [*python_files(), *js_files(), *js_files("tests/js")]
    )
    none(f"{name(path)} has {lines} lines" for path, lines in sizes if lines > longest(path))


def test_functions_are_short() -> None:
    none(
        f"{name(path)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    )


def test_engine_and_nodes_read_no_clock() -> None:
    none(
        f"{name(path)}:{line} imports {module}"
        for path in python_files("simulations/engine", "simulations/nodes")
        for line, module in imported(path)
        if module.split(".")[0] in CLOCKS
    )


def test_engine_and_nodes_use_no_shared_chance_and_no_unstable_order() -> None:
    none(
        f"{name(path)}:{node.lineno} calls {ast.unparse(node.func)}"
        for path in python_files("simulations/engine", "simulations/nodes")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in UNSTABLE_CALLS)
            or (ast.unparse(node.func).startswith("random.") and ast.unparse(node.func) != "random.Random")
        )
    )
    none(
        f"{name(path)}:{line} walks through a set"
        for path in python_files("simulations/engine", "simulations/nodes")
        for line in set_iterations(path)
    )


def test_nothing_is_unfinished_or_switched_off() -> None:
    scripts = [path for path in files() if path.suffix in (".py", ".js", ".ts", ".html", ".css", ".sh")]
    none(f"{name(path)}: {found[0]}" for path in scripts for found in UNFINISHED.finditer(path.read_text()))
    none(f"{name(path)}: {found[0]}" for path in js_files() for found in LEFTOVER.finditer(path.read_text()))


def test_no_word_is_out_of_place() -> None:
    texts = [path for path in files() if path.suffix in TEXT]
    none(
        f"{name(path)}: {found[0]}"
        for path in texts
        for found in OUT_OF_PLACE.finditer(path.read_text(errors="replace"))
    )


def test_script_modules_are_acyclic() -> None:
    graph = {
        path: {(path.parent / module).resolve() for module in js_imported(path) if module.startswith(".")}
        for path in js_files()
    }
    while leaves := [path for path, targets in graph.items() if not targets & graph.keys()]:
        for path in leaves:
            del graph[path]
    none(f"{name(path)} is part of a circle of imports" for path in graph)


def test_trace_modules_know_no_page() -> None:
    page = re.compile(r"(?<![.\w])(document|window|localStorage)\s*[.\[]")
    none(
        f"{name(path)}: {found[0]}"
        for path in js_files("static/js/trace")
        for found in page.finditer(re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S))
    )


def test_locks_pin_every_library_by_hash() -> None:
    for lock in ROOT.glob("requirements*.txt"):
        pins = re.findall(r"^([a-z][\w.-]*)(.*?)(?=^[a-z]|\Z)", lock.read_text(), re.M | re.S)
        assert pins
        none(f"{lock.name}: {library}" for library, rest in pins if "==" not in rest or "--hash=sha256:" not in rest)
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    none(f"package-lock.json: {place}" for place, entry in packages.items() if place and "integrity" not in entry)
    none(f"package-lock.json: {place} names a host" for place, entry in packages.items() if "resolved" in entry)


def test_no_coroutine_waits_in_an_except_or_finally_block() -> None:
    """Compiled, the exception would stay the interpreter's current one, and chain to all that are raised later."""
    for path in python_files("simulations/engine", "simulations/nodes"):
        for found in ast.walk(tree(path)):
            if isinstance(found, ast.Try):
                late = [*(line for handler in found.handlers for line in handler.body), *found.finalbody]
                waits = [
                    inner for line in late for inner in ast.walk(line) if isinstance(inner, (ast.Await, ast.Yield))
                ]
                assert not waits, f"{name(path)}:{waits[0].lineno}: wait after the block"


def test_no_handler_compares_after_a_wait_what_it_assigned_before() -> None:
    """A type checker takes the assigned type to last over the wait; compiled, another value is then a TypeError."""
    for path in python_files("simulations/engine", "simulations/nodes"):
        for handler in ast.walk(tree(path)):
            if isinstance(handler, ast.AsyncFunctionDef):
                none(
                    f"{name(path)}:{compared.lineno} compares {ast.unparse(compared.left)}, assigned before the wait"
                    for compared in compared_after_a_wait(handler)
                )
