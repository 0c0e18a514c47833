"""Standard streams: reading and writing bytes, and every way in which that can fail."""

import errno
import io
import os
import threading
from collections.abc import Iterator

import pytest

from nebius_cli.core.errors_and_exit_codes import (
    BadInputError,
    Interrupted,
    OutputError,
    ReaderGone,
    UsageError,
)
from nebius_cli.system.streams import Streams, TextWriter, write_all


class Stubborn(io.RawIOBase):
    """A stream whose writes each take a given number of bytes or raise a given error."""

    def __init__(self, *takes: int | OSError) -> None:
        super().__init__()
        self.takes = list(takes)
        self.data = b""

    def write(self, data: object) -> int:
        """Take the next number of bytes, or raise the next error."""
        take = self.takes.pop(0) if self.takes else 1 << 20
        if isinstance(take, OSError):
            raise take
        taken = bytes(data)[:take]  # type: ignore[call-overload]
        self.data += taken
        return len(taken)


class Source(io.RawIOBase):
    """A stdin whose reads each return a given piece or raise a given error."""

    def __init__(self, *gives: bytes | BaseException) -> None:
        super().__init__()
        self.gives = list(gives)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece, or raise the next error."""
        del size
        give = self.gives.pop(0) if self.gives else b""
        if isinstance(give, BaseException):
            raise give
        return give


@pytest.fixture
def pipe() -> Iterator[tuple[io.FileIO, io.FileIO]]:
    """Return the two ends of a pipe."""
    reader, writer = os.pipe()
    with io.FileIO(reader) as out, io.FileIO(writer, "w") as into:
        yield out, into


def test_a_stream_that_accepts_few_bytes_at_a_time_receives_everything() -> None:
    stream = Stubborn(1, 2, 3)
    write_all(stream, b"0123456789")
    assert stream.data == b"0123456789"


def test_writing_waits_for_a_full_non_blocking_pipe(pipe: tuple[io.FileIO, io.FileIO]) -> None:
    out, into = pipe
    os.set_blocking(into.fileno(), False)
    data = bytes(range(256)) * 4096
    got = bytearray()

    def read() -> None:
        while len(got) < len(data):
            got.extend(out.read(4096) or b"")

    reader = threading.Thread(target=read)
    reader.start()
    write_all(into, data)
    reader.join(30)
    assert bytes(got) == data


def test_a_closed_stdout_is_an_output_error() -> None:
    with pytest.raises(OutputError) as caught:
        Streams(None, None, None).write_out(b"x")
    assert caught.value.why == "it is closed"


def test_a_full_disk_is_an_output_error_with_the_message_of_the_system() -> None:
    streams = Streams(None, Stubborn(OSError(errno.ENOSPC, "No space left on device")), None)
    with pytest.raises(OutputError) as caught:
        streams.write_out(b"x")
    assert caught.value.why == "No space left on device"


def test_a_broken_pipe_raises_reader_gone_and_closes_stdout() -> None:
    streams = Streams(None, Stubborn(BrokenPipeError(errno.EPIPE, "Broken pipe")), None)
    with pytest.raises(ReaderGone):
        streams.write_out(b"x")
    assert streams.stdout is None


def test_errors_of_stderr_are_ignored() -> None:
    err = Stubborn(OSError(errno.ENOSPC, "full"))
    streams = Streams(None, None, err)
    streams.write_err("lost")
    streams.write_err("kept")
    assert err.data == b"kept"
    Streams(None, None, None).write_err("nobody is there")


def test_stdin_is_read_to_its_end() -> None:
    assert Streams(Source(b"a", b"bc", b"d"), None, None).read_stdin() == b"abcd"
    assert Streams(io.BytesIO(b"x" * 3_000_000), None, None).read_stdin() == b"x" * 3_000_000
    assert Streams(None, None, None).read_stdin() == b""


def test_stdin_can_be_read_only_once() -> None:
    streams = Streams(Source(b"a"), None, None)
    streams.read_stdin()
    with pytest.raises(UsageError):
        streams.read_stdin()


def test_a_stdin_that_cannot_be_read_is_bad_input() -> None:
    with pytest.raises(BadInputError) as caught:
        Streams(Source(b"a", OSError(errno.EIO, "Input/output error")), None, None).read_stdin()
    assert caught.value.why == "Input/output error"


@pytest.mark.parametrize(("tty", "written"), [(True, b"\n"), (False, b"")])
def test_a_signal_while_reading_from_a_terminal_ends_the_line(written: bytes, *, tty: bool) -> None:
    err = Stubborn()
    with pytest.raises(Interrupted):
        Streams(Source(b"half", Interrupted()), None, err, stdin_tty=tty).read_stdin()
    assert err.data == written


def test_stdout_is_ready_unless_its_pipe_is_full(pipe: tuple[io.FileIO, io.FileIO]) -> None:
    _, into = pipe
    streams = Streams(None, into, None)
    assert streams.stdout_is_ready()
    os.set_blocking(into.fileno(), False)
    while into.write(b"x" * 4096):
        pass
    assert not streams.stdout_is_ready()


def test_a_stdout_without_a_descriptor_is_ready_unless_it_is_closed() -> None:
    assert Streams(None, Stubborn(), None).stdout_is_ready()
    assert not Streams(None, None, None).stdout_is_ready()


@pytest.mark.parametrize(
    ("columns", "width"),
    [("40", 40), ("0", 80), ("", 80), ("wide", 80), ("-5", 80), ("4\u0660", 40), ("9" * 5000, 80)],
)
def test_the_width_is_taken_from_columns_or_is_80(columns: str, width: int) -> None:
    assert Streams(None, Stubborn(), Stubborn(), environ={"COLUMNS": columns}).width == width
    assert Streams(None, None, None).height == 24


def test_random_numbers_are_between_0_and_1() -> None:
    streams = Streams(None, None, None)
    assert all(0 <= streams.random() < 1 for _ in range(100))


def test_a_text_file_for_libraries_writes_utf8_through_stdout() -> None:
    out = Stubborn()
    text = TextWriter(Streams(None, out, None).write_out, lambda: True)
    assert text.write("é\ud83d") == 2
    text.flush()
    assert out.data == b"\xc3\xa9?"
    assert text.isatty()
    assert text.encoding == "utf-8"
    assert not TextWriter(lambda _: None, lambda: False).isatty()
