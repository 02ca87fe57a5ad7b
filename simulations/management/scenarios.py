"""Scenarios as commands are told of them: by a slug of the gallery, or by a file."""

from __future__ import annotations

from pathlib import Path

from simulations import gallery
from simulations.document_base import DOCUMENT_BYTES_MAX, did_you_mean


class Unreadable(ValueError):
    """There is no such scenario; the words say what there is instead."""


def scenario_text(name: str) -> bytes:
    """The text of a gallery scenario or of a file. Raises Unreadable."""
    known = {path.stem: path for path in gallery.files()}
    path = known.get(name, Path(name))
    try:
        with path.open("rb") as file:
            return file.read(DOCUMENT_BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        hint = did_you_mean(name, known) or f" Scenarios: {', '.join(known)}."
        raise Unreadable(f'There is neither a scenario nor a file "{name}".{hint}') from None
    except OSError as error:
        raise Unreadable(f'The file "{name}" cannot be read: {error.strerror or error}.') from None
