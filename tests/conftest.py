"""Fixtures for every folder of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real processes, one set for each test worker; they are ended with the session."""
    running = Stack(tmp_path_factory.mktemp("stack") / "data")
    try:
        running.start()
        yield running
    finally:
        running.clean_up()


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Stack]:
    """Real processes of one test's own, not yet started; for tests that break them."""
    own = Stack(tmp_path / "data")
    try:
        yield own
    finally:
        own.clean_up()
