"""What is no document, what is too large for one, and how long the checks take."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from simulations.document import DocumentError, parse
from tests.test_document import changed, mistakes, sound


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "JSON object"),
        ('"x"', "JSON object"),
        ("[" * 100_000, "nested more than 64"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested more than 64"),
        ('{"format": NaN}', "NaN"),
        ('{"format": -Infinity}', "Infinity"),
        ('{"seed": 1e999, "format": "netsplit/1", "nodes": []}', "finite"),
        ('{"seed": ' + "9" * 10_000 + "}", "too many digits"),
        ('{"format": 1, "format": 2}', "stands twice"),
        ('{"title": "\\ud800", "format": "netsplit/1", "nodes": []}', "control characters"),
        (" " * 1_000_001, "the limit is 1,000,000"),
        (b"\xff\xfe", "not UTF-8"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_text_that_is_no_document_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        parse(text)
    assert words in str(refused.value)


def test_brackets_inside_texts_are_no_nesting() -> None:
    assert parse(json.dumps({"format": "netsplit/1", "nodes": [], "title": "[" * 90 + '"\\'})).title.startswith("[[")


def test_deep_plain_data_is_refused_without_recursion() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert "nested" in mistakes(changed("nodes.0.params.rate_per_s", deep))[""]


def test_too_many_nodes_are_refused_before_they_are_spelled_out() -> None:
    data = {"format": "netsplit/1", "nodes": [{"id": f"n{i}", "type": "service", "count": 1000} for i in range(3)]}
    assert "3,000 nodes, counts included; the limit is 2,000" in mistakes(data)["nodes"]
    data["nodes"] = [{"id": f"n{i}", "type": "service"} for i in range(10_000)]
    assert "at most 2000 entries" in mistakes(data)["nodes"]


def test_too_many_links_are_refused_before_they_are_spelled_out() -> None:
    nodes = [{"id": name, "type": "service", "count": 1000} for name in ("a", "b")]
    data = {"format": "netsplit/1", "nodes": nodes, "links": [{"id": "l", "a": "a", "b": "b"}]}
    assert "10,000 links" in mistakes(data)["links"]


def test_a_thousand_nodes_are_checked_in_less_than_a_second() -> None:
    nodes: list[dict[str, Any]] = [{"id": "c", "type": "client"}]
    nodes += [{"id": f"s{i}", "type": "service", "x": i, "y": i, "params": {"concurrency": 2}} for i in range(999)]
    links = [{"id": f"l{i}", "a": "c", "b": f"s{i}", "params": {"latency": 3}} for i in range(999)]
    text = json.dumps({"format": "netsplit/1", "nodes": nodes, "links": links})
    started = time.process_time()
    document = parse(text)
    assert len(document.physical()["nodes"]) == 1000
    assert time.process_time() - started < 1


def test_a_document_full_of_mistakes_is_refused_soon() -> None:
    nodes = [{"id": f"node-{i}", "type": "servic", "params": {"a": 1}} for i in range(2000)]
    links = [{"id": f"l{i}", "a": f"nod-{i}", "b": "x", "params": {"los": 1}} for i in range(8000)]
    claims = [{"claim": "c", "left": {"+": [{"metric": "ops.totl"}] * 50}, "op": "<", "right": 1}] * 100
    started = time.process_time()
    for data in ({"nodes": nodes, "links": links}, {"nodes": [], "expect": claims}):
        with pytest.raises(DocumentError) as refused:
            parse(json.dumps({"format": "netsplit/1", **data}))
        assert len(refused.value.mistakes) == 100
    assert time.process_time() - started < 3


def test_claims_may_not_name_metrics_without_end() -> None:
    many = {"+": [{"metric": "ops.total"}] * 50}
    data = sound()
    data["expect"] = [{"claim": "c", "left": many, "op": "<", "right": 1}] * 11
    assert "550 metrics; the limit is 500" in mistakes(data)["expect"]
