"""The reader of EDN: what it reads, and that it refuses the rest with a line."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.edn import DEPTH_MAX, EdnError, Word, read_all


def read(text: str) -> list[Any]:
    return [value for _, value in read_all(text)]


def test_reads_every_kind_of_element() -> None:
    assert read('nil true false 12 -3N 1.5 2e3 4.0M "a\\n\\"\\u0041" \\a \\newline :key/word sym') == (
        [None, True, False, 12, -3, 1.5, 2000.0, 4.0, 'a\n"A', "a", "\n", ":key/word", "sym"]
    )
    assert read("[1 (2 3) #{4 4} {:a [1], :b {}}]") == [(1, (2, 3), frozenset({4}), {":a": (1,), ":b": {}})]
    assert isinstance(read(":key")[0], Word)


def test_comments_discarded_elements_and_tags_are_seen_through() -> None:
    assert read("; note\n[1 #_ 2 #_[3 #_ 4] 5] #inst #x 6 #jepsen.history.Op{:f :read}") == [(1, 5), 6, {":f": ":read"}]


def test_lines_are_told_within_a_vector_too() -> None:
    assert [line for line, _ in read_all("[{:a 1}\n {:a\n 2}\n {:a 3}]", inside=True)] == [1, 2, 4]
    assert [line for line, _ in read_all("{:a 1}\n\n{:a 2}", inside=True)] == [1, 3]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[1\n[2", 2),
        ("[1\n2)", 2),
        ("]", 1),
        ("{:a}", 1),
        ('"open', 1),
        ('\n"\\q"', 2),
        ("#tag", 1),
        ("#_", 1),
        ("[" * (DEPTH_MAX + 1), 1),
        ("\\", 1),
    ],
)
def test_refuses_the_rest_with_its_line(text: str, line: int) -> None:
    with pytest.raises(EdnError) as refused:
        read(text)
    assert refused.value.line == line


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(st.sampled_from(list('[]{}()#_"\\:;,.-+eEnMN 01x\n\té\0')), max_size=40))
def test_every_text_is_read_or_refused(text: str) -> None:
    with suppress(EdnError):
        read(text)
