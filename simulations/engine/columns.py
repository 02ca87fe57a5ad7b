"""Columns: lists of numbers as the narrowest little-endian array that holds them, above an offset."""

from __future__ import annotations

import sys
from array import array
from typing import Any

_CODES = {"u8": "B", "u16": "H", "u32": "I", "i32": "i", "f64": "d"}
assert sys.byteorder == "little", "Trace columns are laid out little-endian."


def pack(values: list[int]) -> dict[str, Any]:
    """A column of integers: {"t": type, "o": offset, "b": bytes}; element i is offset + the i-th number of the array.

    Numbers that span 2^32 or more travel as 64-bit floats, exact to 2^53.
    """
    if not values:
        return {"t": "u8", "o": 0, "b": b""}
    low = min(values)
    span = max(values) - low
    if span >= 1 << 32:
        return {"t": "f64", "o": 0, "b": array("d", values).tobytes()}
    kind = "u8" if span < 1 << 8 else "u16" if span < 1 << 16 else "u32"
    shifted = values if low == 0 else [value - low for value in values]
    return {"t": kind, "o": low, "b": array(_CODES[kind], shifted).tobytes()}


def pack_below(values: list[int], bound: int) -> dict[str, Any]:
    """A column of integers from 0 to below `bound`, whose width is known without looking at them."""
    kind = "u8" if bound <= 1 << 8 else "u16" if bound <= 1 << 16 else "u32"
    return {"t": kind, "o": 0, "b": array(_CODES[kind], values).tobytes()}


def pack_ids(values: list[int]) -> dict[str, Any]:
    """A column of numbers of messages or operations, or −1."""
    return {"t": "i32", "o": 0, "b": array("i", values).tobytes()}


def pack_times(values: list[int]) -> dict[str, Any]:
    """A column of nanoseconds, as 64-bit floats, exact to 2^53 (104 days)."""
    return {"t": "f64", "o": 0, "b": array("d", values).tobytes()}


def unpack(column: Any) -> list[Any]:
    """The list behind a column, packed or plain."""
    if isinstance(column, list):
        return column
    kind = column["t"]
    values: array[Any] = array(_CODES[kind])
    values.frombytes(column["b"])
    if kind == "f64":
        return [int(value) for value in values]
    offset = column["o"]
    return values.tolist() if offset == 0 else [offset + value for value in values]
