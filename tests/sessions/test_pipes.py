"""Standard streams that are closed, full or slow, or whose reader has exited."""

import fcntl
import os
import subprocess
import sys
import termios
from itertools import product
from pathlib import Path

import pytest

from tests.support.gate import Gate, gated, one_answer
from tests.support.run import Runner
from tests.support.server import FakeServer, answer, json_answer, token

NBX = [sys.executable, "-m", "nebius_cli"]


def sh(script: str, nbx: Runner, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a shell script in which "$@" is nbx with `args`."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *NBX, *args],
        input=stdin,
        capture_output=True,
        env=nbx.process_env(),
        timeout=60,
        check=False,
    )


def test_nbx_exits_silently_with_141_and_closes_the_request_when_the_reader_exits(
    nbx: Runner, server: FakeServer
) -> None:
    gate = Gate()
    server.script(gated(token("Hello"), gate, *(token("more") for _ in range(20)), server.until_hung_up))
    process = subprocess.Popen(
        [*NBX, "complete", "x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=nbx.process_env()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert os.read(process.stdout.fileno(), 1) == b"H"
    process.stdout.close()
    gate.open()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""
    assert server.hung_up.wait(30)
    process.stderr.close()


def test_an_answer_piped_to_head_prints_no_message(nbx: Runner, server: FakeServer, tmp_path: Path) -> None:
    server.script(gated(*(token("text " * 1000) for _ in range(200))))
    done = sh(f'{{ "$@"; echo $? >{tmp_path}/code; }} | head -c 1', nbx, "complete", "x")
    assert (done.stdout, done.stderr) == (b"t", b"")
    assert (tmp_path / "code").read_text() == "141\n"


@pytest.mark.parametrize(
    "args", [["--help"], ["complete", "--help"], ["complete", "--dry-run", "x" * 100_000]]
)
def test_other_output_piped_to_head_prints_no_message(args: list[str], nbx: Runner) -> None:
    done = sh('"$@" | head -n 1 | head -c 1', nbx, *args)
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 1, b"")


@pytest.mark.parametrize(
    "closed", ["".join(which) for which in product(("", "<&- "), ("", ">&- "), ("", "2>&-"))]
)
@pytest.mark.parametrize("form", ["--stream", "--json"])
def test_a_closed_stream_is_an_error_only_if_it_is_needed(
    closed: str, form: str, nbx: Runner, server: FakeServer
) -> None:
    if ">&- " not in closed:  # nbx sends no request if it cannot write the answer
        server.script(answer("Hello") if form == "--stream" else json_answer("Hello"))
    done = sh(f'"$@" {closed}', nbx, "complete", "x", form)
    text = b"" if ">&- " in closed else b"Hello\n"
    assert done.returncode == (74 if ">&- " in closed else 0)
    assert done.stdout == text or (form == "--json" and b"Hello" in done.stdout)
    if ">&- " in closed and "2>&-" not in closed:
        assert done.stderr == (
            b"nbx: cannot write the answer\n  stdout is closed\n  -o FILE writes it to a file\n"
        )
    else:
        assert done.stderr == b""


def test_a_closed_stdin_is_reported_as_a_missing_prompt(nbx: Runner) -> None:
    done = sh('"$@" <&-', nbx, "complete")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"nbx: no prompt given")


@pytest.mark.parametrize("redirect", [">&-", ">/dev/full"])
@pytest.mark.parametrize(
    "args",
    [
        ["--version"],
        ["--help"],
        [],
        ["complete", "-h"],
        ["complete", "x", "--dry-run"],
        ["config", "list"],
        ["config", "path"],
        ["complete", "x", "--curl"],
    ],
    ids=" ".join,
)
def test_any_output_that_cannot_be_written_exits_with_74(redirect: str, args: list[str], nbx: Runner) -> None:
    done = sh(f'"$@" {redirect}', nbx, *args)
    assert done.returncode == 74
    assert done.stderr.startswith(b"nbx: cannot write to stdout\n")
    assert len(done.stderr.splitlines()) <= 3


