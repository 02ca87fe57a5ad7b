"""Fixtures for every folder of tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from prepare import bundle_scripts, prepare_database
from tests.stack import Stack


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder with a migrated database and the gallery in it, its pages bundled: once for all test workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "prepared"
    for name in ("run", "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        inherited = {name: value for name, value in os.environ.items() if name not in Stack.NOT_INHERITED}
        bundle_scripts()
        prepare_database(folder, {**inherited, "DATA_DIR": str(folder)})
    return folder


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Stack]:
    """The real processes, one set for each test worker; they are ended with the session."""
    running = Stack(tmp_path_factory.mktemp("stack") / "data", prepared)
    try:
        running.start()
        yield running
    finally:
        running.clean_up()


@pytest.fixture
def new_stack(tmp_path: Path, prepared: Path) -> Iterator[Stack]:
    """Real processes of one test's own, not yet started; for tests that break them."""
    own = Stack(tmp_path / "data", prepared)
    try:
        yield own
    finally:
        own.clean_up()
