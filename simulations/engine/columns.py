"""Columns: lists of numbers as the narrowest little-endian array that holds them, above an offset."""

from __future__ import annotations

from struct import pack as struct_pack
from struct import unpack as struct_unpack
from typing import Any

from librt.strings import BytesWriter, write_i16_le, write_i32_le
from mypy_extensions import i16, i32, i64, u8

from simulations.engine.kernel import COMPILED

_CODES = {"u8": "B", "u16": "H", "u32": "I", "i32": "i", "f64": "d"}
_WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "i32": 4, "f64": 8}


def pack(values: list[int]) -> dict[str, Any]:
    """A column of integers: {"t": type, "o": offset, "b": bytes}; element i is offset + the i-th number of the array.

    Numbers that span 2^32 or more travel as 64-bit floats, exact to 2^53.
    """
    if not values:
        return {"t": "u8", "o": 0, "b": b""}
    low = high = values[0]
    for value in values:
        if value < low:
            low = value
        elif value > high:
            high = value
    span = high - low
    if span >= 1 << 32:
        return {"t": "f64", "o": 0, "b": _bytes("f64", values)}
    kind = "u8" if span < 1 << 8 else "u16" if span < 1 << 16 else "u32"
    shifted = values if low == 0 else [value - low for value in values]
    return {"t": kind, "o": low, "b": _bytes(kind, shifted)}


def pack_below(values: list[int], bound: int) -> dict[str, Any]:
    """A column of integers from 0 to below `bound`, whose width is known without looking at them."""
    kind = kind_below(bound)
    return {"t": kind, "o": 0, "b": _bytes(kind, values)}


def kind_below(bound: int) -> str:
    """The narrowest kind for integers from 0 to below `bound`."""
    return "u8" if bound <= 1 << 8 else "u16" if bound <= 1 << 16 else "u32"


def pack_ids(values: list[int]) -> dict[str, Any]:
    """A column of numbers of messages or operations, or −1."""
    return {"t": "i32", "o": 0, "b": _bytes("i32", values)}


def pack_times(values: list[int], start_ns: int) -> dict[str, Any]:
    """A column of nanoseconds, counted from the chunk's start, which is never as much as 2^32 (4.29 s) before."""
    if not COMPILED:
        return {"t": "u32", "o": start_ns, "b": _bytes("u32", [value - start_ns for value in values])}
    column = Column("u32", start_ns)
    for value in values:
        column.put(value)
    return column.packed()


class Column:
    """A column that is written number by number. Compiled, that makes no object of any of them; interpreted, it is
    slower than to pack a list.
    """

    def __init__(self, kind: str, offset: int) -> None:
        self.kind = kind
        self.offset: i64 = offset
        self.width: i64 = _WIDTHS[kind]
        self.out = BytesWriter()

    def put(self, value: i64) -> None:
        """Write the next number, which fits once the offset is taken off."""
        value -= self.offset
        if self.width == 1:
            self.out.append(u8(value))
        elif self.width == 2:
            write_i16_le(self.out, i16(value))
        else:
            write_i32_le(self.out, i32(value))

    def packed(self) -> dict[str, Any]:
        """The column as `pack` gives it."""
        return {"t": self.kind, "o": self.offset, "b": self.out.getvalue()}


def _bytes(kind: str, values: list[int]) -> bytes:
    """Little-endian bytes of numbers that fit the kind."""
    return bytes(values) if kind == "u8" else struct_pack(f"<{len(values)}{_CODES[kind]}", *values)


def unpack(column: Any) -> list[Any]:
    """The list behind a column, packed or plain."""
    if isinstance(column, list):
        return column
    kind = column["t"]
    data = column["b"]
    values = struct_unpack(f"<{len(data) // _WIDTHS[kind]}{_CODES[kind]}", data)
    if kind == "f64":
        return [int(value) for value in values]
    offset = column["o"]
    return list(values) if offset == 0 else [offset + value for value in values]
