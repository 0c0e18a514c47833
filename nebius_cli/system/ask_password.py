"""Reads a password or key from the terminal without showing it.

The standard library's getpass leaves the terminal in line mode, which silently cuts off a long key: at 4095
characters on Linux and 1024 on macOS.
"""

import contextlib
import os
import sys

from nebius_cli.system.streams import Streams

END_KEYS = b"\r\n\x04"  # Enter, Ctrl-D
ERASE_KEYS = b"\x7f\x08"  # Backspace
CLEAR_KEYS = b"\x15\x17"  # Ctrl-U, and Ctrl-W, as a key is one word


def read_password(streams: Streams, question: str) -> str:
    """Ask `question` and return the line typed on standard input, which must be a terminal."""
    streams.stdin_taken = True
    try:
        return _typed(streams, question)
    finally:
        _say(streams, "\n")  # the newline of Enter is not shown


def _say(streams: Streams, text: str) -> None:
    """Write text to the terminal, even if stderr is redirected to a file."""
    if not streams.stderr_tty and streams.stdin is not None:
        with (
            contextlib.suppress(OSError),
            open(_terminal(streams.stdin.fileno()), "wb", buffering=0) as terminal,  # noqa: PTH123 - a device
        ):
            terminal.write(text.encode("utf-8"))
            return
    streams.write_err(text)


if sys.platform == "win32":
    import getpass

    def _terminal(number: int) -> str:
        del number
        return "CONOUT$"

    def _typed(streams: Streams, question: str) -> str:
        _say(streams, question)
        return getpass.getpass("")

else:
    import termios

    def _terminal(number: int) -> str:
        """Return the name of the terminal that a file descriptor belongs to."""
        return os.ttyname(number)

    def _typed(streams: Streams, question: str) -> str:
        if streams.stdin is None:
            raise RuntimeError("there is no terminal to read from")
        terminal = streams.stdin.fileno()
        before = termios.tcgetattr(terminal)
        hidden = termios.tcgetattr(terminal)
        # ICANON is off, because it limits a line to 4096 characters, on macOS to 1024.
        hidden[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN)
        hidden[6][termios.VMIN], hidden[6][termios.VTIME] = 1, 0
        # Ctrl-Z is disabled: the shell would turn echo on again, also after `fg`.
        hidden[6][termios.VSUSP] = bytes([os.fpathconf(terminal, "PC_VDISABLE") & 0xFF])
        try:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
            _say(streams, question)
            return _line(terminal).decode("utf-8", "surrogateescape")
        finally:
            # TCSAFLUSH discards further pasted lines, which the shell would otherwise run.
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def _line(terminal: int) -> bytes:
        line = bytearray()
        with contextlib.suppress(OSError):  # the terminal was closed
            while data := os.read(terminal, 4096):
                for key in data:
                    if key in END_KEYS:
                        return bytes(line)
                    if key in CLEAR_KEYS:
                        line.clear()
                    elif key in ERASE_KEYS:
                        del line[-1:]
                    else:
                        line.append(key)
        return bytes(line)
