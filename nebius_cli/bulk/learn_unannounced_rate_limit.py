"""Finds the interval between requests that a server accepts if it does not announce its rate limit.

Such a server (nginx with limit_req, for example) only refuses requests. The interval is found by trying: the
first refusals set a short one, further refusals lengthen it, and accepted requests shorten it slowly. A
request that follows a refusal is sent early, so that a refusal costs a fraction of the interval.

Other servers refuse some requests at any rate, such as one of several machines that is down behind a load
balancer. An interval would only cost time there. So a small share of refusals changes nothing, and the
interval gets shorter again where a longer one has not made the server accept a larger share.
"""

import math
from collections import deque
from dataclasses import dataclass
from itertools import islice

FIRST_INTERVAL_S = 0.05
MAX_INTERVAL_S = 30.0
MAX_SEARCH_INTERVAL_S = 1.0  # the longest set by refusals alone; beyond it, each row waits for its backoff
FAST_SHRINK = 0.93  # after each accepted request, once per round trip, until the server refuses again
SHRINK = 0.98  # the same from then on
GROW = 1.05  # after a refusal that follows an accepted request
MAX_GROW = 2.0  # after many consecutive refusals
MAX_BRACKET_GROW = 1.5  # towards the interval found from accepted requests
SHARE_REQUESTS = 20  # the number of last requests that the share of refusals is computed from
MIN_LIMITED_SHARE = 0.2  # of refusals; from this share on, the server is assumed to limit the rate
MAX_KEPT_REQUESTS = 256
MIN_COMPARED_REQUESTS = 8  # at this interval, and accepted ones at shorter intervals, to compare them
MIN_GAIN = 1.25  # of the accepted share, if the interval doubles; with a rate limit, it is 2
EARLY = 0.2  # fraction of the interval to wait after a first refusal; doubled with each further one


@dataclass(slots=True)
class _Sent:
    """A request: when it was sent, the interval at that time, and whether it was refused."""

    at: float
    interval: float
    refused: bool = False


class RequestInterval:
    """The interval between two requests, 0 before the first refusals. Callers pass the time in seconds."""

    def __init__(self) -> None:
        self.interval = 0.0
        self._next_at = -math.inf
        self._changed_at = -math.inf  # requests sent before this give no information on the interval
        self._refusals = 0  # consecutive ones
        self._shrink = 1.0
        self._accepted_at = -math.inf  # when the last accepted request was sent
        self._refused_at = -math.inf  # when the last refused request was sent
        self._sent: deque[_Sent] = deque(maxlen=MAX_KEPT_REQUESTS)

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may start, 0 if now."""
        return max(0.0, self._next_at - now)

    def sent(self, now: float) -> None:
        """Record that a request starts."""
        self._next_at = now + self.interval
        self._sent.append(_Sent(now, self.interval))

    def refused(self, sent_at: float, now: float) -> bool:
        """Record that a request sent at `sent_at` was refused; return whether it shows a rate limit."""
        until = self._mark(sent_at)
        if sent_at < self._changed_at:
            return False
        if _share(until[-SHARE_REQUESTS:]) < MIN_LIMITED_SHARE:
            self._next_at = min(self._next_at, now + EARLY * self.interval)
            return False
        if self.interval and self._does_not_help(until):
            self.interval /= 2
            self._changed_at, self._refusals = now, 0
            return False
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
        return True

    def accepted(self, sent_at: float, now: float) -> None:
        """Record an answer to a request that was sent at `sent_at`."""
        if self.interval and sent_at >= self._changed_at:
            if not self._refusals:
                self.interval *= self._shrink
            else:
                # The server's interval is longer than the refused gap, and no longer than the accepted one.
                too_short, enough = self._refused_at - self._accepted_at, sent_at - self._accepted_at
                if 0 < too_short < enough < math.inf:
                    between = min(math.sqrt(too_short * enough), MAX_BRACKET_GROW * self.interval)
                    self.interval = min(MAX_INTERVAL_S, max(self.interval, between))
            last = list(islice(reversed(self._sent), SHARE_REQUESTS))
            if self._refusals or _share(last):  # without any refusal each answer shortens it
                self._changed_at = now
            self._refusals = 0
        self._accepted_at = max(self._accepted_at, sent_at)

    def _mark(self, sent_at: float) -> list[_Sent]:
        """Mark a request as refused; return the requests up to it that are still known."""
        until = list(self._sent)
        while until:
            if until[-1].at == sent_at and not until[-1].refused:
                until[-1].refused = True
                return until
            if until.pop().at < sent_at:
                break
        return [_Sent(sent_at, self.interval, refused=True)]

    def _does_not_help(self, requests: list[_Sent]) -> bool:
        """Return whether the server accepts no larger share now than at intervals half as long."""
        now = [sent for sent in requests if sent.interval >= self.interval / 1.3]
        before = [sent for sent in requests if 0 < sent.interval <= self.interval / 2]
        if min(len(now), sum(not sent.refused for sent in before)) < MIN_COMPARED_REQUESTS:
            return False
        return 1 - _share(now) < MIN_GAIN * (1 - _share(before))


def _share(requests: list[_Sent]) -> float:
    """Return the share of requests that were refused; those without an answer yet were not."""
    return sum(sent.refused for sent in requests) / len(requests) if requests else 0.0
