"""The command line, for a POSIX shell, that goes on with a bulk run."""

import shlex
from collections.abc import Sequence

from nebius_cli.core import urls
from nebius_cli.core.errors import (
    IncompleteError,
    NbxError,
    NetworkError,
    OutputError,
    RateLimitError,
    ServerError,
)

_HIDING = ("--api-key", "--base-url")  # whose values may hold what is meant for nobody's eyes

# After these the very same command goes on; what else ends a run has a hint of its own.
_PASSING = (NetworkError, ServerError, RateLimitError, IncompleteError, OutputError)
_LONGEST = 500  # characters of a command that a message has room for


def point(stop: BaseException, argv: Sequence[str]) -> None:
    """Say in what ended a run how to go on, where the same command does."""
    again = command(argv)
    words = f"to go on: {again}" if len(again) <= _LONGEST else "the same command goes on"
    if not isinstance(stop, NbxError):
        stop.add_note(words)
    elif isinstance(stop, _PASSING) or not stop.hint:
        stop.hint = f"{stop.hint}; {words}" if stop.hint else words


def command(argv: Sequence[str]) -> str:
    """Return the command for the same `argv`, without --restart, a key, or a password in a URL."""
    words = ["nbx"]
    flag = ""  # whose value comes next
    for word in argv:
        name, equals, value = word.partition("=")
        if flag:
            words.append(_hidden(flag, word))
        elif equals and name in _HIDING:
            words.append(f"{name}={_hidden(name, value)}")
        elif word != "--restart":
            words.append(_quoted(word))
        flag = word if word in _HIDING and not flag else ""
    return " ".join(words)


def _hidden(flag: str, value: str) -> str:
    return "KEY" if flag == "--api-key" else _quoted(urls.strip_credentials(value))


def _quoted(word: str) -> str:
    """Quote a word; what is no printable character as the escapes of `$'...'`, so that it stays one line.

    No two blanks stand side by side: a line of a message has single ones.
    """
    if word.isprintable() and "  " not in word:
        return shlex.quote(word)
    text = word.replace("\\", "\\\\").replace("'", "\\'")
    escaped = "".join(c if c.isprintable() else _escape(c) for c in text)
    return "$'" + escaped.replace("  ", " \\x20") + "'"


def _escape(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
