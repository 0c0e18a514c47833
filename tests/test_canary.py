"""The API key does not appear in arguments, environments, files or messages.

conftest.py checks this in every test; these tests check those checks, and nbx while it runs.
"""

import base64
import io
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from nebius_cli.actions.app import App, SharedFlags
from nebius_cli.actions.complete import CompleteOptions, run
from nebius_cli.request.prompt_options import PromptOptions
from nebius_cli.system.streams import Streams
from tests.conftest import CANARY
from tests.support import canary, keyring
from tests.support.factory import model_list
from tests.support.gate import Gate, one_answer
from tests.support.run import Runner
from tests.support.server import FakeServer
from tests.support.weights import real_weights

NBX = [sys.executable, "-m", "nebius_cli"]
BUGGY = """
import io, sys
from nebius_cli.system.streams import Streams
from nebius_cli.main import main

class Broken(io.RawIOBase):
    def write(self, data):
        raise RuntimeError("oops")

streams = Streams.system()
streams.stdout = Broken()
sys.exit(main(sys.argv[1:], streams))
"""


@pytest.mark.parametrize("before", ["", "-", "Bearer ", ":user:"])
def test_the_key_check_recognizes_every_encoding_of_the_key(before: str) -> None:
    plain = f"{before}{CANARY}\n".encode()
    for data in (plain, base64.b64encode(plain), plain.hex().encode(), plain.decode().encode("utf-16-le")):
        assert canary.shows_key(b"before " + data + b" after")
    assert not canary.shows_key(CANARY[:-1].encode() + b"x" + CANARY[1:].encode())


def test_the_key_check_finds_files_that_contain_the_key(
    tmp_path_factory: pytest.TempPathFactory, key_files: set[Path]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    (folder / "empty").touch()
    (folder / "deep").mkdir()
    holding = folder / "deep" / "file"
    holding.write_bytes(b"\0" * 5000 + CANARY.encode())
    (folder / "link").symlink_to(holding)
    os.mkfifo(folder / "pipe")
    key_files.add(holding)
    assert canary.files_with_key(folder) == {holding}


@pytest.mark.parametrize("word", [CANARY, CANARY.encode(), f"--key={CANARY}"], ids=repr)
def test_the_key_check_refuses_to_start_a_program_with_the_key_as_an_argument(word: str | bytes) -> None:
    with pytest.raises(AssertionError, match="the key is an argument"):
        subprocess.run(["true", word], check=False)


def processes() -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the id, arguments and environment of every process that this user may inspect."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words, environ = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            except OSError:  # the process has ended or belongs to another user
                continue
            yield int(folder.name), words, environ


def set_up(source: str, nbx: Runner, folder: Path) -> tuple[list[str], bytes, set[Path]]:
    """Store the key in `source`; return the flags, the stdin and the files that contain the key."""
    del nbx.environ["NEBIUS_API_KEY"]
    file = folder / "key"
    file.touch(mode=0o600)
    if source == "stdin":
        return ["--api-key-file", "-"], CANARY.encode(), set()
    if source in ("file", "command"):
        file.write_text(CANARY)
        nbx("config", "set", "api_key_command", f"cat {file}")
        return ["--api-key-file", str(file)] if source == "file" else [], b"", {file}
    where = "--keyring" if source == "keyring" else "--no-keyring"
    assert nbx("auth", "login", "--no-verify", "--with-token", where, stdin=CANARY.encode()).code == 0
    return [], b"", {keyring.file() if source == "keyring" else nbx.config_path}


# Command lines, with their exit codes when the server answers with a single text.
RUNNING = {
    "complete": (["complete", "x"], 0),
    "bulk": (["bulk", "rows.txt", "-o", "answers.jsonl", "--concurrency", "1"], 0),
    "score": (["score", "x"], 3),
}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        *((source, "complete") for source in ("stdin", "file", "command", "keyring", "config")),
        *(("command", name) for name in ("bulk", "score")),  # they look for the key in the same places
    ],
)
def test_no_process_and_no_file_shows_the_key_while_nbx_runs(
    source: str,
    name: str,
    nbx: Runner,
    server: FakeServer,
    tmp_path: Path,
    key_files: set[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", keyring.KEEPS["PYTHON_KEYRING_BACKEND"])
    flags, stdin, holding = set_up(source, nbx, tmp_path)
    key_files |= holding
    gate = Gate()
    server.script(one_answer("text", gate))
    args, code = RUNNING[name]
    (tmp_path / "rows.txt").write_text("x\n")
    child = subprocess.Popen(
        [*NBX, *args, "--debug", *flags],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=nbx.process_env(),
    )
    with child:
        assert child.stdin is not None
        child.stdin.write(stdin)
        child.stdin.close()
        child.stdin = None
        gate.reached()
        seen = list(processes())
        own = {child.pid} | {number for number, _, _ in seen if parent(number) == child.pid}
        files = canary.files_with_key(tmp_path)
        gate.open()
        out, err = child.communicate(timeout=60)
    assert child.pid in [number for number, _, _ in seen]
    assert not [number for number, words, _ in seen if canary.shows_key(words)]
    # Only the processes of this test: another run of these tests may be in progress.
    assert not [number for number, _, environ in seen if number in own and canary.shows_key(environ)]
    assert (child.returncode, out) == (code, b"text\n" if name == "complete" else b""), err
    assert not canary.shows_key(err)
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert files == canary.files_with_key(tmp_path) == holding


def test_api_key_command_runs_without_a_key_in_its_environment(nbx: Runner, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ))); print('key')"
    (tmp_path / "program.py").write_text(code)
    del nbx.environ["NEBIUS_API_KEY"]
    nbx("config", "set", "api_key_command", f"{sys.executable} {tmp_path}/program.py")
    assert nbx("auth", "token").out == "key\n"
    assert "NBX_INSIDE_API_KEY_COMMAND" in seen.read_text()


