"""What the tidy tests look at: the repository's files, their syntax trees and imports."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = {".venv", "node_modules", "built", "var", ".build", "staticfiles", "__pycache__", ".git"}
JS_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^;'"]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']""", re.M
)
ORDER_FREE = {"sorted", "len", "any", "all", "min", "max", "set", "frozenset", "bool"}


@cache
def files() -> list[Path]:
    """Every file that belongs to the repository: committed, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        found = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        found = list(ROOT.rglob("*"))
    return sorted(path for path in found if path.is_file() and not is_made(path.relative_to(ROOT).parts))


def is_made(parts: tuple[str, ...]) -> bool:
    return bool(MADE & set(parts)) or parts[0] == ".hypothesis" or parts[0].endswith("_cache")


def python_files(*folders: str) -> list[Path]:
    """Our Python files under these folders (all of them by default), without generated migrations."""
    homes = [ROOT / folder for folder in folders] or [ROOT]
    return [
        path
        for path in files()
        if path.suffix == ".py"
        and "migrations" not in path.parts
        and any(home in (path, *path.parents) for home in homes)
    ]


def js_files(folder: str = "static/js") -> list[Path]:
    return [path for path in files() if path.suffix == ".js" and ROOT / folder in path.parents]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a Python file imports, wherever the statement stands."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, node.module)) if node.module else ".".join(base)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def js_imported(path: Path) -> Iterator[str]:
    """What a script imports."""
    return (found[1] or found[2] for found in JS_IMPORT.finditer(path.read_text()))


def compared_after_a_wait(handler: ast.AsyncFunctionDef) -> list[ast.Compare]:
    """Comparisons by identity of an attribute that the handler has assigned before it waited."""
    lines: dict[str, int] = {}
    for node in ast.walk(handler):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(one, ast.Attribute):
                        lines[ast.unparse(one)] = min(lines.get(ast.unparse(one), one.lineno), one.lineno)
    waits = [node.lineno for node in ast.walk(handler) if isinstance(node, ast.Await)]
    return [
        node
        for node in ast.walk(handler)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Is | ast.IsNot)
        and any(lines.get(ast.unparse(node.left), node.lineno) < wait <= node.lineno for wait in waits)
    ]


def set_names(path: Path) -> set[str]:
    """Names and attributes that this file assigns or annotates as sets."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.AnnAssign | ast.arg):
            target = node.target if isinstance(node, ast.AnnAssign) else node.arg
            if node.annotation is not None and re.match(r"(frozen)?set\b", ast.unparse(node.annotation)):
                names.add(last_name(target))
        elif isinstance(node, ast.Assign) and is_set(node.value, set()):
            names.update(last_name(target) for target in node.targets)
    return names - {""}


def last_name(target: ast.expr | str) -> str:
    if isinstance(target, str):
        return target
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def is_set(value: ast.expr, known: set[str]) -> bool:
    if isinstance(value, ast.Set | ast.SetComp):
        return True
    if isinstance(value, ast.Call):
        function = value.func.value if isinstance(value.func, ast.Subscript) else value.func
        return isinstance(function, ast.Name) and function.id in ("set", "frozenset")
    return isinstance(value, ast.Name | ast.Attribute) and last_name(value) in known


def set_iterations(path: Path) -> Iterator[int]:
    """Lines that walk through a set in its own order, other than inside a function for which order is nothing."""
    known = set_names(path)
    free = {
        id(argument)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDER_FREE
        for argument in node.args
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.For) and is_set(node.iter, known):
            yield node.lineno
        elif isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp) and id(node) not in free:
            yield from (node.lineno for part in node.generators if is_set(part.iter, known))
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple", "iter")
        ):
            yield from (node.lineno for argument in node.args if is_set(argument, known))
