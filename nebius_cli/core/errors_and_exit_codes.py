"""Defines every error and exit code of nbx, and which error an HTTP status means.

No other file defines exit codes; the table in the README is generated from `ExitCode`.
"""

from enum import IntEnum, unique
from typing import Self


@unique
class ExitCode(IntEnum):
    """The exit codes of nbx; `meaning` is the description in the README."""

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> Self:
        """Create a member; a lookup such as ExitCode(2) passes no meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done"
    BUG = 1, "a bug in nbx"
    USAGE = 2, "usage: unknown flag, value out of range, no prompt"
    REJECTED = 3, "the server rejected the request (400, 404, 409, 413, 422 and other 4xx)"
    AUTH = 4, "authentication, permission, payment (401, 402, 403), or no key"
    RATE_LIMITED = 5, "rate limited (429) after the retries"
    SERVER = 6, "server error (5xx) after the retries"
    NETWORK = (
        7,
        ("network: DNS, TLS, connection refused or broken before the first byte, any timeout"),
    )
    INCOMPLETE = (
        8,
        (
            "incomplete answer: the stream ended without a finish_reason, or it contained an error; "
            "text received so far stays on stdout. With `--fail-on length`: also a truncated answer"
        ),
    )
    ROWS_FAILED = 9, "bulk finished, but some rows failed"
    CAPPED = 10, "stopped by a limit on cost or tokens"
    BAD_INPUT = 65, "bad input data (invalid UTF-8, malformed JSONL)"
    OUTPUT = 74, "output could not be written (disk full, closed stdout)"
    CONFIG = 78, "bad configuration, or the config file could not be written"
    HUNG_UP = 129, "SIGHUP: the terminal was closed"
    INTERRUPTED = 130, "SIGINT (Ctrl-C)"
    QUIT = 131, "SIGQUIT"
    READER_GONE = 141, "the reader of stdout closed it (SIGPIPE); no message"
    TERMINATED = 143, "SIGTERM"


class NbxError(Exception):
    """An error with a message for the user: `what` happened, `why`, and `hint`, what to do next.

    Only its subclasses are raised; each has its exit code. Each of the three texts is printed on one line, so
    they must not depend on newlines.
    """

    code: ExitCode = ExitCode.BUG

    def __init__(self, what: str, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    @property
    def line(self) -> str:
        """What happened and why, on one line."""
        return f"{self.what}: {self.why}" if self.why else self.what


class UsageError(NbxError):
    """The command line is invalid."""

    code = ExitCode.USAGE


class BadInputError(NbxError):
    """A prompt or data file has invalid content."""

    code = ExitCode.BAD_INPUT


class ConfigError(NbxError):
    """A setting, an environment variable or the installation is wrong."""

    code = ExitCode.CONFIG


class OutputError(NbxError):
    """The answer could not be written."""

    code = ExitCode.OUTPUT


class NetworkError(NbxError):
    """No usable answer arrived from the network; `retryable` if the connection itself failed.

    `sent`: the request may have reached the server, and may be billed. `unread`: a reused connection ended
    before the first byte of an answer, so most likely the server did not read the request. `received` is the
    incomplete answer, set by the code that reads answers.
    """

    code = ExitCode.NETWORK

    def __init__(
        self, what: str, why: str = "", hint: str = "", *, retryable: bool = False, sent: bool = True
    ) -> None:
        super().__init__(what, why, hint)
        self.retryable = retryable
        self.sent = sent
        self.unread = False
        self.received: object = None


class TimedOutError(NetworkError):
    """A time limit was exceeded. Text received so far is kept, and the exit code is 7."""


class NoResourcesError(NetworkError):
    """The system allows this process no more open files, or no more memory."""

    code = ExitCode.CONFIG


class IncompleteError(NbxError):
    """The answer has no finish_reason, contains an error, or has a finish_reason that `--fail-on` names."""

    code = ExitCode.INCOMPLETE


class CappedError(NbxError):
    """A budget or a cap on cost or tokens is reached."""

    code = ExitCode.CAPPED


class LedgerError(NbxError):
    """The ledger cannot be read or written. This never makes a request fail."""

    code = ExitCode.CONFIG


class StatusError(NbxError):
    """The server answered with an HTTP status other than 2xx.

    `retry_after` is the delay the server asked for, in seconds.
    """

    def __init__(
        self, what: str, why: str = "", hint: str = "", *, status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(what, why, hint)
        self.status = status
        self.retry_after = retry_after


class RejectedError(StatusError):
    """A 4xx status other than those below, or a redirect that must not be followed."""

    code = ExitCode.REJECTED


class IgnoredFieldError(RejectedError):
    """The server ignores a request field that the answer depends on, most likely in all requests."""


class AuthError(StatusError):
    """Status 401, 402 or 403, or no key."""

    code = ExitCode.AUTH


class RateLimitError(StatusError):
    """Status 429."""

    code = ExitCode.RATE_LIMITED


class ServerError(StatusError):
    """Status 5xx."""

    code = ExitCode.SERVER


class ReaderGone(BaseException):
    """Stdout was closed by its reader. A BaseException, so that no `except Exception` catches it."""


class Stopped(BaseException):
    """A signal was received; `by` is its name for the user. `except Exception` does not catch it."""

    code: ExitCode
    by: str


class Interrupted(Stopped):
    """SIGINT was received. Not a KeyboardInterrupt, which Typer turns into a silent exit."""

    code = ExitCode.INTERRUPTED
    by = "Ctrl-C"


class Terminated(Stopped):
    """SIGTERM was received."""

    code = ExitCode.TERMINATED
    by = "SIGTERM"


class HungUp(Stopped):
    """SIGHUP was received: the terminal was closed, or the connection to it broke."""

    code = ExitCode.HUNG_UP
    by = "SIGHUP"


class Quit(Stopped):
    """SIGQUIT was received, from Ctrl-Backslash."""

    code = ExitCode.QUIT
    by = "SIGQUIT"


def no_memory(*, sent: bool = False) -> NoResourcesError:
    """Return the error of a process that is out of memory; `sent`: a request may have been billed."""
    what, hint = "out of memory", "send fewer requests at once"
    return NoResourcesError(what, "the system has no more memory for nbx", hint, retryable=True, sent=sent)


HINTS = {
    401: "nbx auth status shows where the key comes from, nbx auth login stores another",
    402: "check the balance of the account in the Token Factory console",
    403: "the key may lack this permission; an IAM token is not a Token Factory key",
    404: "model names are case-sensitive and change: nbx models lists them",
    409: "the model is stopped or being changed: try again or use another",
    413: "the request is too large: shorten the prompt or send fewer prompts at once",
    429: "wait, or send fewer requests at once; use --retries N to retry more often",
}


TOO_LONG = "shorten the text or split it, or choose a model with a larger context window"
_TOO_LONG_WORDS = ("context length", "context size", "context window", "max_model_len", "too many tokens")


def from_status(
    status: int, message: str, *, request_id: str = "", retry_after: float | None = None
) -> StatusError:
    """Return the error for an HTTP `status` other than 200.

    `message` is the server's own text, already safe to show; `retry_after` is in seconds.
    """
    kind: type[StatusError]
    if status in (401, 402, 403):
        kind = AuthError
    elif status == 429:
        kind = RateLimitError
    elif status >= 500:
        kind = ServerError
    else:
        kind = RejectedError
    what = f"the server answered {status}" + (f" (request {request_id})" if request_id else "")
    too_long = status in (400, 422) and any(words in message.lower() for words in _TOO_LONG_WORDS)
    hint = TOO_LONG if too_long else HINTS.get(status, "")
    return kind(what, message, hint, status=status, retry_after=retry_after)
