"""Where chunks are kept."""

from pathlib import Path

import pytest

from simulations import chunks


def test_a_chunk_is_found_under_the_hash_of_its_bytes() -> None:
    address = chunks.put(b"what happened")
    assert address == chunks.address_of(b"what happened")
    assert chunks.get(address) == b"what happened"


def test_equal_chunks_are_one_file_and_nothing_else_is_left() -> None:
    chunks.put(b"same")
    chunks.put(b"same")
    assert len([path for path in chunks.folder().rglob("*") if path.is_file()]) == 1


def test_chunks_are_small_on_disk(tmp_path: Path) -> None:
    address = chunks.put(b"\0" * 100_000)
    assert chunks.path_of(address).stat().st_size < 1000


def test_a_missing_chunk_is_said_to_be_missing() -> None:
    with pytest.raises(chunks.ChunkMissing):
        chunks.get("0" * 64)


@pytest.mark.parametrize("damage", [b"", b"rubbish"])
def test_a_damaged_chunk_is_missing_and_can_be_put_again(damage: bytes) -> None:
    address = chunks.put(b"what happened")
    chunks.path_of(address).write_bytes(damage)
    with pytest.raises(chunks.ChunkMissing):
        chunks.get(address)
    chunks.put(b"what happened")
    assert chunks.get(address) == b"what happened"


def test_a_chunk_that_says_something_else_is_missing() -> None:
    address, other = chunks.put(b"one"), chunks.put(b"two")
    chunks.path_of(address).write_bytes(chunks.path_of(other).read_bytes())
    with pytest.raises(chunks.ChunkMissing):
        chunks.get(address)
