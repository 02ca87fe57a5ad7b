"""The inspector's form of a fault: a row for whatever the catalogue says that its kind takes."""

from __future__ import annotations

from typing import Any

import pytest

from playground.sandbox.entry_fields import params_of
from playground.sandbox.inspector import fields_of, verdict
from simulations.catalogue import describe
from simulations.document_lists import list_value

ENTRIES: list[dict[str, Any]] = [
    {"kind": "cut", "direction": "b-to-a"},
    {"kind": "loss", "probability": 0.5},
    {"kind": "delay", "latency": {"kind": "exponential", "mean_ms": 5}},
    {"kind": "reorder", "probability": 0.5, "latency": {"kind": "constant", "value_ms": 5}},
    {"kind": "bandwidth", "mbit_per_s": 3},
    {"kind": "tamper", "probability": 0.5, "mends_checksum": True},
    {"kind": "replay", "probability": 0.5, "kinds": ["write"], "delay": {"kind": "constant", "value_ms": 5}},
    {"kind": "spoof", "claims": "a", "to": "b", "message": "read", "rate_per_s": 5},
    {"kind": "byzantine", "behaviour": "silent"},
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_fault_shows_what_it_has(entry: dict[str, Any]) -> None:
    rows = {row.name: row for row in fields_of("fault", entry | {"at_ms": 1}, {}, {})}
    declared = next(fault["params"] for fault in describe()["faults"] if fault["kind"] == entry["kind"])
    assert list(rows) == ["target", *[param["name"] for param in declared], "start", "at_ms", "until_ms"]
    assert all(rows[name].value == value for name, value in entry.items() if name != "kind")


def test_a_direction_is_a_choice_of_three() -> None:
    (direction,) = [info for info in params_of("entry", "fault:cut") if info["name"] == "direction"]
    assert [choice["value"] for choice in direction["choices"]] == ["both", "a-to-b", "b-to-a"]
    assert verdict("entry", "fault:cut", direction, "b-to-a") == ""
    assert "Must be one of" in verdict("entry", "fault:cut", direction, "sideways")


def test_a_share_above_one_is_refused() -> None:
    (share,) = [info for info in params_of("entry", "fault:duplicate") if info["name"] == "probability"]
    assert verdict("entry", "fault:duplicate", share, 2) == "Must be at most 1. Got 2."


def test_lies_are_those_of_the_type_that_tells_them() -> None:
    def offered(of: str) -> list[str]:
        rows = fields_of("fault", {"kind": "byzantine", "behaviour": "silent", "of": of}, {}, {})
        (lie,) = [row for row in rows if row.name == "behaviour"]
        return [choice["value"] for choice in lie.info["choices"]]

    assert offered("load-balancer") == ["silent", "black hole"]
    assert "old values" in offered("register")
    assert offered("") == offered("no such type") == ["silent"]
    subject = "fault:byzantine:register"
    (lie,) = [info for info in params_of("entry", subject) if info["name"] == "behaviour"]
    assert verdict("entry", subject, lie, "old values") == ""
    assert "Must be one of" in verdict("entry", subject, lie, "black hole")


def test_a_fault_that_waits_shows_for_what() -> None:
    when = {"node": "a", "event": "role = leader", "nth": 2}
    rows = {row.name: row.text for row in fields_of("fault", {"kind": "crash", "when": when, "lasts_ms": 5}, {}, {})}
    assert list(rows) == [
        "target",
        "start",
        *(f"when_{name}" for name in ("node", "event", "nth", "after_ms")),
        "lasts_ms",
    ]
    assert (rows["start"], rows["when_event"], rows["when_nth"]) == ("when", "role = leader", "2")
    assert (rows["when_after_ms"], rows["lasts_ms"]) == ("0", "5")


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        ("crash", "when_event", "role = leader", ""),
        ("crash", "when_event", "sometimes", "Must be a field of the state"),
        ("crash", "lasts_ms", 0, "Must be at least"),
        ("partition", "target", [["a"], ["b", "c"]], ""),
        ("partition", "target", [["a"]], "at least 2"),
        ("tamper", "kinds", ["write", "read"], ""),
    ],
)
def test_what_a_fault_takes_is_checked(kind: str, name: str, value: Any, words: str) -> None:
    (info,) = [info for info in params_of("entry", f"fault:{kind}") if info["name"] == name]
    said = verdict("entry", f"fault:{kind}", info, value)
    assert words in said
    assert bool(said) is bool(words)


def test_groups_are_typed_with_bars_between_them() -> None:
    (row,) = [
        row
        for row in fields_of("fault", {"kind": "partition", "target": [["a", "b"], ["c"]]}, {}, {})
        if row.name == "target"
    ]
    assert row.text == "a, b | c"
    assert list_value("groups", "a, b | c") == [["a", "b"], ["c"]]
    assert list_value("words", "write, read") == ["write", "read"]