@pytest.mark.parametrize("args", [["x"], ["x", "--n", "2"], ["x", "--ndjson"], ["x", "--json", "--stream"]])
def test_a_full_disk_exits_with_74_and_ends_the_request(
    args: list[str], nbx: Runner, server: FakeServer
) -> None:
    ends = [token("", index, "stop") for index in range(2)]
    server.script([*gated(token("Hello", 0), token("Hello", 1), *ends), server.until_hung_up])
    done = sh('"$@" >/dev/full', nbx, "complete", *args)
    assert done.returncode == 74
    assert done.stderr == b"nbx: cannot write to stdout\n  No space left on device\n"
    assert server.hung_up.wait(30)


def test_a_full_stderr_loses_no_answer(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("Hello"))
    done = sh('"$@" 2>/dev/full', nbx, "complete", "x", "--usage", "--verbose")
    assert (done.returncode, done.stdout) == (0, b"Hello\n")


def test_a_slow_non_blocking_pipe_gets_every_byte(nbx: Runner, server: FakeServer) -> None:
    text = "0123456789" * 100_000
    server.script(answer(text))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen([*NBX, "complete", "x", "-N"], stdout=writer, env=nbx.process_env())
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as slow:
        got = b"".join(iter(lambda: slow.read(1000), b""))
    assert process.wait(30) == 0
    assert got.decode() == text


def test_a_slow_non_blocking_stdin_is_read_to_its_end(nbx: Runner, server: FakeServer) -> None:
    server.script(answer("ok"))
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    process = subprocess.Popen(
        [*NBX, "complete"], stdin=reader, stdout=subprocess.PIPE, env=nbx.process_env()
    )
    os.write(writer, b"first ")
    # Once the pipe is empty, nbx has read the first part and finds no more data.
    while int.from_bytes(_unread(reader), sys.byteorder):
        assert process.poll() is None
    os.write(writer, b"second")
    os.close(writer)
    os.close(reader)
    assert process.communicate(timeout=30)[0] == b"ok\n"
    assert server.requests[0].json["prompt"] == "first second"


def test_tokens_are_written_to_a_pipe_one_by_one(nbx: Runner, server: FakeServer) -> None:
    gates = [Gate(), Gate()]
    server.script(one_answer("one", gates[0], "two", gates[1]))
    process = subprocess.Popen([*NBX, "complete", "x"], stdout=subprocess.PIPE, env=nbx.process_env())
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 100) == b"one"
    gates[0].open()
    assert os.read(process.stdout.fileno(), 100) == b"two"
    gates[1].open()
    assert process.communicate(timeout=30)[0] == b"\n"


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
        {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_text_is_utf8_in_any_locale(env: dict[str, str], nbx: Runner, server: FakeServer) -> None:
    server.script(answer("é日本😀"))
    done = nbx.process("complete", stdin="ü".encode(), env=env)
    assert (done.code, done.out, done.err) == (0, "é日本😀\n", "")
    assert server.requests[0].json["prompt"] == "ü"
    assert nbx.process("complete", "--help", env=env).code == 0


def test_a_directory_as_stdin_is_not_reported_as_a_bug(nbx: Runner) -> None:
    done = sh('"$@" </', nbx, "complete")
    assert b"a bug in nbx" not in done.stderr


def test_a_large_prompt_and_a_large_answer_do_not_block_each_other(nbx: Runner, server: FakeServer) -> None:
    text = "x" * 3_000_000
    server.script(answer(text))
    process = subprocess.Popen(
        [*NBX, "complete", "-N"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=nbx.process_env()
    )
    out, _ = process.communicate(text.encode(), timeout=60)
    assert out.decode() == text
    assert len(server.requests[0].json["prompt"]) == len(text)


def _unread(descriptor: int) -> bytes:
    return fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
