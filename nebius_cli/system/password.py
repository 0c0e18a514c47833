"""A line typed on the terminal that nobody sees."""

import contextlib
import os
import sys

from nebius_cli.system.streams import Streams

ENDS = b"\r\n\x04"  # Enter, Ctrl-D
ERASES = b"\x7f\x08"
CLEARS = b"\x15\x17"  # Ctrl-U, and Ctrl-W: a key is one word


def read_password(streams: Streams, question: str) -> str:
    """Return what is typed on standard input, which must be a terminal, without showing it."""
    streams.stdin_taken = True
    try:
        return _typed(streams, question)
    finally:
        _say(streams, "\n")  # Enter was not shown either


def _say(streams: Streams, text: str) -> None:
    """Put text where somebody types, also when stderr goes into a file."""
    if not streams.stderr_tty and streams.stdin is not None:
        with contextlib.suppress(OSError):
            path = "CONOUT$" if sys.platform == "win32" else os.ttyname(streams.stdin.fileno())
            with open(path, "wb", buffering=0) as terminal:  # noqa: PTH123 - the name of a device
                terminal.write(text.encode("utf-8"))
                return
    streams.write_err(text)


if sys.platform == "win32":
    import getpass

    def _typed(streams: Streams, question: str) -> str:
        _say(streams, question)
        return getpass.getpass("")

else:
    import termios

    def _typed(streams: Streams, question: str) -> str:
        if streams.stdin is None:
            raise RuntimeError("there is no terminal to read from")
        terminal = streams.stdin.fileno()
        before = termios.tcgetattr(terminal)
        hidden = termios.tcgetattr(terminal)
        # Without ICANON, because a line of a terminal ends at 4096 characters, on macOS at 1024.
        hidden[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.IEXTEN)
        hidden[6][termios.VMIN], hidden[6][termios.VTIME] = 1, 0
        # The shell shows what is typed from Ctrl-Z on, also after `fg`.
        hidden[6][termios.VSUSP] = bytes([os.fpathconf(terminal, "PC_VDISABLE") & 0xFF])
        try:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
            _say(streams, question)
            return _line(terminal).decode("utf-8", "surrogateescape")
        finally:
            # Flushed: the further lines of what was pasted are no commands for the shell.
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def _line(terminal: int) -> bytes:
        line = bytearray()
        with contextlib.suppress(OSError):  # the terminal is gone
            while piece := os.read(terminal, 4096):
                for key in piece:
                    if key in ENDS:
                        return bytes(line)
                    if key in CLEARS:
                        line.clear()
                    elif key in ERASES:
                        del line[-1:]
                    else:
                        line.append(key)
        return bytes(line)
