"""Messages on stderr: what, why, what next; three lines at most, plain unless stderr is a terminal."""

from nebius_cli.core.errors import NbxError
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.sanitize import one_line

LONGEST_LINE = 600  # characters; more of what was typed or sent is no help

_RED, _YELLOW, _RESET = "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


def report(error: NbxError, streams: Streams, *, color: bool) -> None:
    """Say what failed, why, and what to do next, on stderr."""
    lines = [_mark("nbx:", _RED, color=color) + " " + _short(error.what)]
    lines += ["  " + _short(text) for text in (error.why, error.hint) if text]
    streams.write_err("\n".join(lines) + "\n")


def warn(text: str, streams: Streams, *, color: bool) -> None:
    """Say what is doubtful, in one line on stderr."""
    streams.write_err(_mark("nbx: warning:", _YELLOW, color=color) + " " + one_line(text) + "\n")


def note(text: str, streams: Streams) -> None:
    """Say what happens, in one line on stderr."""
    streams.write_err("nbx: " + one_line(text) + "\n")


def stopped(by: str, how: BaseException, streams: Streams) -> None:
    """Say that a signal ended the run, and what was noted about what is kept, in one line on stderr."""
    note("; ".join([f"stopped by {by}", *getattr(how, "__notes__", ())]), streams)


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _mark(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color else text
