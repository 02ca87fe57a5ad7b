"""The sources of node types as people read them."""

from __future__ import annotations

import pytest

from simulations.catalogue import node_types
from simulations.node_sources import kept_by, lines, path_of, source


@pytest.mark.parametrize("name", node_types())
def test_every_type_shows_its_file_word_for_word(name: str) -> None:
    found = source(name)
    assert found["source"].startswith(path_of(node_types()[name]).read_text())
    assert ["".join(word for _sort, word in line) for line in found["lines"]] == found["source"].splitlines()
    assert found["file"].startswith("simulations/nodes/")


def test_what_a_type_extends_is_shown_after_it() -> None:
    found = source("database")
    assert found["file"] == "simulations/nodes/database.py + simulations/engine/server.py"
    handler = next(one for one in found["handlers"] if one["name"] == "on_request")
    assert found["source"].splitlines()[handler["first_line"] - 1].strip().startswith("def on_request(")


def test_handlers_are_told_with_their_places() -> None:
    found = source("register")
    handler = next(one for one in found["handlers"] if one["name"] == "on_read")
    rows = found["source"].splitlines()
    assert rows[handler["first_line"] - 1].strip().startswith("async def on_read(")
    assert rows[handler["last_line"] - 1].strip() == "return Value(found.value)"
    assert handler["waits"]
    assert next(one for one in found["handlers"] if one["name"] == "keep")["doc"].startswith("Keep what is newer.")


def test_words_have_sorts() -> None:
    assert lines("def f(self):\n    return len('a')  # why\n") == [
        [("keyword", "def"), ("", " "), ("name", "f"), ("", "("), ("self", "self"), ("", "):")],
        [
            ("", "    "),
            ("keyword", "return"),
            ("", " "),
            ("built-in", "len"),
            ("", "("),
            ("string", "'a'"),
            ("", ")  "),
            ("comment", "# why"),
        ],
    ]


def test_a_text_over_several_lines_keeps_its_sort() -> None:
    assert lines('x = """a\nb"""\n') == [[("", "x = "), ("string", '"""a')], [("string", 'b"""')]]


def test_what_a_process_keeps_is_read_from_its_classes() -> None:
    kept = kept_by(node_types()["register"])
    assert kept[:3] == ("entries", "issued", "past")
    assert "cause" not in kept
    assert kept_by(node_types()["client"])[:2] == ("in_flight", "issued")


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(KeyError):
        source("../settings")