class Broken(io.RawIOBase):
    """A stdout whose write method raises an unexpected error."""

    def write(self, data: object) -> int:
        """Fail."""
        raise RuntimeError(f"no {type(data).__name__} today")


def test_a_traceback_with_all_locals_does_not_show_the_key(nbx: Runner, server: FakeServer) -> None:
    server.script(one_answer("text"))
    streams = Streams(None, Broken(), None, environ=nbx.environ)
    with pytest.raises(RuntimeError) as caught:
        run(CompleteOptions(PromptOptions(("x",))), App(streams, SharedFlags()))
    error = caught.value
    assert error.__traceback__ is not None
    ours = error.__traceback__.tb_next  # without this function, whose local `server` contains the key
    reported = "".join(traceback.TracebackException(type(error), error, ours, capture_locals=True).format())
    assert "options = CompleteOptions" in reported
    assert "key=***" in reported
    assert not canary.shows_key(reported.encode())


@pytest.mark.parametrize(
    "args",
    [
        ["complete", "x", "--debug"],
        ["auth", "token", "--debug"],
        ["config", "list", "--debug"],
        ["bulk", "-", "--debug"],
        ["models", "--debug"],
    ],
    ids=str,
)
def test_bug_reports_with_debug_do_not_show_the_key(args: list[str], nbx: Runner, server: FakeServer) -> None:
    if args[0] in ("complete", "bulk"):
        server.script(one_answer("text"))
    if args[0] == "models":
        server.script(model_list())
    done = subprocess.run(
        [sys.executable, "-c", BUGGY, *args],
        input=b'"x"',
        env=nbx.process_env(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"RuntimeError: oops" in done.stderr
    assert not canary.shows_key(done.stdout + done.stderr)


@pytest.mark.engine
@pytest.mark.parametrize(
    "args",
    [["local", "serve"], ["bulk", "-", "--format", "text"], ["score", "The sky " * 400]],
    ids=["serve", "bulk", "score"],
)
def test_the_engine_does_not_inherit_the_key_from_the_environment(args: list[str], nbx: Runner) -> None:
    command = [*NBX, *args, "--model-file", str(real_weights())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=nbx.process_env()
    ) as child:
        own: list[bytes] = []
        while not own and child.poll() is None:
            names = (b"llama_cpp_engine_process", b"llama_cpp_scoring_script")
            seen = [
                (number, environ) for number, words, environ in processes() if any(n in words for n in names)
            ]
            own = [environ for number, environ in seen if environ and parent(number) == child.pid]
        assert len(own) == 1
        assert not canary.shows_key(own[0])
        child.terminate()


def parent(number: int) -> int:
    """Return the id of a process's parent, or 0 if the process has ended."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])
