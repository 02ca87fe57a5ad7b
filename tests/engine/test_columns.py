"""Columns: what is packed comes back, in the narrowest type that holds it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.engine.columns import pack, unpack

EXACT = (1 << 53) - 1  # integers up to here are exact as 64-bit floats


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.integers(-EXACT, EXACT)))
def test_numbers_come_back(values: list[int]) -> None:
    assert unpack(pack(values)) == values


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, EXACT // 2), st.lists(st.integers(0, 70_000), min_size=1))
def test_numbers_far_from_zero_come_back(far: int, values: list[int]) -> None:
    shifted = [far + value for value in values]
    assert unpack(pack(shifted)) == shifted


@pytest.mark.parametrize(
    ("values", "kind", "size"),
    [
        ([], "u8", 0),
        ([7, 7 + 255], "u8", 2),
        ([-1, 0, 1], "u8", 3),
        ([10**12, 10**12 + 256], "u16", 4),
        ([0, 65_536], "u32", 8),
        ([0, (1 << 32) - 1], "u32", 8),
        ([0, 1 << 32], "f64", 16),
    ],
)
def test_the_type_is_the_narrowest_that_holds_the_span(values: list[int], kind: str, size: int) -> None:
    column = pack(values)
    assert (column["t"], len(column["b"])) == (kind, size)
    assert unpack(column) == values


def test_bytes_are_little_endian_above_an_offset() -> None:
    assert pack([1000, 1000 + 0x0102]) == {"t": "u16", "o": 1000, "b": b"\x00\x00\x02\x01"}


def test_a_plain_list_stays_itself() -> None:
    assert unpack([None, True, "x", 1.5]) == [None, True, "x", 1.5]


def test_signed_columns_can_be_read() -> None:
    assert unpack({"t": "i32", "o": 0, "b": b"\xff\xff\xff\xff\x02\x00\x00\x00"}) == [-1, 2]
