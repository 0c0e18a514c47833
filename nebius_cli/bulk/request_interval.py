"""Finds the interval between requests that a server accepts when it limits their rate without naming it.

Such a server (nginx's limit_req, for one) only refuses requests. So the interval is found by trying: the
first refusal sets a short one, further refusals lengthen it, and accepted requests shorten it slowly. A
request that follows a refusal is sent early, so that a refusal costs a fraction of the interval.
"""

import math

FIRST_INTERVAL_S = 0.05
MAX_INTERVAL_S = 30.0
MAX_SEARCH_INTERVAL_S = 1.0  # that refusals alone lead to; beyond it, the backoff of each row is the wait
FAST_SHRINK = 0.93  # after each accepted request, once per round trip, until the server refuses again
SHRINK = 0.98  # the same from then on
GROW = 1.05  # after a refusal that follows an accepted request
MAX_GROW = 2.0  # after many refusals in a row
MAX_BRACKET_GROW = 1.5  # towards the interval that the last accepted requests show
EARLY = 0.2  # fraction of the interval to wait after a first refusal; doubled with each further one


class RequestInterval:
    """The interval between two requests, 0 before the first refusal. Callers pass the time in seconds."""

    def __init__(self) -> None:
        self.interval = 0.0
        self._next_at = -math.inf
        self._changed_at = -math.inf  # requests sent before this say nothing about the interval
        self._refusals = 0  # in a row
        self._shrink = 1.0
        self._accepted_at = -math.inf  # when the last accepted request was sent
        self._refused_at = -math.inf  # when the last refused request was sent

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may start, 0 if now."""
        return max(0.0, self._next_at - now)

    def sent(self, now: float) -> None:
        """Note that a request starts."""
        self._next_at = now + self.interval

    def refused(self, sent_at: float, now: float) -> None:
        """Note a refusal of a request that was sent at `sent_at`."""
        if sent_at < self._changed_at:
            return
        if not self.interval:
            self.interval, self._shrink = FIRST_INTERVAL_S, FAST_SHRINK
        elif self._refusals:
            longer = self.interval * min(MAX_GROW, 1 + EARLY * 2.0 ** min(self._refusals, 8))
            self.interval = max(self.interval, min(longer, MAX_SEARCH_INTERVAL_S))
        else:
            self.interval *= GROW
            self._shrink = SHRINK
        self.interval = min(self.interval, MAX_INTERVAL_S)
        self._next_at = now + self.interval * min(1.0, EARLY * 2.0 ** min(self._refusals, 8))
        self._changed_at, self._refused_at = now, sent_at
        self._refusals += 1

    def accepted(self, sent_at: float, now: float) -> None:
        """Note an answer to a request that was sent at `sent_at`."""
        if self.interval and sent_at >= self._changed_at:
            self._changed_at = now
            if not self._refusals:
                self.interval *= self._shrink
            else:
                # The server's interval is longer than the refused gap, and no longer than the accepted one.
                too_short, enough = self._refused_at - self._accepted_at, sent_at - self._accepted_at
                if 0 < too_short < enough < math.inf:
                    between = min(math.sqrt(too_short * enough), MAX_BRACKET_GROW * self.interval)
                    self.interval = min(MAX_INTERVAL_S, max(self.interval, between))
            self._refusals = 0
        self._accepted_at = max(self._accepted_at, sent_at)
