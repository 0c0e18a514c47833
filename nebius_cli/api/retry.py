"""What to try again, and how long to wait before. The attempt and the chance are handed in."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nebius_cli.core.errors import NbxError, NetworkError, StatusError

FIRST_WAIT = 0.5  # seconds, doubled with each attempt
LONGEST_BACKOFF = 30.0  # seconds
# A server that asks for more than this is not waited for: the user should know now, not in an hour.
LONGEST_WAIT = 120.0


def delay(error: NbxError, attempt: int, retries: int, chance: float) -> float | None:
    """Return the seconds to wait before another try, None where there should be none.

    `attempt` counts from 1. `chance` in [0, 1) spreads clients that failed together: the wait is between
    half and all of the backoff. A wait that the server asked for is kept whole.
    """
    if attempt > retries or not retryable(error):
        return None
    asked = error.retry_after if isinstance(error, StatusError) else None
    if asked is not None:
        return asked if asked <= LONGEST_WAIT else None
    return backoff(attempt, chance)


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1, where the server asks for none."""
    longest = min(LONGEST_BACKOFF, FIRST_WAIT * 2.0 ** min(attempt - 1, 16))
    return longest * (0.5 + chance / 2)


def retryable(error: NbxError) -> bool:
    """Return whether the same request may go better a moment later."""
    if isinstance(error, StatusError):
        return error.status in (408, 409, 429) or error.status >= 500
    return isinstance(error, NetworkError) and error.retryable


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
