"""The cached model list is read back; a damaged file counts as no list."""

import os
import stat
from pathlib import Path

import pytest

from nebius_cli.models.model_and_price_cache import ModelList, ModelsCache

URL = "https://h.example/v1"


def cached_files(cache_dir: Path) -> list[Path]:
    return sorted((cache_dir / "models").glob("*.json"))


def test_a_list_is_read_back_with_its_time(tmp_path: Path) -> None:
    cache = ModelsCache(tmp_path, URL, "")
    assert cache.read() is None
    stored = ModelList({"data": [{"id": "a", "text": "\ud800 é"}]}, 1000.5)
    cache.write(stored)
    assert cache.read() == stored


def test_each_server_and_project_has_its_own_list(tmp_path: Path) -> None:
    servers = [(URL, ""), (URL, "p1"), ("https://other.example/v1", "")]
    for number, (url, project) in enumerate(servers):
        ModelsCache(tmp_path, url, project).write(ModelList(number, 1.0))
    for number, (url, project) in enumerate(servers):
        assert ModelsCache(tmp_path, url, project).read() == ModelList(number, 1.0)


def test_only_the_owner_can_read_a_list_and_it_has_no_password_of_a_url(tmp_path: Path) -> None:
    ModelsCache(tmp_path, "https://user:hunter2@h.example/v1", "").write(ModelList([], 1.0))
    (path,) = cached_files(tmp_path)
    assert "hunter2" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert ModelsCache(tmp_path, "https://other:password@h.example/v1", "").read() is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 1}',
        '{"format": 99, "asked": ASKED, "fetched_at": 1, "value": []}',
        '{"format": 1, "asked": {"base_url": "x"}, "fetched_at": 1, "value": []}',
        '{"format": 1, "asked": ASKED, "fetched_at": "x", "value": []}',
        '{"format": 1, "asked": ASKED, "fetched_at": NaN, "value": []}',
        '{"format": 1, "asked": ASKED, "value": []}',
        "[" * 100_000,
        "\xff",
    ],
    ids=lambda text: text[:60],
)
def test_a_damaged_file_counts_as_no_list(text: str, tmp_path: Path) -> None:
    cache = ModelsCache(tmp_path, URL, "")
    cache.write(ModelList([], 1.0))
    (path,) = cached_files(tmp_path)
    asked = '{"base_url": "https://h.example/v1", "project": "", "profile": ""}'
    path.write_bytes(text.replace("ASKED", asked).encode("latin-1"))
    assert cache.read() is None


def test_ids_for_completion_are_one_per_line_and_written_only_if_changed(tmp_path: Path) -> None:
    cache = ModelsCache(tmp_path, URL, "")
    cache.write_ids(["a/b", "c"])
    path = tmp_path / "models" / "ids.txt"
    assert path.read_bytes() == b"a/b\nc\n"
    before = path.stat().st_ino
    cache.write_ids(["a/b", "c"])
    assert path.stat().st_ino == before
    cache.write_ids([])
    assert path.read_bytes() == b""


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        ModelsCache(tmp_path, URL, "").write(ModelList([], 1.0))


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device", "a loop"])
def test_a_path_that_is_not_a_file_counts_as_no_list_and_never_blocks(kind: str, tmp_path: Path) -> None:
    cache = ModelsCache(tmp_path, URL, "")
    cache.write(ModelList([], 1.0))
    (path,) = cached_files(tmp_path)
    path.unlink()
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "a device" else path)
    assert cache.read() is None
    assert cache.models() == []
