"""The Python source of node types, for people to read: its functions, what a process keeps, and its words by sort."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import tokenize
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulations.catalogue import HERE, node_types
from simulations.engine.node import Node
from simulations.engine.process import Process

SORTS: Final = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}
BUILT_IN: Final = frozenset(vars(builtins))
Words = list[tuple[str, str]]  # (sort or "", text), one after the other


@cache
def source(type_name: str) -> dict[str, Any]:
    """What a page shows of a node type: its file, and those of the classes that it extends. Raises KeyError for an
    unknown type.
    """
    node_type = node_types()[type_name]
    text = text_of(node_type)
    return {
        "type": type_name,
        "file": " + ".join(path.relative_to(HERE.parent).as_posix() for path in paths_of(node_type)),
        "source": text,
        "lines": lines(text),
        "handlers": [found for found in functions(text) if found["method"]],
    }


def paths_of(node_type: type[Node]) -> list[Path]:
    """The files that a type's own classes are made in, its own first."""
    return [path_of(base) for base in node_type.__mro__ if issubclass(base, Node) and base is not Node]


def text_of(node_type: type[Node]) -> str:
    """What these files say, one after the other."""
    return "\n\n".join(path.read_text(encoding="utf-8") for path in paths_of(node_type))


def path_of(of: type) -> Path:
    """The file that a class is made in."""
    return HERE.parent.joinpath(*of.__module__.split(".")).with_suffix(".py")


def functions(text: str) -> list[dict[str, Any]]:
    """Every function of a file and every method of its classes, in the order in which they stand there."""
    tree = ast.parse(text)
    homes: list[tuple[str, list[ast.stmt]]] = [("", tree.body)]
    homes += [(home.name, home.body) for home in tree.body if isinstance(home, ast.ClassDef)]
    return [
        {
            "name": found.name,
            "class": home,
            "method": bool(home),
            "first_line": found.lineno,
            "last_line": found.end_lineno,
            "waits": isinstance(found, ast.AsyncFunctionDef),
            "doc": ast.get_docstring(found) or "",
        }
        for home, body in homes
        for found in body
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def kept_by(node_type: type[Node]) -> tuple[str, ...]:
    """The attributes that a type's own classes give to a process, in the order in which they are first named.

    From the sources, since compiled and interpreted processes are not looked into in the same way.
    """
    common = {name for base in (Process, Node) for name in _assigned(base)}
    bases = [base for base in reversed(node_type.__mro__) if issubclass(base, Node) and base is not Node]
    found = dict.fromkeys(name for base in bases for name in _assigned(base))
    return tuple(name for name in found if name not in common)


def _assigned(base: type) -> list[str]:
    tree = ast.parse(path_of(base).read_text(encoding="utf-8"))
    bodies = [home for home in tree.body if isinstance(home, ast.ClassDef) and home.name == base.__name__]
    targets = [
        target
        for body in bodies
        for statement in ast.walk(body)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for whole in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        for target in (whole.elts if isinstance(whole, ast.Tuple) else [whole])
    ]
    own = [one for one in targets if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self"]
    return [one.attr for one in sorted(own, key=lambda one: (one.lineno, one.col_offset))]


def lines(text: str) -> list[Words]:
    """The words of each line with their sort: keyword, string, comment, number, name (where one is made), or none."""
    found: list[Words] = [[] for _ in text.splitlines()]
    rows = text.splitlines()
    place = (1, 0)
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        sort = _sort(token, before)
        if sort or token.type == tokenize.NAME:
            _put(found, rows, place, token.start, "")
            _put(found, rows, token.start, token.end, sort)
            place = token.end
        if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            before = token.string
    _put(found, rows, place, (len(rows), len(rows[-1]) if rows else 0), "")
    return found


def _sort(token: tokenize.TokenInfo, before: str) -> str:
    if token.type != tokenize.NAME:
        return SORTS.get(token.type, "")
    if before in ("def", "class"):
        return "name"
    if keyword.iskeyword(token.string):
        return "keyword"
    return "self" if token.string == "self" else "built-in" if token.string in BUILT_IN and before != "." else ""


def _put(found: list[Words], rows: list[str], start: tuple[int, int], end: tuple[int, int], sort: str) -> None:
    """Add what stands between two places; neighbours of one sort become one."""
    for row in range(start[0], end[0] + 1):
        if row > len(rows):
            return
        text = rows[row - 1][start[1] if row == start[0] else 0 : end[1] if row == end[0] else None]
        words = found[row - 1]
        if text and words and words[-1][0] == sort:
            words[-1] = (sort, words[-1][1] + text)
        elif text:
            words.append((sort, text))
