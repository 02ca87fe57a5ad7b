"""The gallery's files: one scenario document each."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulations.document_base import FORMAT

FOLDER: Final = Path(__file__).resolve().parent / "scenarios"
EXAMPLE: Final = "client-server"
STARTS: Final = ("client-server", "multi-tier", "cap-partition")  # what an empty canvas offers


def files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*.json"))


def example() -> dict[str, Any]:
    """The document on which the editor opens."""
    document: dict[str, Any] = json.loads((FOLDER / f"{EXAMPLE}.json").read_text())
    return document


def empty() -> dict[str, Any]:
    """A document without parts."""
    return {"format": FORMAT, "title": "Untitled scenario", "seed": 1, "duration_ms": 20_000, "nodes": [], "links": []}


@cache
def starts() -> list[dict[str, str]]:
    """What one may start from in place of nothing: slug and title of each."""
    return [{"slug": slug, "title": json.loads((FOLDER / f"{slug}.json").read_text())["title"]} for slug in STARTS]
