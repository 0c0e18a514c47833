"""Ctrl-C, SIGTERM and a closed terminal: what is kept and printed, and which processes get the signal."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessions.conftest import Open
from tests.support.gate import Gate, gated, one_answer
from tests.support.rows import Held, RowServer, records, write_rows
from tests.support.run import Runner
from tests.support.server import FakeServer, detail, token

CTRL_C = "\x03"


@pytest.fixture
def default_sighup() -> Iterator[None]:
    """Restore the default action of SIGHUP: `nohup pytest` ignores it, and nbx would inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


NBX = [sys.executable, "-m", "nebius_cli"]


@pytest.fixture
def unresponsive_port() -> Iterator[int]:
    """A port whose connection queue is full, so that connecting to it never ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        yield port
        for client in waiting:
            client.close()


def test_ctrl_c_during_a_stream_keeps_text_and_disconnects(terminal: Open, server: FakeServer) -> None:
    server.script(gated(token("Once upon a"), server.until_hung_up))
    screen = terminal("complete", "x")
    screen.wait_for("Once upon a")
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert screen.rows == ["Once upon a^C", "nbx: stopped by Ctrl-C"]
    assert screen.cursor == (2, 0)
    assert not screen.cursor_hidden
    assert server.hung_up.wait(30)


def test_ctrl_c_while_waiting_for_the_server_leaves_one_line(terminal: Open, server: FakeServer) -> None:
    server.script([server.until_hung_up])
    screen = terminal("complete", "x")
    screen.wait_for("waiting for the server")
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert screen.rows == ["nbx: stopped by Ctrl-C"]
    assert server.hung_up.wait(30)


def test_ctrl_c_while_connecting_ends_nbx(terminal: Open, unresponsive_port: int) -> None:
    screen = terminal("complete", "x", "--base-url", f"http://127.0.0.1:{unresponsive_port}")
    screen.wait_for("waiting for the server")
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert screen.rows == ["nbx: stopped by Ctrl-C"]


def test_ctrl_c_between_two_attempts_ends_nbx(terminal: Open, server: FakeServer) -> None:
    server.script(detail(503, "busy", Retry_After="60"))
    screen = terminal("complete", "x")
    rows = screen.wait_for("waiting to try again")
    assert "trying again in 60.0 s" in " ".join(rows)
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert screen.rows[-1] == "nbx: stopped by Ctrl-C"
    assert "waiting" not in str(screen)


def test_ctrl_c_while_the_prompt_is_typed_ends_nbx(terminal: Open) -> None:
    screen = terminal("complete", "-")
    screen.type("Once\n")
    screen.wait_for_bytes(b"Once\r\n")
    screen.wait_until_read()
    screen.type(CTRL_C)
    assert screen.end() == 130
    assert screen.rows == ["Once", "^C", "nbx: stopped by Ctrl-C"]


def test_a_prompt_can_be_typed_and_ended_with_ctrl_d(terminal: Open, server: FakeServer) -> None:
    server.script(one_answer("!"))
    screen = terminal("complete", "-", "--no-usage")
    screen.type("Once\n\x04")
    assert screen.end() == 0
    assert server.requests[0].json["prompt"] == "Once\n"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_nbx_immediately(
    nbx: Runner, server: FakeServer, second: signal.Signals
) -> None:
    server.script(gated(token("a"), server.until_hung_up))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb", buffering=0) as stderr:
        while stderr.write(b"x" * 4096):  # stderr is full, so nbx blocks when it prints its last message
            pass
        os.set_blocking(writer, True)
        process = subprocess.Popen(
            [*NBX, "complete", "x"], stdout=subprocess.PIPE, stderr=stderr, env=nbx.process_env()
        )
        assert process.stdout is not None
        assert process.stdout.read(1) == b"a"
        process.send_signal(signal.SIGINT)
        assert server.hung_up.wait(30)
        process.send_signal(second)
        assert process.wait(30) == -second
        process.stdout.close()


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (signal.SIGTERM, 143, ""),
        (signal.SIGTERM, 143, "Once upon a"),
        (signal.SIGHUP, 129, "Once upon a"),
        (signal.SIGQUIT, 131, "Once upon a"),
    ],
)
def test_a_signal_keeps_the_text_and_sets_the_exit_code(
    number: signal.Signals, code: int, text: str, nbx: Runner, server: FakeServer, default_sighup: None
) -> None:
    server.script(gated(*([token(text)] if text else []), server.until_hung_up))
    process = subprocess.Popen(
        [*NBX, "complete", "x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=nbx.process_env()
    )
    assert process.stdout is not None
    if text:
        assert process.stdout.read(len(text)) == text.encode()
    else:
        while not server.requests:
            assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert (out, err) == (b"\n" if text else b"", f"nbx: stopped by {number.name}\n".encode())
    assert server.hung_up.wait(30)


def test_a_closed_terminal_ends_nbx_and_the_request(
    terminal: Open, server: FakeServer, default_sighup: None
) -> None:
    server.script(gated(token("Once"), server.until_hung_up))
    screen = terminal("complete", "x")
    screen.wait_for("Once")
    screen.hang_up()
    assert screen.process.wait(30) == 129
    assert server.hung_up.wait(30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_waits_for_the_rows_in_flight(
    number: signal.Signals, bulk: Runner, row_server: RowServer, default_sighup: None
) -> None:
    write_rows(Path("in.jsonl"), 40)
    row_server.answer = held = Held(after=4)
    process = bulk.start("bulk", "in.jsonl", "-o", "out.jsonl", "-q", "--concurrency", "8")
    held.reached()
    process.send_signal(number)
    time.sleep(0.3)
    if number == signal.SIGHUP:  # the kernel and the shell both send it
        process.send_signal(number)
    held.let_go()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number, err
    assert len(records(Path("out.jsonl"))) == len(row_server.asked) < 40
    assert bulk("bulk", "in.jsonl", "-o", "out.jsonl").code == 0
    assert len(row_server.asked) == 40


def test_signals_that_were_ignored_at_the_start_stay_ignored(nbx: Runner, server: FakeServer) -> None:
    gate = Gate()
    server.script(one_answer("a", gate, "b"))
    process = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP INT TERM; exec "$@"', "sh", *NBX, "complete", "x"],
        stdout=subprocess.PIPE,
        env=nbx.process_env(),
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"a"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGHUP)  # ignored as under `nohup`
    gate.open()
    assert process.communicate(timeout=30)[0] == b"b\n"
    assert process.returncode == 0


def test_ctrl_c_ends_nbx_at_once_while_the_reader_of_a_pipe_does_not_read(
    nbx: Runner, server: FakeServer, tmp_path: Path
) -> None:
    server.script(gated(token("x" * 1_000_000), token("y" * 1_000_000), server.until_hung_up))
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
    with os.fdopen(reader, "rb", buffering=0) as unread, (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen([*NBX, "complete", "x"], stdout=writer, stderr=err, env=nbx.process_env())
        os.close(writer)
        waiting = 0
        while waiting < size:
            assert process.poll() is None
            waiting = int.from_bytes(fcntl.ioctl(unread, termios.FIONREAD, bytes(4)), sys.byteorder)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert (tmp_path / "err").read_text() == "nbx: stopped by Ctrl-C\n"
