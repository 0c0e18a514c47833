"""Runs nbx on a pty, types keys and draws the output on a virtual screen."""

import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fcntl import ioctl
from typing import Any, Self

import pexpect
import pexpect.fdpexpect
import pyte

from tests.support.canary import shows_key

TEST_TIMEOUT_S = 30  # seconds; only a hanging program takes this long

# $0 is the terminal's path. A session leader that opens a terminal makes it its controlling terminal, which
# Ctrl-C needs; forking in this process instead would copy locks that the server's threads hold.
_SHELL = ': <>"$0"; exec "$@" {redirect}'


class Terminal:
    """One run of nbx on a terminal. Both streams and stdin are the terminal, unless `redirect` changes that.

    `redirect` is shell text, such as `2>/dev/null` or `| cat`. `program` is what Python runs.
    """

    def __init__(
        self,
        args: list[str],
        env: Mapping[str, str],
        *,
        rows: int = 24,
        columns: int = 80,
        redirect: str = "",
        program: Sequence[str] = ("-m", "nebius_cli"),
    ) -> None:
        self.raw = b""
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        master, slave = os.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._path = os.ttyname(slave)
        self._modes = termios.tcgetattr(slave)
        script = _SHELL.format(redirect=redirect)
        nbx = [sys.executable, *program, *args]
        self.process = subprocess.Popen(
            ["sh", "-c", script, self._path, *nbx],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            start_new_session=True,
        )
        os.close(slave)
        self._master = pexpect.fdpexpect.fdspawn(master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        if not self._master.closed:
            self._master.close()
        assert not shows_key(self.raw), "the key is on the terminal"

    def wait_until(self, seen: Callable[[], Any], what: str) -> None:
        """Read what the program writes until `seen` is true. Fail if the program ends or time runs out."""
        deadline = time.monotonic() + TEST_TIMEOUT_S
        while not seen():
            alive = self._read()
            assert alive or seen(), f"the program ended without {what}:\n{self}"
            assert time.monotonic() < deadline, f"waited in vain for {what}:\n{self}"

    def wait_for(self, *texts: str) -> list[str]:
        """Wait until the screen shows each of `texts`; return its rows."""
        self.wait_until(lambda: all(text in "\n".join(self.rows) for text in texts), repr(texts))
        return self.rows

    def wait_for_bytes(self, data: bytes) -> None:
        """Wait until the program has written `data`."""
        self.wait_until(lambda: data in self.raw, repr(data))

    def end(self) -> int:
        """Read to the end; return the exit code, negative for a signal."""
        deadline = time.monotonic() + TEST_TIMEOUT_S
        while self._read():
            assert time.monotonic() < deadline, f"the program does not end:\n{self}"
        return self.process.wait(TEST_TIMEOUT_S)

    def type(self, keys: str) -> None:
        """Type keys, which may be control characters."""
        self._master.send(keys)

    def wait_until_read(self) -> None:
        """Wait until the program has read every line that was typed."""
        slave = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        try:
            self.wait_until(
                lambda: ioctl(slave, termios.FIONREAD, bytes(4)) == bytes(4), "reading what was typed"
            )
        finally:
            os.close(slave)

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal's window."""
        self._master.close()

    def resize(self, rows: int, columns: int) -> None:
        """Change the window's size."""
        ioctl(self._master.child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    @property
    def rows(self) -> list[str]:
        """The rows on the screen, without trailing spaces and trailing empty rows."""
        return _trimmed(self._screen.display)

    @property
    def history(self) -> list[str]:
        """All rows, including those that have scrolled off the screen."""
        columns = self._screen.columns
        gone = ["".join(row[x].data for x in range(columns)) for row in self._screen.history.top]
        return _trimmed([*gone, *self._screen.display])

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    @property
    def cursor_hidden(self) -> bool:
        """Whether the cursor is hidden."""
        return bool(self._screen.cursor.hidden)

    @property
    def modes_kept(self) -> bool:
        """Whether the terminal's modes (echo, line editing and so on) are the same as at the start."""
        return termios.tcgetattr(self._master.child_fd) == self._modes

    @property
    def title(self) -> str:
        """The window's title."""
        return str(self._screen.title)

    def styles(self) -> Iterator[Any]:
        """Yield every character on the screen that is not in the terminal's default style."""
        default = self._screen.default_char
        for row in range(self._screen.lines):
            for column in range(self._screen.columns):
                char = self._screen.buffer[row][column]
                if char._replace(data=" ") != default:
                    yield char

    def cells(self, text: str) -> list[Any]:
        """Return the character cells of the first occurrence of `text` on the screen, within one row."""
        for row in range(self._screen.lines):
            cells = [self._screen.buffer[row][column] for column in range(self._screen.columns)]
            cells = [cell for cell in cells if cell.data]  # the second half of a wide character is empty
            if (start := "".join(cell.data[0] for cell in cells).find(text)) >= 0:
                return cells[start : start + len(text)]
        raise AssertionError(f"{text!r} is not on the screen:\n{self}")

    def __str__(self) -> str:
        rule = "-" * self._screen.columns
        return "\n".join([rule, *self.history, rule])

    def _read(self) -> bool:
        """Draw what the program has written; return whether it can write more."""
        try:
            data = self._master.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True


def _trimmed(rows: list[str]) -> list[str]:
    rows = [row.rstrip() for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    return rows
