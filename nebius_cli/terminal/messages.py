"""Writes messages to stderr: errors of at most three lines (what, why, what next), warnings and notes."""

from nebius_cli.core.errors_and_exit_codes import NbxError
from nebius_cli.system.streams import Streams
from nebius_cli.terminal.sanitize import one_line

MAX_LINE_CHARS = 600  # a longer line, quoted from typed or received text, is cut off

_RED, _YELLOW, _RESET = "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


def report(error: NbxError, streams: Streams, *, color: bool) -> None:
    """Write an error: what failed, why, and what to do next."""
    lines = [_prefix("nbx:", _RED, color=color) + " " + _short(error.what)]
    lines += ["  " + _short(text) for text in (error.why, error.hint) if text]
    streams.write_err("\n".join(lines) + "\n")


def warn(text: str, streams: Streams, *, color: bool) -> None:
    """Write a warning on one line."""
    streams.write_err(_prefix("nbx: warning:", _YELLOW, color=color) + " " + one_line(text) + "\n")


def note(text: str, streams: Streams) -> None:
    """Write a note on one line."""
    streams.write_err("nbx: " + one_line(text) + "\n")


def stopped(by: str, stop: BaseException, streams: Streams) -> None:
    """Write which signal ended the run, and the exception's notes about saved results, on one line."""
    note("; ".join([f"stopped by {by}", *getattr(stop, "__notes__", ())]), streams)


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_LINE_CHARS else line[: MAX_LINE_CHARS - 1] + "…"


def _prefix(text: str, style: str, *, color: bool) -> str:
    return f"{style}{text}{_RESET}" if color else text
