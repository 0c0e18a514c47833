"""All decisions after a failed request: what ends a run, what is retried, and after how long.

A single request (`complete`, `score`, `models`, `doctor`) and the rows of `bulk` share them. No I/O, no
clock: whoever calls hands in the attempt, the time and the jitter.
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
# A server that asks for more than this is not waited for: the user should know now, not in an hour.
MAX_RETRY_AFTER_S = 120.0
# A shorter wait, such as 0 or a date in the past, does not replace the backoff: without it, a server would
# get hundreds of requests in a second.
MIN_RETRY_AFTER_S = 1.0


# One request.


def delay(
    error: NbxError, attempt: int, retries: int, jitter: float, *, total: float = 0.0, left: float = 0.0
) -> float | None:
    """Return the seconds to wait before another try, None where there should be none.

    `attempt` counts from 1. `jitter` in [0, 1) spreads clients that failed together: the wait is between
    half and all of the backoff. A wait of a second or more that the server asked for is kept whole. `left`
    seconds remain of the `total` limit, which is none where it is 0. The hint of `error` says what stands
    against a long wait.
    """
    if asks_too_much(error) or attempt > retries or not retryable(error):
        return None
    wait = next_wait(error, attempt, jitter)
    if total and wait > left:
        error.hint = f"no time is left to try again: --timeout is {total:g} s"
        return None
    return wait


def announcement(error: NbxError, wait: float, attempt: int, retries: int) -> str:
    """Return the line that announces another try."""
    return f"{error.line}; trying again in {wait:.1f} s ({attempt} of {retries})"


def asks_too_much(error: NbxError) -> bool:
    """Return whether the server asks for a longer wait than nbx makes; the hint of `error` then says so."""
    asked = retry_after(error)
    if asked is None or asked <= MAX_RETRY_AFTER_S or not retryable(error):
        return False
    error.hint = f"it asks to wait {asked:g} s; nbx waits at most {MAX_RETRY_AFTER_S:g} s"
    return True


def next_wait(error: NbxError, attempt: int, jitter: float) -> float:
    """Return the wait that the server asked for, or the backoff where that is not at least a second.

    For errors that are worth another try: `delay` and `row_rule` say which.
    """
    asked = retry_after(error) or 0.0
    return asked if asked >= MIN_RETRY_AFTER_S else max(asked, backoff(attempt, jitter))


def backoff(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1, where the server asks for none."""
    longest = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempt - 1, 16))
    return longest * (0.5 + jitter / 2)


def retryable(error: NbxError) -> bool:
    """Return whether the same request may succeed a moment later."""
    if isinstance(error, StatusError):
        return error.status in (408, 409, 429) or error.status >= 500
    return isinstance(error, NetworkError) and error.retryable


# Requests of a run of many.


class RowRule(Enum):
    """What a run of many rows does about a failed request; docs/bulk.md explains this table to users."""

    END_RUN = auto()  # no row can succeed
    FORBIDDEN = auto()  # is not sent again; a group is split; ends the run if it happens to row after row
    BUSY = auto()  # is sent again, more slowly, and uses up no retry
    UNREACHABLE = auto()  # is sent again; many consecutive ones are an outage, which uses up no retry
    TRY_AGAIN = auto()  # is sent again, as often as --retries says; then a group is split
    FAIL = auto()  # is not sent again; a group is split


def row_rule(error: NbxError, *, only_model: bool, answering: bool) -> RowRule:
    """Return the rule for a failed request.

    `only_model`: the row used the model of the whole run; a row with a model of its own may be wrong alone.
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
    """Return whether a row may be sent again: nothing of its answer was shown, so also a cut one."""
    return isinstance(error, IncompleteError) or retryable(error)


def longest_backoff(retries: int) -> float:
    """Return the most seconds that a request with `retries` retries waits between its attempts."""
    return sum(backoff(attempt, 1.0) for attempt in range(1, retries + 1))


def ends_run(error: NbxError, *, only_model: bool) -> bool:
    """Return whether no row can succeed soon.

    The key or the account is refused, the model is gone, or the server asks for too long a wait. A 403 may
    be the verdict of a firewall on one prompt. `only_model`: the row used the model of the whole run. A row
    with a model of its own may be wrong alone.
    """
    if isinstance(error, AuthError):
        return error.status != 403
    if is_missing(error):
        return only_model
    return asks_too_much(error) or not isinstance(error, StatusError | NetworkError | IncompleteError)


def is_missing(error: NbxError) -> bool:
    """Return whether the server does not know what was asked for: a model, or the path."""
    return isinstance(error, StatusError) and error.status == 404


def is_rate_limit(error: NbxError) -> bool:
    """Return whether the server asks for fewer requests. That uses up no try of a row."""
    return isinstance(error, StatusError) and error.status == 429


def is_overload(error: NbxError) -> bool:
    """Return whether the rate of a run should go down."""
    return isinstance(error, StatusError) and error.status in (429, 503)


def is_unreachable(error: NbxError) -> bool:
    """Return whether an error may mean that the server is not there: nothing came, or a gateway answered."""
    if isinstance(error, StatusError):
        return error.status in (502, 503, 504)
    return isinstance(error, NetworkError)


def is_refused_input(error: NbxError) -> bool:
    """Return whether the server refused what is in the request, so that sending it again cannot help."""
    return isinstance(error, StatusError) and error.status in (400, 413, 422)


def is_unread(error: NbxError) -> bool:
    """Return whether most likely no server read the request, so that it was no try of the row."""
    return isinstance(error, NetworkError) and error.unread


def may_be_billed(error: NbxError) -> bool:
    """Return whether a failed request may cost something: an error status does not, a cut answer may."""
    return isinstance(error, IncompleteError) or (isinstance(error, NetworkError) and error.sent)


def retry_after(error: NbxError) -> float | None:
    """Return the seconds that the server asked to wait, None where it did not."""
    return error.retry_after if isinstance(error, StatusError) else None


def parse_retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait (RFC 9110, section 10.2.3).

    Takes seconds, with a unit as Token Factory's other headers have it (`2s`), or an HTTP date, of which
    `now` (Unix time) is subtracted. None where it is neither.
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
