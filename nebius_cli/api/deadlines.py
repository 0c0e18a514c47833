"""The time limits of one request: until the first byte, between bytes, without progress, in total.

No thread watches the clock. Before each wait, the thread that sends a request asks its `Deadline` how many
seconds are left, and sets them as the timeout of the socket (api/read_until_deadline.py). So a limit ends
exactly one request, however slowly its bytes arrive, and Ctrl-C ends the wait at once. In `nbx bulk`, one
thread waits for the first bytes of many answers (bulk/workers/wait_for_first_bytes.py) and checks all their
deadlines.
"""

import math
import time
from collections.abc import Callable

from nebius_cli.api.request_limits_from_settings import Limits
from nebius_cli.core.errors_and_exit_codes import TimedOutError

MIN_WAIT_S = 0.25  # the shortest wait, unless less time is left
MAX_LATE_S = 0.25  # on a busy machine, a wait may end this much late


class Deadline:
    """The time limits of one request, from now until its answer has ended.

    `started`, on the `monotonic` clock, is when the total limit begins to count; the default is now. The
    clock is stopped between `pause` and `resume`, while nbx does not wait for the server. `sent` tells
    whether any part of the request may have reached the server; `unread`, that it was sent on a reused
    connection and no byte of an answer has arrived. Such a request is sent again at once if `resends`.
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
        self._progress_at = math.inf  # set when the head of the answer arrives
        self._wait_began = self._wait_s = 0.0
        self.in_body = False
        self.sent = False
        self.unread = False
        self.resends = True

    @property
    def is_stale(self) -> bool:
        """Whether a failed request should be sent again at once because its connection was closed."""
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
        """Return the seconds of the next wait, a part of the time left. Raises TimedOutError past a limit."""
        left = self.left()
        self.before_wait()
        self._wait_s = min(left, longest_s, max(left / 4, MIN_WAIT_S))
        self._wait_began = self._monotonic()
        return self._wait_s

    def end_wait(self) -> None:
        """Record the end of a wait.

        Time beyond the planned wait does not count: the process was suspended (Ctrl-Z, a sleeping laptop),
        and what the server sent meanwhile can still be read.
        """
        self.ran_late(self._monotonic() - self._wait_began - self._wait_s)
        self.after_wait()

    def ran_late(self, seconds: float) -> None:
        """Record that a wait took `seconds` longer than planned, which may be negative."""
        if seconds > MAX_LATE_S:
            self._paused_s += seconds

    def before_wait(self) -> None:
        """Do nothing. Called before this thread waits: a subclass may let another thread work meanwhile."""

    def after_wait(self) -> None:
        """Do nothing. Called after the wait that `before_wait` announced."""

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
        hint = f"use {flag} SECONDS to wait longer; 0 means no limit"
        return TimedOutError("timed out", why, hint, sent=self.sent)

    def head_received(self) -> None:
        """Record that status and headers have arrived: limits on silence and progress count from now."""
        self.in_body = True
        self._heard_at = self._progress_at = self._monotonic() - self._paused_s

    def bytes_received(self) -> None:
        """Record that bytes of the body have arrived: from now on, the stall limit applies."""
        self._heard_at = self._monotonic() - self._paused_s
        self._silence_s, self._flag = self._limits.stall or math.inf, "--stall-timeout"

    def text_received(self) -> None:
        """Record that the last bytes contained text: the answer makes progress."""
        self._progress_at = self._heard_at

    def pause(self) -> None:
        """Stop the clock while the received bytes are shown."""
        self._paused_at = self._monotonic()

    def resume(self) -> None:
        """Start the clock again."""
        self._paused_s += self._monotonic() - self._paused_at

    def shorten(self, seconds: float) -> None:
        """End the request in `seconds` from now at the latest."""
        self._end = min(self._end, self._monotonic() - self._paused_s + seconds)
