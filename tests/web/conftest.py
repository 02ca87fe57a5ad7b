"""Visitors: of the application in this process, and of the real processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.stack import Stack
from tests.web.visitor import Visitor


class Caller:
    """The JSON API as a page calls it, with the CSRF token; `client` is the browser."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.cookies["csrftoken"] = "t" * 32

    def __call__(self, method: str, path: str, data: Any = None) -> Any:
        body = data if isinstance(data, bytes) else json.dumps(data)
        return self.client.generic(method, path, body, "application/json", headers={"X-CSRFToken": "t" * 32})

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, data: Any = None) -> Any:
        return self("POST", path, data)

    def put(self, path: str, data: Any = None) -> Any:
        return self("PUT", path, data)

    def delete(self, path: str) -> Any:
        return self("DELETE", path)


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def new_caller() -> Callable[[], Caller]:
    return Caller


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, settings: Any, request: pytest.FixtureRequest) -> None:
    """Chunks of tests in this process go to a folder of their own; nothing is said to a broker."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Runs that would have been sent to a worker, by id."""
    sent: list[int] = []
    monkeypatch.setattr("simulations.runs.send", sent.append)
    monkeypatch.setattr("simulations.runs.announce", lambda run_id: None)
    monkeypatch.setattr("simulations.computing.announce", lambda run_id: None)
    monkeypatch.setattr("simulations.broker.queue_length", lambda queue: 0)
    return sent


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    return Visitor(stack.base_url)
