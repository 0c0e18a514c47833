"""The real engine with real weights: it answers, prints nothing, and ends together with nbx."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nebius_cli.core.errors_and_exit_codes import ConfigError, NetworkError, UsageError
from nebius_cli.local.start_llama_cpp_server import MAX_CONTEXT_TOKENS, Engine
from nebius_cli.system import end_stuck_child
from tests.support.weights import real_weights

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parent.parent.parent

# A separate process: starts the engine, prints its base URL and does what the last argument says.
SCRIPT = """
import os, signal, sys, urllib.request
from pathlib import Path
from nebius_cli.local.start_llama_cpp_server import Engine
engine = Engine(Path(sys.argv[1]))
with engine:
    if sys.argv[2] == "stay while loading":
        print(engine._child.process.pid, flush=True)
        engine.ready()
    if sys.argv[2] == "leave while loading":
        sys.exit(3)
    request = urllib.request.Request(
        engine.base_url + "/completions",
        b'{"prompt": "Once", "max_tokens": 8000, "ignore_eos": true, "stream": true}',
        {"Authorization": "Bearer " + engine.key.reveal(), "Content-Type": "application/json"},
    )
    stream = urllib.request.urlopen(request)
    stream.readline()
    print(engine.base_url, flush=True)
    if sys.argv[2] == "leave":
        sys.exit(3)
    for line in stream:
        pass
"""


@pytest.fixture(scope="module")
def model() -> Path:
    return real_weights()


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[Engine]:
    with Engine(model) as running:
        yield running


def ask(engine: Engine, key: str | None = None, **body: Any) -> Any:
    """Return the answer to a completion, parsed."""
    headers = {"Authorization": f"Bearer {key or engine.key.reveal()}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{engine.base_url}/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_closed(port: int) -> None:
    deadline = time.monotonic() + 30
    while listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(model: Path, what: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", SCRIPT, str(model), what]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def port_of(base_url: str) -> int:
    return int(base_url.strip().removesuffix("/v1").rpartition(":")[2])


def test_an_answer_has_the_name_of_the_model_and_not_its_path(engine: Engine, model: Path) -> None:
    answer = ask(engine, prompt="The capital of France is", max_tokens=2, temperature=0)
    assert answer["choices"][0]["text"] == " Paris."
    assert answer["model"] == engine.model == model.stem
    assert str(model.parent) not in json.dumps(answer)


def test_a_wrong_key_is_refused(engine: Engine) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(engine, key="guess", prompt="x")
    with caught.value as answer:
        assert answer.code == 401


def test_several_choices_and_several_prompts_fit_in_one_request(engine: Engine) -> None:
    answer = ask(engine, prompt="Once", n=4, max_tokens=1)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    answer = ask(engine, prompt=["One", "Two", "Three"], max_tokens=1)
    assert len(answer["choices"]) == 3


def test_a_prompt_may_use_the_whole_context_and_not_more(engine: Engine) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(engine, prompt=[28] * 9000)
    with caught.value as answer:
        assert json.load(answer)["error"]["n_ctx"] == 8192


def test_leaving_the_block_while_loading_or_generating_prints_nothing(model: Path) -> None:
    for what in ("leave while loading", "leave"):
        child = start(model, what)
        out, err = child.communicate(timeout=60)
        assert (child.returncode, err) == (3, "")
        if out:
            assert not listens(port_of(out))


def test_ctrl_c_in_the_middle_of_a_stream_ends_both_processes(model: Path) -> None:
    child = start(model, "read")
    assert child.stdout is not None
    port = port_of(child.stdout.readline())
    os.killpg(child.pid, signal.SIGINT)  # to the whole process group, like a terminal
    out, err = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
    assert out == ""
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert not listens(port)


def test_the_engine_does_not_outlive_a_killed_nbx(model: Path) -> None:
    child = start(model, "read")
    assert child.stdout is not None
    port = port_of(child.stdout.readline())
    child.kill()
    child.communicate(timeout=60)
    wait_until_closed(port)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="no signal for the end of a parent process")
def test_an_engine_that_is_loading_does_not_outlive_a_killed_nbx(model: Path) -> None:
    child = start(model, "stay while loading")
    assert child.stdout is not None
    pid = int(child.stdout.readline())
    loads = Path(f"/proc/{pid}/maps")
    deadline = time.monotonic() + 30
    while "xllamacpp" not in loads.read_text():  # from here on, it holds the interpreter lock
        assert time.monotonic() < deadline
    child.kill()
    child.communicate(timeout=60)
    deadline = time.monotonic() + 1
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_engine_stopped_by_a_signal_while_loading_is_killed_and_reported(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_stuck_child, "STOPPED_TIMEOUT_S", 1.0)
    with Engine(model) as engine:
        engine._child.process.send_signal(signal.SIGSTOP)
        with pytest.raises(NetworkError, match="the local engine stopped unexpectedly") as caught:
            engine.ready()
    assert "a signal stopped it" in caught.value.why


def test_an_engine_may_be_stopped_twice_and_started_on_a_given_port(model: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    engine = Engine(model, port=port)
    with engine:
        engine.ready()
        assert engine.base_url == f"http://127.0.0.1:{port}/v1"
        with pytest.raises(UsageError, match="is already in use"), Engine(model, port=port) as second:
            second.ready()
    engine.stop()
    assert not listens(port)


@pytest.mark.parametrize("size", [100, 5_000_000])
def test_a_truncated_model_is_refused_with_the_engines_reason(model: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.gguf"
    with model.open("rb") as whole:
        cut.write_bytes(whole.read(size))
    with pytest.raises(ConfigError, match=r"cannot load .*cut\.gguf") as caught, Engine(cut) as engine:
        engine.ready()
    wanted = "failed to load model" if size == 100 else "corrupted or incomplete"
    assert wanted in caught.value.why


def test_a_file_that_is_not_a_model_is_refused_before_the_engine_starts(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("GGU")
    with pytest.raises(ConfigError, match="is not a GGUF file"):
        Engine(tmp_path / "notes.gguf")
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path / "absent.gguf", tmp_path, tmp_path / "pipe.gguf"):
        with pytest.raises(UsageError, match="cannot read the model"):
            Engine(path)


@pytest.mark.parametrize(("trained", "asked"), [(2048, 8192), (1 << 20, 4 * MAX_CONTEXT_TOKENS), (None, 0)])
def test_the_context_is_the_models_own_up_to_a_limit(tmp_path: Path, trained: int | None, asked: int) -> None:
    key = b"llama.context_length" if trained else b"llama.block_count"
    made_up = tmp_path / "made-up.gguf"
    made_up.write_bytes(b"GGUF" + bytes(20) + key + struct.pack("<II", 4, trained or 30) + bytes(100))
    assert Engine(made_up, caches=4)._launch_options["context"] == asked


def test_without_the_engine_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    script = (
        "from nebius_cli.local import start_llama_cpp_server as engine\n"
        "try: engine.require_engine()\n"
        "except engine.ConfigError as error: print(error.what, error.hint)"
    )
    done = subprocess.run(
        [bare / "bin" / "python", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("the local engine is not installed pip install")


def test_a_dead_engine_process_is_reported(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(model)
    with engine:
        engine._child.process.kill()
        with pytest.raises(ConfigError, match="cannot load") as caught:
            engine.ready()
    assert "memory" in caught.value.why
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Engine(model) as failing, pytest.raises(ConfigError) as caught:
        failing.ready()
    assert caught.value.why == "exit code 1"
