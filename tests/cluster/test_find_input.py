"""The input files of a run on a cluster, and the names by which their rows are identified."""

from pathlib import Path

import pytest

from nebius_cli.cluster.find_input import input_files
from nebius_cli.core.errors_and_exit_codes import UsageError


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    for name in ("one/a.jsonl", "one/deep/b.csv", "one/_skipped.jsonl", "one/notes.md", "two/a.jsonl"):
        (path := tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return [str(tmp_path / "one"), str(tmp_path / "two")]


def test_a_file_is_named_by_its_path_below_the_input(folders: list[str]) -> None:
    _, files, others = input_files(folders[:1], None)
    assert ([file.name for file in files], others) == (["a.jsonl", "deep/b.csv"], 1)
    _, (alone,), _ = input_files([f"{folders[0]}/a.jsonl"], None)
    assert alone.name == ""


def test_files_with_the_same_relative_path_are_named_by_their_full_paths(folders: list[str]) -> None:
    _, files, _ = input_files(folders, None)
    assert [file.name for file in files] == [file.path for file in files]


def test_a_file_that_is_given_twice_is_a_usage_error(folders: list[str]) -> None:
    with pytest.raises(UsageError, match="is named twice"):
        input_files([folders[0], f"{folders[0]}/a.jsonl"], None)
