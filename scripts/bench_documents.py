"""The scenarios that the browser is measured on, made here and not kept."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def constant(ms: float) -> dict[str, Any]:
    return {"kind": "constant", "value_ms": ms}


def client(number: int, rate_per_s: float, x: float, y: float) -> Document:
    params = {"rate_per_s": rate_per_s, "timeout_ms": 1000}
    return {"id": f"c{number}", "type": "client", "x": x, "y": y, "params": params}


def service(number: int, x: float, y: float) -> Document:
    params = {"concurrency": 1000, "service_time": constant(0.1)}
    return {"id": f"s{number}", "type": "service", "x": x, "y": y, "params": params}


def pairs(count: int, rate_per_s: float, latency_ms: float, duration_ms: float, title: str) -> Document:
    """So many clients, each with a service of its own, in rows of ten pairs."""
    nodes, links = [], []
    for number in range(count):
        x, y = (number % 10) * 400.0, (number // 10) * 80.0
        nodes += [client(number, rate_per_s, x, y), service(number, x + 200, y)]
        latency = {"latency": constant(latency_ms)}
        links.append({"id": f"l{number}", "a": f"c{number}", "b": f"s{number}", "params": latency})
    return {
        "format": "netsplit/1",
        "title": title,
        "seed": 1,
        "duration_ms": duration_ms,
        "nodes": nodes,
        "links": links,
    }


def crowded() -> Document:
    """200 nodes with 2,000 messages in flight: 100 clients, 100 requests a second each, 200 ms there and back."""
    return pairs(100, 100, 100, 4000, "2,000 in flight")


def wide() -> Document:
    """1,000 nodes."""
    return pairs(500, 4, 50, 4000, "1,000 nodes")


def million() -> Document:
    """A million messages: 20 clients, 1,000 requests a second each, for 25 s."""
    return pairs(20, 1000, 4, 25_500, "A million messages")


def lengthy() -> Document:
    """60 s and 50,000 messages, about: four clients with about 100 requests a second."""
    return pairs(4, 104.2, 5, 60_000, "50,000 messages")
