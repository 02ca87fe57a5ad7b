"""Recorded histories from elsewhere, read event by event.

Three notations: JSON lines (`{"process", "type", "f", "key", "value", "time"}`), EDN as Jepsen writes it (one vector of
maps, or a map a line), and lines of Jepsen's log (`INFO  jepsen.util - 3	:invoke	:cas	[0 1]`), of which those that
tell of no operation are skipped. The order of events is the order of the text; where every JSON line bears a time, it
is the order of their times.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from simulations.checks.edn import EdnError, Word, hashable, read_all

TYPES: Final = ("invoke", "ok", "fail", "info")
_LOG_LINE: Final = re.compile(
    r"^(?:.*?jepsen[\w.]*[^\n]*? - |\s*)(?P<process>\d{1,18}|:[\w\-]+)[ \t]+:(?P<type>invoke|ok|fail|info)[ \t]+"
    r"(?P<f>:[^\s]+)(?:[ \t]+(?P<value>.*))?$"
)


class HistoryError(ValueError):
    """Why a history is refused, in which line, and what would be right."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line

    def __str__(self) -> str:
        return f"Line {self.line:,}: {self.args[0]}" if self.line else str(self.args[0])


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a history: an operation is invoked, or comes back ok, fail or info (nobody knows)."""

    line: int
    process: Hashable
    type: str
    f: str
    key: Any
    value: Any
    time: float | None
    error: Any = None


def read_events(text: str, notation: str | None = None) -> tuple[str, list[Event]]:
    """The notation (jsonl, edn, etcd; found out when None) and the events of clients. Raises HistoryError."""
    found = notation or detected(text)
    try:
        events = list(READERS[found](text))
    except EdnError as error:
        raise HistoryError(error.line, f"This is no EDN. {error}") from None
    if found == "jsonl" and all(event.time is not None for event in events):
        events.sort(key=lambda event: event.time or 0)
    return found, events


def detected(text: str) -> str:
    """The notation that a text is most likely in. Raises HistoryError."""
    if re.search(r"^.*\t:(invoke|ok|fail|info)\t", text, re.MULTILINE) and "{:" not in text:
        return "etcd"
    for line in text.splitlines():
        start = line.strip()
        if not start or start.startswith(";"):
            continue
        if re.match(r'\{\s*(\}|"[^"]*"\s*:)', start):
            return "jsonl"
        if start[0] in "[({#":
            return "edn"
        if any(_LOG_LINE.match(other) for other in text.splitlines()):
            return "etcd"
        raise HistoryError(
            1, "This is neither JSON lines, EDN nor a Jepsen log. Say which with --format jsonl, edn or etcd."
        )
    raise HistoryError(0, "The file holds no operation.")


def _json_lines(text: str) -> Iterator[Event]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line, parse_constant=_refused_constant)
        except RecursionError:
            raise HistoryError(number, "Values are nested too deeply.") from None
        except ValueError as error:
            message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise HistoryError(
                number, f"This is no JSON: {message}. Each line is one operation's event, an object."
            ) from None
        event = _event(number, data)
        if event:
            yield event


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _edn(text: str) -> Iterator[Event]:
    for line, item in read_all(text, inside=True):
        if not isinstance(item, dict):
            raise HistoryError(line, "An operation is a map such as {:process 0, :type :invoke, :f :read, :value nil}.")
        event = _event(line, {_name(key): value for key, value in item.items()})
        if event:
            yield event


def _log(text: str) -> Iterator[Event]:
    for number, line in enumerate(text.split("\n"), 1):
        match = _LOG_LINE.match(line.rstrip())
        if not match:
            continue
        process = match["process"]
        if process.startswith(":"):
            continue
        try:
            values = [value for _, value in read_all(match["value"] or "nil")]
        except EdnError as error:
            raise HistoryError(number, f"Its value is no EDN. {error}") from None
        data = {
            "process": int(process),
            "type": match["type"],
            "f": Word(match["f"]),
            "value": values[0] if values else None,
        }
        event = _event(number, data)
        if event:
            yield event


READERS: Final[dict[str, Callable[[str], Iterator[Event]]]] = {"jsonl": _json_lines, "edn": _edn, "etcd": _log}


def _name(value: Any) -> Any:
    return value.removeprefix(":") if isinstance(value, str) else value


def _event(line: int, data: Any) -> Event | None:
    """One event. None for one that is no client's, such as the nemesis'."""
    if not isinstance(data, dict):
        raise HistoryError(line, f"An operation's event is an object. Got {told(data)}.")
    process = data.get("process")
    if process is None:
        raise HistoryError(line, 'It has no "process". Each event names the process that it belongs to.')
    if isinstance(process, Word) or process in ("nemesis", ":nemesis"):
        return None
    kind = _name(data.get("type"))
    if kind not in TYPES:
        raise HistoryError(line, f'Its "type" must be invoke, ok, fail or info. Got {told(data.get("type"))}.')
    f = _name(data.get("f"))
    if not isinstance(f, str) or not f:
        raise HistoryError(line, f'Its "f" must name a function, such as read. Got {told(data.get("f"))}.')
    time = data.get("time")
    if time is not None and (
        isinstance(time, bool) or not isinstance(time, (int, float)) or not math.isfinite(time) or abs(time) > 2**63
    ):
        raise HistoryError(line, f'Its "time" must be a number of nanoseconds. Got {told(time)}.')
    try:
        parts = [hashable(data.get(name)) for name in ("process", "key", "value", "error")]
    except ValueError as error:
        raise HistoryError(line, str(error)) from None
    return Event(line, parts[0], kind, f, parts[1], parts[2], time, parts[3])


def told(value: Any) -> str:
    """A value in a message, cut short."""
    text = "nothing" if value is None else str(value) if isinstance(value, Word) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
