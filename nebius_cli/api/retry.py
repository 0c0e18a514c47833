"""Decides what to do after a failed request: whether it is retried, when, and whether a run ends.

Single requests (`complete`, `score`, `models`, `doctor`) and the rows of `bulk` share these rules. No I/O,
no clock: the caller passes the attempt, the time and the jitter.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from nebius_cli.core.errors_and_exit_codes import (
    AuthError,
    IncompleteError,
    NbxError,
    NetworkError,
    StatusError,
)

FIRST_BACKOFF_S = 0.5  # doubled with each attempt
MAX_BACKOFF_S = 30.0
# If a server asks for a longer wait, nbx gives up: the user should know now, not in an hour.
MAX_RETRY_AFTER_S = 120.0
# A shorter wait, such as 0 or a date in the past, does not replace the backoff: otherwise a server would
# get hundreds of requests per second.
MIN_RETRY_AFTER_S = 1.0


# Single requests.


def delay(
    error: NbxError, attempt: int, retries: int, jitter: float, *, total: float = 0.0, left: float = 0.0
) -> float | None:
    """Return the seconds to wait before another attempt, None if there should be none.

    `attempt` counts from 1. `jitter` in [0, 1) spreads clients that failed together: the wait is between
    half and all of the backoff. If the server asks for a second or more, nbx waits that long. `left` seconds
    remain of the `total` limit, where 0 means none. If the wait is too long, the hint of `error` says why.
    """
    if asks_for_too_long_wait(error) or attempt > retries or not retryable(error):
        return None
    wait = next_wait(error, attempt, jitter)
    if total and wait > left:
        error.hint = f"no time is left to try again: --timeout is {total:g} s"
        return None
    return wait


def announcement(error: NbxError, wait: float, attempt: int, retries: int) -> str:
    """Return the line that announces another attempt."""
    return f"{error.line}; trying again in {wait:.1f} s ({attempt} of {retries})"


def asks_for_too_long_wait(error: NbxError) -> bool:
    """Return whether the server asks for a longer wait than nbx accepts; the hint of `error` then says so."""
    asked = retry_after(error)
    if asked is None or asked <= MAX_RETRY_AFTER_S or not retryable(error):
        return False
    error.hint = f"the server asks to wait {asked:g} s; nbx waits at most {MAX_RETRY_AFTER_S:g} s"
    return True


def next_wait(error: NbxError, attempt: int, jitter: float) -> float:
    """Return the wait that the server asked for; if it is below a second, at least the backoff.

    Only for errors after which `delay` or `row_rule` allows another attempt.
    """
    asked = retry_after(error) or 0.0
    return asked if asked >= MIN_RETRY_AFTER_S else max(asked, backoff(attempt, jitter))


def backoff(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1, if the server asks for none."""
    longest = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempt - 1, 16))
    return longest * (0.5 + jitter / 2)


def retryable(error: NbxError) -> bool:
    """Return whether the same request may succeed a moment later."""
    if isinstance(error, StatusError):
        return error.status in (408, 409, 429) or error.status >= 500
    return isinstance(error, NetworkError) and error.retryable


# Requests of a bulk run.


class RowRule(Enum):
    """What a bulk run does about a failed request; docs/bulk.md explains this table to users."""

    END_RUN = auto()  # no row can succeed
    FORBIDDEN = auto()  # is not sent again; a group is split; ends the run if it happens to row after row
    BUSY = auto()  # is sent again, at a lower rate, and uses up no retry
    UNREACHABLE = auto()  # is sent again; many consecutive ones are an outage, which uses up no retry
    TRY_AGAIN = auto()  # is sent again, up to --retries times; then a group is split
    FAIL = auto()  # is not sent again; a group is split


def row_rule(error: NbxError, *, only_model: bool, answering: bool) -> RowRule:
    """Return the rule for a failed request.

    `only_model`: the row used the model of the run; if it has its own model, other rows may still succeed.
    `answering`: the server has just answered other requests.
    """
    if ends_run(error, only_model=only_model):
        return RowRule.END_RUN
    if isinstance(error, AuthError):
        return RowRule.FORBIDDEN
    if is_rate_limit(error) or (is_overload(error) and answering):
        return RowRule.BUSY
    if is_unreachable(error):
        return RowRule.UNREACHABLE
    return RowRule.TRY_AGAIN if row_retryable(error) else RowRule.FAIL


def row_retryable(error: NbxError) -> bool:
    """Return whether a row may be sent again: also if its answer was incomplete, as none of it was shown."""
    return isinstance(error, IncompleteError) or retryable(error)


def longest_backoff(retries: int) -> float:
    """Return the most seconds that a request with `retries` retries waits between its attempts."""
    return sum(backoff(attempt, 1.0) for attempt in range(1, retries + 1))


def ends_run(error: NbxError, *, only_model: bool) -> bool:
    """Return whether no row can succeed soon.

    The key or the account is refused, the model does not exist, or the server asks for too long a wait. A
    403 does not count, as a firewall may have rejected one prompt. `only_model` is as in `row_rule`.
    """
    if isinstance(error, AuthError):
        return error.status != 403
    if is_missing(error):
        return only_model
    return asks_for_too_long_wait(error) or not isinstance(
        error, StatusError | NetworkError | IncompleteError
    )


def is_missing(error: NbxError) -> bool:
    """Return whether the server does not know the requested model or path."""
    return isinstance(error, StatusError) and error.status == 404


def is_rate_limit(error: NbxError) -> bool:
    """Return whether the server asks for fewer requests. This uses up no retry of a row."""
    return isinstance(error, StatusError) and error.status == 429


def is_overload(error: NbxError) -> bool:
    """Return whether the rate of a run should go down."""
    return isinstance(error, StatusError) and error.status in (429, 503)


def is_unreachable(error: NbxError) -> bool:
    """Return whether the server may be unreachable: nothing was received, or a gateway answered."""
    if isinstance(error, StatusError):
        return error.status in (502, 503, 504)
    return isinstance(error, NetworkError)


def is_refused_input(error: NbxError) -> bool:
    """Return whether the server refused the content of the request, so that sending it again cannot help."""
    return isinstance(error, StatusError) and error.status in (400, 413, 422)


def is_unread(error: NbxError) -> bool:
    """Return whether most likely no server read the request, so that it does not count as an attempt."""
    return isinstance(error, NetworkError) and error.unread


def may_be_billed(error: NbxError) -> bool:
    """Return whether a failed request may be billed: an incomplete answer may, an error status is not."""
    return isinstance(error, IncompleteError) or (isinstance(error, NetworkError) and error.sent)


def retry_after(error: NbxError) -> float | None:
    """Return the seconds that the server asked to wait, None if it did not."""
    return error.retry_after if isinstance(error, StatusError) else None


def parse_retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait (RFC 9110, section 10.2.3).

    Accepts seconds, also with a unit as in Token Factory's other headers (`2s`), or an HTTP date, from which
    `now` (Unix time) is subtracted. None for anything else.
    """
    try:
        return max(0.0, float(text.strip().removesuffix("s")))
    except ValueError:
        pass
    try:
        date: datetime = parsedate_to_datetime(text)
        # The older forms of an HTTP date name no zone; they are all in UTC (RFC 9110, section 5.6.7).
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None
