"""The time limits of one request: until the first byte, between bytes, without progress, in total.

No thread watches the clock. The thread that sends a request asks its `Deadline` before each wait how many
seconds are left, and gives them to the socket (api/read_until_deadline.py). So a limit ends exactly one
request, however slowly its bytes drip in, and Ctrl-C ends the wait at once. In `nbx bulk`, one thread waits
for the beginnings of many answers (bulk/workers/wait_for_first_bytes.py), and asks the deadlines of all of
them.
"""

import math
import time
from collections.abc import Callable

from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core.errors_and_exit_codes import TimedOutError

MIN_WAIT_S = 0.25  # of one wait, while more is left
MAX_LATE_S = 0.25  # by which a busy machine may end a wait late


class Deadline:
    """The time limits of one request, from now until its answer has ended.

    `started`, on the `monotonic` clock, is when the total limit begins to count; the default is now. The
    clock stands still between `pause` and `resume`, while nobody waits for the server. `sent` tells whether
    any part of the request may have reached the server; `unread`, that it was sent on a connection which was
    open before, and that no byte of an answer has come. Such a request is sent again at once if `resends`.
    """

    __slots__ = (
        "_end",
        "_flag",
        "_heard_at",
        "_limits",
        "_monotonic",
        "_paused_at",
        "_paused_s",
        "_progress_at",
        "_silence_s",
        "_wait_began",
        "_wait_s",
        "in_body",
        "resends",
        "sent",
        "unread",
    )

    def __init__(
        self, limits: Limits, monotonic: Callable[[], float] = time.monotonic, started: float | None = None
    ) -> None:
        now = monotonic()
        self._limits = limits
        self._monotonic = monotonic
        self._paused_s = self._paused_at = 0.0
        self._end = (now if started is None else started) + (limits.total or math.inf)
        self._heard_at = now
        self._silence_s, self._flag = limits.first_byte or math.inf, "--first-byte-timeout"
        self._progress_at = math.inf  # counts from the head of the answer on
        self._wait_began = self._wait_s = 0.0
        self.in_body = False
        self.sent = False
        self.unread = False
        self.resends = True

    @property
    def is_stale(self) -> bool:
        """Whether a request that failed is to be sent again at once, because its connection had ended."""
        return self.unread and self.resends

    def left(self) -> float:
        """Return the seconds until the next limit, or `math.inf`. Raises TimedOutError past a limit."""
        end = min(
            self._end, self._heard_at + self._silence_s, self._progress_at + self._limits.progress_timeout_s
        )
        left = end - (self._monotonic() - self._paused_s)
        if left <= 0:
            raise self.error()
        return left

    def start_wait(self, longest_s: float) -> float:
        """Return the seconds for one wait, a part of what is left. Raises TimedOutError past a limit."""
        left = self.left()
        self.blocks()
        self._wait_s = min(left, longest_s, max(left / 4, MIN_WAIT_S))
        self._wait_began = self._monotonic()
        return self._wait_s

    def end_wait(self) -> None:
        """Note the end of a wait.

        The time by which it was longer does not count: the process was suspended (Ctrl-Z, a laptop that
        sleeps), and what the server sent in the meantime can be read.
        """
        self.ran_late(self._monotonic() - self._wait_began - self._wait_s)
        self.goes_on()

    def ran_late(self, seconds: float) -> None:
        """Note that a wait took `seconds` longer than it should, which may be less than 0."""
        if seconds > MAX_LATE_S:
            self._paused_s += seconds

    def blocks(self) -> None:
        """Do nothing. This thread is about to wait, and a subclass may let another one work meanwhile."""

    def goes_on(self) -> None:
        """Do nothing. The wait that `blocks` announced is over."""

    def error(self) -> TimedOutError:
        """Return the error that names the limit that is reached first."""
        limits = self._limits
        flag = "--first-byte-timeout" if limits.first_byte >= limits.stall else "--stall-timeout"
        progress = f"data arrived, but the answer made no progress for {limits.progress_timeout_s:g} s"
        _, why, flag = min(
            (self._end, f"it took longer than {limits.total:g} s in total", "--timeout"),
            (self._heard_at + self._silence_s, f"no data arrived for {self._silence_s:g} s", self._flag),
            (self._progress_at + limits.progress_timeout_s, progress, flag),
            key=lambda limit: limit[0],
        )
        hint = f"{flag} SECONDS waits longer; 0 sets no limit"
        return TimedOutError("timed out", why, hint, sent=self.sent)

    def head_came(self) -> None:
        """Note that status and headers are there: from now on bytes count, and progress is expected."""
        self.in_body = True
        self._heard_at = self._progress_at = self._monotonic() - self._paused_s

    def bytes_came(self) -> None:
        """Note that bytes of the body are there: from now on the stall limit holds."""
        self._heard_at = self._monotonic() - self._paused_s
        self._silence_s, self._flag = self._limits.stall or math.inf, "--stall-timeout"

    def text_came(self) -> None:
        """Note that the bytes that came last held text: the answer makes progress."""
        self._progress_at = self._heard_at

    def pause(self) -> None:
        """Stop the clock: what was received is being shown."""
        self._paused_at = self._monotonic()

    def resume(self) -> None:
        """Start the clock again."""
        self._paused_s += self._monotonic() - self._paused_at

    def shorten(self, seconds: float) -> None:
        """End the request in `seconds` from now at the latest."""
        self._end = min(self._end, self._monotonic() - self._paused_s + seconds)
