"""A reader of EDN, the notation that Jepsen writes histories in (github.com/edn-format/edn).

Maps become dicts, vectors and lists tuples, sets frozensets; keywords and symbols are Words; a tagged element is
what it tags; comments and discarded elements are left out. Every text is either read or refused with a line number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

DEPTH_MAX: Final = 64
DIGITS_MAX: Final = 1_000
_TOKEN: Final = re.compile(
    r"""(?P<space>[\s,]+|;[^\n]*|\#![^\n]*)
    |(?P<open>\#\{|\#:{1,2}[\w.\-]*\s*\{|[\[({])
    |(?P<close>[\])}])
    |(?P<discard>\#_)
    |(?P<string>\"(?:[^\"\\]|\\.)*\")
    |(?P<character>\\(?:u[0-9a-fA-F]{4}|[a-zA-Z]+|[^\s]))
    |(?P<symbolic>\#\#[A-Za-z]+)
    |(?P<tag>\#[A-Za-z][^\s,;\"()\[\]{}]*)
    |(?P<word>[^\s,;\"()\[\]{}\\\#][^\s,;\"()\[\]{}\\]*)""",
    re.VERBOSE | re.DOTALL,
)
_INTEGER: Final = re.compile(r"[+-]?(?:0|[1-9]\d*)N?")
_FLOAT: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,6})?M?")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}
_CHARACTERS: Final = {"newline": "\n", "space": " ", "tab": "\t", "return": "\r", "formfeed": "\f", "backspace": "\b"}
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


class Word(str):
    """A keyword (`:read`) or a symbol."""

    __slots__ = ()


class EdnError(ValueError):
    """Why a text is no EDN, and in which line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class _Frame:
    """A collection not closed yet, the element after a tag, or one to be discarded."""

    kind: str
    line: int
    items: list[Any] = field(default_factory=list)


def read_all(text: str, inside: bool = False) -> Iterator[tuple[int, Any]]:
    """Each element at the top of a text, with the line where it begins; `inside`: of a vector or list at the top, each
    of its elements. Raises EdnError.
    """
    frames: list[_Frame] = []
    line = 1
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise EdnError(line, f"Nothing in EDN begins with {text[position : position + 12]!r}.")
        kind, token = str(match.lastgroup), match.group()
        begins = line
        line += token.count("\n")
        position = match.end()
        if kind == "space":
            continue
        if kind in ("open", "discard", "tag"):
            frames.append(_Frame(kind if kind != "open" else token if token == "#{" else token[-1], begins))
            if len(frames) > DEPTH_MAX:
                raise EdnError(line, f"Elements are nested more than {DEPTH_MAX} deep.")
            continue
        if kind == "close":
            if not frames or _CLOSING.get(frames[-1].kind[-1]) != token:
                raise EdnError(line, f'"{token}" closes nothing that was opened.')
            frame = frames.pop()
            if inside and frame.kind in "[(" and not frames:
                continue
            begins, value = frame.line, _collected(frame)
        else:
            value = _atom(kind, token, begins)
        while frames and frames[-1].kind == "tag":
            begins = frames.pop().line
        if frames and frames[-1].kind == "discard":
            frames.pop()
        elif frames and not (inside and len(frames) == 1 and frames[0].kind in "[("):
            frames[-1].items.append(value)
        else:
            yield begins, value
    if frames:
        raise EdnError(frames[-1].line, f'What begins here with "{frames[-1].kind}" never ends.')


def _collected(frame: _Frame) -> Any:
    if frame.kind == "#{":
        return frozenset(hashable(item) for item in frame.items)
    if frame.kind != "{":
        return tuple(frame.items)
    if len(frame.items) % 2:
        raise EdnError(frame.line, "A map has a key without a value.")
    return {hashable(key): value for key, value in zip(frame.items[::2], frame.items[1::2], strict=True)}


def _atom(kind: str, token: str, line: int) -> Any:
    if kind == "string":
        return _ESCAPE.sub(lambda match: _unescaped(match[1], line), token[1:-1])
    if kind == "character":
        name = token[1:]
        return chr(int(name[1:], 16)) if len(name) == 5 and name[0] == "u" else _CHARACTERS.get(name, name)
    if kind == "symbolic":
        return Word(token)
    if token in ("nil", "true", "false"):
        return {"nil": None, "true": True, "false": False}[token]
    if len(token) <= DIGITS_MAX:
        if _INTEGER.fullmatch(token):
            return int(token.removesuffix("N"))
        if _FLOAT.fullmatch(token):
            return float(token.removesuffix("M"))
    return Word(token)


def _unescaped(escape: str, line: int) -> str:
    if len(escape) == 5:
        return chr(int(escape[1:], 16))
    if escape not in _ESCAPES:
        raise EdnError(line, f'"\\{escape}" stands for nothing in an EDN string.')
    return _ESCAPES[escape]


def hashable(value: Any, depth: int = 0) -> Any:
    """A value as one that can be compared and looked up: lists as tuples, maps as sets of pairs.

    Raises ValueError for what is nested too deeply.
    """
    if depth > DEPTH_MAX:
        raise ValueError(f"Values are nested more than {DEPTH_MAX} deep.")
    if isinstance(value, (list, tuple)):
        return tuple(hashable(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return frozenset((hashable(key, depth + 1), hashable(item, depth + 1)) for key, item in value.items())
    if isinstance(value, (set, frozenset)):
        return frozenset(hashable(item, depth + 1) for item in value)
    return value
