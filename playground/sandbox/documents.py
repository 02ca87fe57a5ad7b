"""From a request's JSON to a document: whole and checked to be run or shared, or as it stands to be kept as a draft."""

import json
from typing import Any, Final

from simulations.document import Document, DocumentError, Mistake, parse, refuse_unprintable
from simulations.document_base import DOCUMENT_BYTES_MAX, FORMAT

LISTS: Final = ("nodes", "links", "zones", "clusters", "faults", "expect")


def document_of(data: Any) -> Document:
    """Checked as text, so that size and depth are too. Raises DocumentError."""
    return parse(text_of(data))


def variant_of(document: Document, name: str | None) -> str | None:
    """Raises DocumentError when the document has no such variant."""
    if name and name not in document.variants:
        known = ", ".join(sorted(document.variants)) or "none"
        raise refused("variant", f"There is no variant {name!r}. This document has: {known}.")
    return name or None


def sketch_of(data: Any) -> dict[str, Any]:
    """A document as somebody is drawing it: it may still have mistakes, but the editor can open it again.

    Raises DocumentError when it could not: other format, other shape, too big, too deep, text that cannot be stored.
    """
    text = text_of(data)
    if len(text) > DOCUMENT_BYTES_MAX:
        raise refused("", f"The document has {len(text):,} bytes; the limit is {DOCUMENT_BYTES_MAX:,}.")
    refuse_unprintable(data)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise refused("format", f'Must be "{FORMAT}".')
    if not isinstance(data.get("title", ""), str):
        raise refused("title", "Must be text.")
    for name in LISTS:
        entries = data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise refused(name, "Must be a list of objects.")
    return data


def text_of(data: Any) -> str:
    try:
        return json.dumps(data, allow_nan=False)
    except RecursionError:
        raise refused("", "The document is nested too deeply.") from None
    except ValueError:
        raise refused("", "Numbers must be finite: NaN and Infinity are not.") from None


def refused(path: str, message: str) -> DocumentError:
    return DocumentError([Mistake(path, message)])
