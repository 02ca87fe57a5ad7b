"""Parameters that are lists (times, request classes, words, groups): as JSON in the document, as text in a form."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from simulations.document_base import Entry, Identifier, Instant, Number, Reference, Whole

PRIORITY_MAX: Final = 1000


class RequestClass(Entry):
    """A class of requests: its share beside the other classes' shares, and its priority (higher is served first)."""

    name: Identifier
    share: Annotated[Number, Field(gt=0, le=1_000_000)] = 1
    priority: Annotated[Whole, Field(ge=0, le=PRIORITY_MAX)] = 0


def _named_once(classes: list[RequestClass]) -> list[RequestClass]:
    names = [entry.name for entry in classes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PydanticCustomError("twice", f'Each class has a name of its own; "{twice}" stands twice')
    return classes


LISTS: Final[dict[str, Any]] = {
    "times": list[Instant],
    "classes": Annotated[list[RequestClass], AfterValidator(_named_once)],
    "words": list[Reference],
    "groups": Annotated[list[Annotated[list[Reference], Field(min_length=1)]], Field(min_length=2)],
}


def list_text(kind: str, value: Any) -> str:
    """A list as it stands in a form: `0, 12.5, 40`, `gold 20 1, silver 80`, or `a, b | c` for groups."""
    if not isinstance(value, list):
        return ""
    if kind == "groups":
        return " | ".join(", ".join(map(str, group)) for group in value if isinstance(group, list))
    if kind in ("times", "words"):
        return ", ".join(str(entry) for entry in value)
    keys = ("name", "share", "priority")
    return ", ".join(
        " ".join(str(entry[key]) for key in keys if key in entry) for entry in value if isinstance(entry, dict)
    )


def list_value(kind: str, text: str) -> list[Any]:
    """The list that a text stands for. Raises ValueError for what is no number where one belongs."""
    if kind == "groups":
        return [group.replace(",", " ").split() for group in text.split("|")]
    entries = [entry.split() for entry in text.replace(";", ",").replace("\n", ",").split(",") if entry.strip()]
    if kind == "times":
        return [_number(word) for words in entries for word in words]
    if kind == "words":
        return [word for words in entries for word in words]
    found: list[Any] = []
    for name, *numbers in entries:
        if len(numbers) > 2:
            raise ValueError(name)
        found.append({"name": name} | dict(zip(("share", "priority"), map(_number, numbers), strict=False)))
    return found


def _number(word: str) -> float:
    value = float(word)
    return int(value) if value.is_integer() else value
