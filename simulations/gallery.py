"""The gallery's files: one scenario document each."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent / "scenarios"
EXAMPLE: Final = "client-server"


def files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*.json"))


def example() -> dict[str, Any]:
    """The document on which the editor opens."""
    document: dict[str, Any] = json.loads((FOLDER / f"{EXAMPLE}.json").read_text())
    return document
