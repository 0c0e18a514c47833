"""The content id of a model file."""

import os
from pathlib import Path

import pytest

from nebius_cli.local.identify_weights import BLOCK_BYTES, BLOCK_COUNT, content_id

SIZE = BLOCK_COUNT * BLOCK_BYTES  # read completely


def test_a_copy_has_the_same_id_under_another_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one.gguf", tmp_path / "other.gguf"
    for path in (one, other):
        path.write_bytes(b"GGUF weights")
    assert content_id(str(one)) == content_id(str(other)) != ""


@pytest.mark.parametrize("offset", [0, SIZE // 2, SIZE - 1], ids=["start", "middle", "end"])
def test_a_changed_byte_changes_the_id(tmp_path: Path, offset: int) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(bytes(SIZE))
    before = content_id(str(path))
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"x")
    assert content_id(str(path)) != before


def test_another_size_changes_the_id_of_a_file_that_is_read_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.touch()
    found = set()
    for size in (2 * SIZE, 2 * SIZE + 1):
        os.truncate(path, size)  # all read blocks hold zeros
        found.add(content_id(str(path)))
    assert len(found) == 2


def test_a_file_that_cannot_be_read_has_no_id(tmp_path: Path) -> None:
    assert content_id(None) == content_id(str(tmp_path)) == content_id(str(tmp_path / "missing")) == ""
