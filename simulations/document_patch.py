"""Changing a document: JSON Patch for its variants, PATH=VALUE settings for the command line."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonpatch
import jsonpointer

from simulations.document_base import DOCUMENT_BYTES_MAX, DocumentError, Mistake, did_you_mean, shown

FIXED: Final = ("format", "variants", "expect")
LISTED: Final = ("nodes", "links", "zones", "clusters")


def patched(data: Mapping[str, Any], operations: Sequence[Mapping[str, Any]], path: str) -> dict[str, Any]:
    """The document with a variant's JSON Patch (RFC 6902) applied. Raises DocumentError where one fails."""
    result: Any = {key: copy.deepcopy(value) for key, value in data.items() if key not in ("variants", "expect")}
    for index, operation in enumerate(operations):
        where = f"{path}[{index}]"
        if str(operation.get("path", "")).split("/")[1:2] in [[name] for name in FIXED] or operation.get("path") == "":
            raise DocumentError(
                [
                    Mistake(
                        f"{where}.path",
                        "A variant changes nodes, links, faults and the like, not " + ", ".join(FIXED) + ".",
                    )
                ]
            )
        try:
            result = jsonpatch.JsonPatch([dict(operation)]).apply(result, in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            raise DocumentError(
                [Mistake(where, f"The test of {operation['path']} fails: the scenario does not have this value there.")]
            ) from None
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError):
            raise DocumentError([Mistake(where, _misfit(operation))]) from None
        if operation.get("op") == "copy" and len(json.dumps(result)) > DOCUMENT_BYTES_MAX:
            raise DocumentError([Mistake(where, f"Makes the scenario larger than {DOCUMENT_BYTES_MAX:,} bytes.")])
    return dict(result)


def _misfit(operation: Mapping[str, Any]) -> str:
    name = operation.get("op")
    if name in ("add", "replace", "test") and "value" not in operation:
        return f'The operation "{name}" needs a "value".'
    if name in ("move", "copy") and "from" not in operation:
        return f'The operation "{name}" needs a "from".'
    target = operation.get("from", operation.get("path"))
    example = "/nodes/0/params/concurrency"
    return f"Nothing in the scenario is at {shown(target)}: a path looks like {example} (entries count from 0)."


def with_settings(data: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """The document with `PATH=VALUE` settings applied, such as `nodes.web.params.concurrency=4`.

    Entries are named by id or by index. A value is read as JSON where it is JSON, else as text. Raises DocumentError.
    """
    result: dict[str, Any] = copy.deepcopy(dict(data))
    mistakes: list[Mistake] = []
    for setting in settings:
        try:
            _set(result, setting)
        except DocumentError as error:
            mistakes += error.mistakes
    if mistakes:
        raise DocumentError(mistakes)
    return result


def _set(data: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    steps = path.strip().split(".")
    if not equals or not all(steps):
        raise DocumentError(
            [Mistake(shown(setting), "A setting is PATH=VALUE, such as nodes.web.params.concurrency=4.")]
        )
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    place: Any = data
    for position, step in enumerate(steps[:-1]):
        place = _descend(place, step, steps[: position + 1])
    if isinstance(place, list):
        place[_position(place, steps[-1], steps)] = value
    elif isinstance(place, dict):
        place[steps[-1]] = value
    else:
        raise DocumentError([Mistake(path, f"Nothing can be set inside {shown(place)}.")])


def _descend(place: Any, step: str, walked: Sequence[str]) -> Any:
    if isinstance(place, list):
        return place[_position(place, step, walked)]
    if isinstance(place, dict):
        if step in ("params", "link") or (len(walked) > 2 and walked[-2] == "params"):
            return place.setdefault(step, {})
        if step in place:
            return place[step]
        raise DocumentError(
            [Mistake(".".join(walked), f"Is not in the scenario.{did_you_mean(step, map(str, place))}")]
        )
    raise DocumentError([Mistake(".".join(walked), f"Nothing is inside {shown(place)}.")])


def _position(entries: list[Any], step: str, walked: Sequence[str]) -> int:
    ids = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
    if step in ids:
        return ids.index(step)
    if step.isdecimal() and len(step) < 8 and int(step) < len(entries):
        return int(step)
    names = [name for name in ids if isinstance(name, str)]
    known = f" Known: {', '.join(names[:12])}." if names else f" There are {len(entries)}, counted from 0."
    raise DocumentError([Mistake(".".join(walked), f"Names no entry.{did_you_mean(step, names) or known}")])
