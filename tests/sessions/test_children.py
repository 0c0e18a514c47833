"""Programs that nbx starts get its environment without the key."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nebius_cli.config import find_api_key
from tests.support.canary import CANARY
from tests.support.run import Runner

Make = Callable[[str, str], str]


@pytest.fixture
def program(tmp_path: Path) -> Make:
    """Return a function that makes a program that writes its environment to `environ.NAME`."""

    def make(name: str, script: str) -> str:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\nenv > '{tmp_path}/environ.{name}'\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return make


def seen(tmp_path: Path, name: str) -> str:
    text = (tmp_path / f"environ.{name}").read_text()
    assert "PATH=" in text
    return text


def test_the_editor_does_not_get_the_key(nbx: Runner, program: Make, tmp_path: Path) -> None:
    done = nbx.process("config", "edit", env={"EDITOR": program("ed", "exit 0")})
    assert done.code == 0, done.err
    assert CANARY not in seen(tmp_path, "ed")


def test_a_shell_that_nbx_starts_does_not_get_the_key(nbx: Runner, program: Make, tmp_path: Path) -> None:
    folder = Path(program("bash", "exit 0")).parent
    environ = {"HOME": str(tmp_path), "PATH": f"{folder}:/usr/bin:/bin", "SHELL": "/bin/bash"}
    assert nbx.process("completion", "install", "bash", env=environ).code == 0
    assert CANARY not in seen(tmp_path, "bash")


def test_api_key_command_does_not_get_another_key(program: Make, tmp_path: Path) -> None:
    environ = {**os.environ, "NEBIUS_API_KEY": CANARY}
    assert find_api_key.from_command([program("keys", "echo another-key")], environ).reveal() == "another-key"
    assert CANARY not in seen(tmp_path, "keys")


@pytest.mark.parametrize("what", ["pip", "llama_cpp_engine_process"])
def test_pip_and_the_engine_do_not_get_the_key(what: str, nbx: Runner, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if {what!r} in ' '.join(sys.orig_argv):\n"
        f"    with open({str(tmp_path / 'environ.child')!r}, 'w') as file:\n"
        "        file.write('\\n'.join(f'{k}={v}' for k, v in os.environ.items()))\n"
    )
    gguf = tmp_path / "broken.gguf"
    gguf.write_bytes(b"GGUF")
    environ = {
        "PYTHONPATH": f"{site}:{':'.join(path for path in sys.path if path)}",
        "NBX_CACHE_DIR": str(tmp_path / "cache"),
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
        "PIP_RETRIES": "0",
    }
    if what == "pip":
        assert nbx.process("local", "pull", env=environ).code == 7
    else:
        assert nbx.process("complete", "x", "--model-file", str(gguf), env=environ).code == 78
    assert CANARY not in seen(tmp_path, "child")
