"""A visitor of the real processes: a cookie jar, the CSRF token, and the `netsplit.1` subprotocol."""

from __future__ import annotations

import http.cookiejar
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgpack
from websockets.sync.client import ClientConnection, connect


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """One browser without a screen."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, data: Any = None) -> Answer:
        return self.request("POST", path, data)

    def request(self, method: str, path: str, data: Any = None) -> Answer:
        headers = {"Content-Type": "application/json"}
        if method != "GET":
            headers["X-CSRFToken"] = self.csrf_token()
        body = data if isinstance(data, bytes) else None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        try:
            with self.opener.open(request, timeout=20) as found:
                return Answer(found.status, found.headers, found.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def csrf_token(self) -> str:
        for _attempt in range(2):
            for cookie in self.jar:
                if cookie.name == "csrftoken":
                    return cookie.value or ""
            self.opener.open(self.base_url + "/", timeout=20).close()
        raise AssertionError("the gallery sets no CSRF cookie")

    # --- runs ---------------------------------------------------------------------------------------------------
    def run(self, document: dict[str, Any], **more: Any) -> str:
        """Asks for a run; its viewing."""
        answer = self.post("/api/runs", {"document": document, **more})
        assert answer.status == 201, answer.body
        return str(answer.json()["viewing"])

    def status(self, viewing: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/runs/{viewing}").json()
        return found

    def connect(self, viewing: str, **options: Any) -> ClientConnection:
        parts = urlsplit(self.base_url)
        options.setdefault("subprotocols", ["netsplit.1"])
        options.setdefault("origin", self.base_url)
        options.setdefault("additional_headers", {"Cookie": "; ".join(f"{one.name}={one.value}" for one in self.jar)})
        return connect(f"ws://{parts.netloc}/ws/runs/{viewing}/", max_size=None, **options)

    def watch(self, viewing: str, *, first: int = 0, window: int = 8, seconds: float = 30) -> Watched:
        """Follows a run to its end, acknowledging each chunk."""
        with self.connect(viewing) as socket:
            socket.send(json.dumps({"from": first, "window": window}))
            watched = Watched()
            end = time.monotonic() + seconds
            while not watched.end:
                watched.take(socket, max(0.1, end - time.monotonic()))
            return watched


@dataclass
class Watched:
    """What came over a socket."""

    statuses: list[dict[str, Any]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        return [msgpack.unpackb(chunk)["n"] for chunk in self.chunks]

    def take(self, socket: ClientConnection, seconds: float, *, acknowledge: bool = True) -> None:
        """One frame."""
        frame = socket.recv(seconds)
        if isinstance(frame, bytes):
            self.chunks.append(frame)
            if acknowledge:
                socket.send(json.dumps({"ack": self.numbers[-1]}))
            return
        message = json.loads(frame)
        if message["type"] == "end":
            self.end = message
        else:
            self.statuses.append(message)


def scenario(title: str = "A test", **more: Any) -> dict[str, Any]:
    """A client, a service, a link: a run of a few milliseconds."""
    return {
        "format": "netsplit/1",
        "title": title,
        "seed": 1,
        "duration_ms": 1000,
        "nodes": [{"id": "client", "type": "client"}, {"id": "service", "type": "service"}],
        "links": [{"id": "wire", "a": "client", "b": "service"}],
        **more,
    }


def busy_scenario(simulated_s: float, rate_per_s: int = 2000, **more: Any) -> dict[str, Any]:
    """Much traffic: about two messages and some state for each request."""
    nodes = [
        {"id": "client", "type": "client", "params": {"rate_per_s": rate_per_s}},
        {"id": "service", "type": "service", "params": {"concurrency": 100}},
    ]
    return scenario("Busy", nodes=nodes, duration_ms=simulated_s * 1000, **more)
