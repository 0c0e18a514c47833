"""Builds the command line, for a POSIX shell, that resumes a bulk run."""

import shlex
from collections.abc import Sequence

from nebius_cli.core import urls
from nebius_cli.core.errors_and_exit_codes import (
    AuthError,
    IncompleteError,
    NbxError,
    NetworkError,
    OutputError,
    RateLimitError,
    ServerError,
)

_SECRET_FLAGS = ("--api-key", "--base-url", "--header")  # whose values may contain secrets

# After these, the same command resumes the run; all other errors have their own hints.
_TEMPORARY = (NetworkError, ServerError, RateLimitError, IncompleteError, OutputError)
_MAX_COMMAND_CHARS = 500  # longer commands do not fit into a message


def add_hint(stop: BaseException, argv: Sequence[str]) -> None:
    """Add a hint to the error that ended a run, if the same command resumes it."""
    again = command(argv)
    words = f"to resume: {again}" if len(again) <= _MAX_COMMAND_CHARS else "to resume, repeat the command"
    if not isinstance(stop, NbxError):
        stop.add_note(words)
    elif isinstance(stop, _TEMPORARY) or _is_refused_key(stop) or not stop.hint:
        stop.hint = f"{stop.hint}; {words}" if stop.hint else words


def _is_refused_key(stop: NbxError) -> bool:
    """Return whether the server refused the key; with another key, the same command resumes the run."""
    return isinstance(stop, AuthError) and stop.status > 0


def command(argv: Sequence[str]) -> str:
    """Return the command for `argv`, without --restart, keys, and passwords in URLs."""
    words = ["nbx"]
    flag = ""  # whose value is the next word
    for word in argv:
        name, equals, value = word.partition("=")
        if flag:
            words.append(_hidden(flag, word))
        elif equals and name in _SECRET_FLAGS:
            words.append(f"{name}={_hidden(name, value)}")
        elif word != "--restart":
            words.append(_quoted(word))
        flag = word if word in _SECRET_FLAGS and not flag else ""
    return " ".join(words)


def _hidden(flag: str, value: str) -> str:
    if flag == "--header":
        return _quoted(f"{value.partition(':')[0]}: ***")
    return "KEY" if flag == "--api-key" else _quoted(urls.strip_credentials(value))


def _quoted(word: str) -> str:
    """Quote a word; characters that are not printable become escapes in `$'...'`, on one line.

    Double spaces are escaped too, because messages collapse them.
    """
    if word.isprintable() and "  " not in word:
        return shlex.quote(word)
    text = word.replace("\\", "\\\\").replace("'", "\\'")
    escaped = "".join(c if c.isprintable() else _escape(c) for c in text)
    return "$'" + escaped.replace("  ", " \\x20") + "'"


def _escape(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
