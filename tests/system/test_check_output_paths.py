"""A command must not write the same file twice, or write a file that it reads."""

import os
from pathlib import Path

import pytest

from nebius_cli.core.errors_and_exit_codes import UsageError
from nebius_cli.system.check_output_paths import check_distinct
from tests.support.run import Runner
from tests.support.server import FakeServer


def same(one: Path | str, other: Path | str) -> bool:
    try:
        check_distinct("-o", str(one), [("--export also writes this file", str(other))])
    except UsageError:
        return True
    return False


def test_different_paths_of_the_same_file_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "a").write_bytes(b"")
    os.link(tmp_path / "a", tmp_path / "hard")
    (tmp_path / "soft").symlink_to("a")
    (tmp_path / "way").symlink_to("d")
    for other in ("a", "./a", "d/../a", "hard", "soft"):
        assert same(tmp_path / "a", f"{tmp_path}/{other}")
    assert same(tmp_path / "d/new", tmp_path / "way/new")
    assert not same(tmp_path / "d/new", tmp_path / "new")
    assert not same(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("path", ["-", "/dev/null", "/dev/stdout", "/proc/self/fd/1"])
def test_a_device_may_be_used_for_two_outputs(path: str) -> None:
    assert not same(path, path)


@pytest.mark.parametrize("path", ["x" * 300, "loop", "a/b"])
def test_the_check_ignores_a_path_that_no_file_can_have(path: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a").write_bytes(b"")
    assert not same(tmp_path / path, tmp_path / "other")


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (
            ["complete", "x", "-o", "a.html", "--export", "a.html"],
            "--export a.html\n  -o also writes this file",
        ),
        (
            ["complete", "x", "-o", "link.html", "--export", "a.html"],
            "--export a.html\n  -o also writes this file",
        ),
        (["complete", "-f", "a.html", "-o", "a.html"], "-o a.html\n  -f reads this file"),
        (["complete", "-f", "a.html", "--export", "hard.html"], "--export hard.html\n  -f reads this file"),
        (["complete", "--prompts", "a.html", "-o", "a.html"], "-o a.html\n  --prompts reads this file"),
        (
            ["complete", "x", "--api-key-file", "a.html", "-o", "a.html"],
            "-o a.html\n  --api-key-file reads this file",
        ),
        (
            ["complete", "x", "--model-file", "a.html", "-o", "a.html"],
            "-o a.html\n  --model-file reads this file",
        ),
        (["complete", "--infill", "a.html:1:2", "-o", "a.html"], "-o a.html\n  --infill reads this file"),
        (
            ["complete", "--infill", "link.html:1", "--export", "a.html"],
            "--export a.html\n  --infill reads this file",
        ),
        (
            ["complete", "--template-file", "a.html", "-o", "hard"],
            "-o hard\n  --template-file reads this file",
        ),
        (
            ["complete", "x", "--suffix-file", "a.html", "-o", "hard"],
            "-o hard\n  --suffix-file reads this file",
        ),
        (["complete", "--tokens", "@a.html", "-o", "hard"], "-o hard\n  --tokens reads this file"),
        (
            ["complete", "x", "--extra-body", "@a.html", "-o", "hard"],
            "-o hard\n  --extra-body reads this file",
        ),
        (["complete", "x", "--cacert", "a.html", "-o", "hard"], "-o hard\n  --cacert reads this file"),
        (
            ["score", "--jsonl", "b", "--context-file", "a.html", "-o", "hard"],
            "-o hard\n  --context-file reads this file",
        ),
        (
            ["score", "--jsonl", "b", "--against-file", "a.html", "--summary", "hard"],
            "--summary hard\n  --against-file reads this file",
        ),
        (
            ["bulk", "b", "--template-file", "a.html", "-o", "hard"],
            "-o hard\n  --template-file reads this file",
        ),
        (
            ["bulk", "b", "--template-file", "a.html", "--summary", "hard"],
            "--summary hard\n  --template-file reads this file",
        ),
        (
            ["history", "rerun", "--api-key-file", "a.html", "-o", "hard"],
            "-o hard\n  --api-key-file reads this file",
        ),
        (["view", "a.html", "--export", "a.html"], "--export a.html\n  this is the file to view"),
        (["bulk", "a.html", "--format", "text", "-o", "hard"], "-o hard\n  this is the input"),
    ],
    ids=str,
)
def test_one_file_for_two_purposes_is_a_usage_error(
    args: list[str],
    why: str,
    nbx: Runner,
    server: FakeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.html").write_text("mine")
    Path("link.html").symlink_to("a.html")
    os.link("a.html", "hard.html")
    os.link("a.html", "hard")
    done = nbx(*args)
    assert (done.code, server.requests, Path("a.html").read_text()) == (2, [], "mine")
    assert done.err.startswith(f"nbx: {why}"), done.err
