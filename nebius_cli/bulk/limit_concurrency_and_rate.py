"""Limits the speed of a bulk run: requests in flight, requests per minute, tokens per minute.

The concurrency limit adapts like the congestion window of TCP (RFC 5681): it grows with each answer, until
the server refuses a request or throughput no longer improves, and a refusal halves it. Callers pass the time.
"""

import math
import re
from collections import deque
from collections.abc import Mapping

from nebius_cli.bulk.learn_unannounced_rate_limit import RequestInterval

INITIAL_CONCURRENCY = 8  # before anything is known about the server
MAX_CONCURRENCY = 256  # unless --concurrency asks for more
MAX_PAUSE_S = 120.0  # a server that asks for a longer pause is tried again after this
MIN_GAIN = 1.05  # in throughput, with 1.5 times the concurrency; if it is less, the limit stops growing
PROBE_PAUSE_PERIODS = 20  # measurements without growth, before growth is tried again
MAX_OUTAGE_PAUSE_S = 30.0
MIN_NOTED_WAIT_S = 10.0  # the user gets no message about shorter waits
MIN_WAIT_S = 1e-6  # shorter waits are rounding errors

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{0,9})?)(ms|[smhd])")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{0,9})?")


def parse_duration(text: str) -> float | None:
    """Return the seconds of `2s`, `1m30s`, `500ms` or a plain number, None for anything else."""
    text = text.strip().lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _count(headers: Mapping[str, str], name: str) -> float | None:
    text = headers.get(name, "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


class TokenBucket:
    """A token bucket: at most `ceiling` units in any minute, in bursts of half a second."""

    def __init__(self, ceiling: float, now: float) -> None:
        self._own = ceiling
        self.header = ""  # the header of the server that set the ceiling, if any
        self._level = 0.0
        self._at = now
        self._set(ceiling)
        self._level = self._burst

    def _set(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self._burst = max(1.0, ceiling / 120)
        # A burst at the start of a minute leaves less for the rest of it.
        self._refill = (ceiling - self._burst + 1) / 60 if ceiling < math.inf else math.inf
        self._level = min(self._level, self._burst)

    def learn(self, ceiling: float, now: float, header: str = "") -> None:
        """Apply the server's ceiling, from a header, if it is lower than the configured one."""
        self.header = header if ceiling < self._own else ""
        if (lower := min(self._own, ceiling)) != self.ceiling:
            before = self.ceiling
            self._fill(now)
            self._set(lower)
            if before == math.inf:
                self._level = self._burst

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until `amount` may be taken, 0 if now."""
        if self.ceiling == math.inf:
            return 0.0
        self._fill(now)
        # An amount larger than a burst makes the level negative; the next caller waits for that.
        seconds = (min(amount, self._burst) - self._level) / self._refill
        return seconds if seconds > MIN_WAIT_S else 0.0

    def take(self, amount: float, now: float) -> None:
        """Take `amount`; a negative amount is given back."""
        if self.ceiling < math.inf:
            self._fill(now)
            self._level = min(self._burst, self._level - amount)

    def _fill(self, now: float) -> None:
        if now > self._at:
            if self.ceiling < math.inf:
                self._level = min(self._burst, self._level + (now - self._at) * self._refill)
            self._at = now


class RateController:
    """Decides how many requests may be in flight and when the next one may start. Times are in seconds.

    `fixed` sets the concurrency, which otherwise adapts, up to `max_concurrency`. `rpm` and `tpm` are limits
    per minute; lower limits in the server's headers replace them, divided by `shards`.
    """

    def __init__(
        self,
        now: float,
        *,
        fixed: int | None = None,
        rpm: float | None = None,
        tpm: float | None = None,
        max_concurrency: int = MAX_CONCURRENCY,
        shards: int = 1,
    ) -> None:
        self._fixed = fixed is not None
        self._max_concurrency = max(1, max_concurrency)
        self._limit = float(min(fixed or INITIAL_CONCURRENCY, self._max_concurrency))
        self._requests = TokenBucket(rpm or math.inf, now)
        self._tokens = TokenBucket(tpm or math.inf, now)
        self._shards = shards
        self._paused_until = -math.inf
        self._paused_by = ""  # the header that asked for the pause
        self._noted: set[str] = set()  # headers that were reported
        self._notes: deque[str] = deque()
        self._reduced_at = -math.inf
        self._refused = False  # from then on, growth is by one per round trip
        self._outages = 0
        self._used = 1.0  # average fraction of the worst case that requests use
        self._probe = ThroughputProbe(now)
        self._interval = RequestInterval()
        self._answered_since_refusal = False

    @property
    def concurrency(self) -> int:
        """The number of requests that may be in flight."""
        return int(self._limit) if not self._outages else 1

    @property
    def rpm(self) -> float:
        """Requests per minute; infinite without a limit."""
        return self._requests.ceiling

    @property
    def tpm(self) -> float:
        """Tokens per minute; infinite without a limit."""
        return self._tokens.ceiling

    @property
    def interval(self) -> float:
        """The seconds between two requests that the server was found to accept, 0 if it refused none."""
        return self._interval.interval

    def paused(self, now: float) -> float:
        """Return for how many seconds nothing may be sent."""
        return max(0.0, self._paused_until - now)

    def wait(self, worst: int, now: float) -> float:
        """Return the seconds until a request of at most `worst` tokens may start, 0 if now."""
        requests, tokens = self._requests.wait(1.0, now), self._tokens.wait(worst * self._used, now)
        paused = self._paused_until - now
        longest = max(0.0, paused, requests, tokens, self._interval.wait(now))
        if longest >= MIN_NOTED_WAIT_S:
            self._note(self._paused_by, paused)
            self._note(self._requests.header, requests)
            self._note(self._tokens.header, tokens)
        return longest

    def take_note(self) -> str:
        """Return a message for the user about a long wait, once per header; empty if nothing is new."""
        return self._notes.popleft() if self._notes else ""

    def sent(self, worst: int, now: float) -> float:
        """Record that a request starts; return the tokens set aside for it."""
        estimate = worst * self._used
        self._requests.take(1.0, now)
        self._tokens.take(estimate, now)
        self._interval.sent(now)
        return estimate

    def unsent(self, estimate: float, now: float) -> None:
        """Give back the tokens and the request that `sent` took, because it was not sent after all."""
        self._requests.take(-1.0, now)
        self._tokens.take(-estimate, now)

    def accepted(self, sent_at: float, now: float) -> None:
        """Record that a request sent at `sent_at` was not refused."""
        self._answered_since_refusal = True
        self._interval.accepted(sent_at, now)

    def answered(self, worst: int, estimate: float, used: int | None, in_flight: int, now: float) -> None:
        """Record a complete answer: the tokens used, if known, and the requests in flight, with this one."""
        if used is not None and worst > 0:
            self._tokens.take(used - estimate, now)
            self._used += (min(1.0, used / worst) - self._used) * 0.05
        self._end_outage()
        if self._fixed:
            return
        self._probe.count(int(self._limit), now)
        # Unless the limit is reached, nothing is learned about a higher one.
        if in_flight >= int(self._limit) and self._probe.may_grow:
            step = 1 / self._limit if self._refused else 1.0
            self._limit = min(float(self._max_concurrency), self._limit + step)
        elif self._probe.fallback < self._limit:
            self._limit = max(1.0, float(self._probe.fallback))

    def learn(self, headers: Mapping[str, str], now: float, used: int = 0) -> None:
        """Apply the limits and pauses in the x-ratelimit-* headers of an answer that used `used` tokens.

        A limit that this answer alone exceeds cannot be a limit per minute, so it is ignored.
        """
        for kind, rate, least in (("requests", self._requests, 1), ("tokens", self._tokens, used)):
            ceiling = _count(headers, f"x-ratelimit-limit-{kind}")
            if ceiling and ceiling >= least:
                rate.learn(ceiling / self._shards, now, f"x-ratelimit-limit-{kind}")
            if _count(headers, f"x-ratelimit-remaining-{kind}") == 0:
                reset = parse_duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
                self.pause(reset or 0.0, now, f"x-ratelimit-reset-{kind}")

    def refused(self, sent_at: float, retry_after: float | None, now: float) -> None:
        """Record a 429 or 503 response to a request that was sent at `sent_at`."""
        self._end_outage()
        self.pause(retry_after or 0.0, now, "Retry-After")
        paced = self._interval.interval > 0 and self._answered_since_refusal
        limited = self._interval.refused(sent_at, now)
        self._answered_since_refusal = False
        # Halve the limit once per round trip: requests sent before the last cut tell nothing new, and neither
        # do occasional refusals. While some requests pass, the interval is too short, not the limit too high.
        if limited and not self._fixed and sent_at >= self._reduced_at and not paced:
            self._reduced_at = now
            self._refused = True
            self._limit = max(1.0, float(int(self._limit / 2)))
            self._probe = ThroughputProbe(now)

    def cap(self, concurrency: int) -> None:
        """Allow no more requests in flight from now on, whatever the server accepts."""
        self._max_concurrency = max(1, min(self._max_concurrency, concurrency))
        self._limit = min(self._limit, float(self._max_concurrency))

    def pause(self, seconds: float, now: float, header: str = "") -> None:
        """Send nothing for `seconds`; `header` is the header of the server that asks for it."""
        until = now + min(seconds, MAX_PAUSE_S)
        if until > self._paused_until:
            self._paused_until, self._paused_by = until, header

    def outage(self, sent_at: float, now: float) -> None:
        """The server is down: send one request at a time, with growing pauses, until it answers."""
        if sent_at >= self._reduced_at:
            self._reduced_at = now
            self._outages += 1
            self.pause(min(MAX_OUTAGE_PAUSE_S, 2.0 ** min(self._outages - 1, 16)), now)

    def _note(self, header: str, seconds: float) -> None:
        if header and seconds >= MIN_NOTED_WAIT_S and header not in self._noted:
            self._noted.add(header)
            self._notes.append(
                f"the next request waits {seconds:.0f} s, as the server's {header} header asks"
            )

    def _end_outage(self) -> None:
        if self._outages and not self._fixed:  # do not flood a server that has just recovered
            self._limit = min(self._limit, float(INITIAL_CONCURRENCY))
        self._outages = 0


class ThroughputProbe:
    """Measures whether a higher concurrency limit brings more answers per second, over two round trips."""

    def __init__(self, now: float) -> None:
        self.may_grow = True
        self.fallback: float = math.inf  # a lower limit that was just as fast
        self._started_at = now
        self._answers = 0
        self._needed = 0  # answers for this measurement
        self._limit = 0  # at the last measurement that was used
        self._rate = 0.0
        self._periods_at_rest = 0

    def count(self, limit: int, now: float) -> None:
        """Count an answer received under this concurrency limit."""
        self._needed = self._needed or 2 * limit
        self._answers += 1
        if self._answers < self._needed or now <= self._started_at:
            return
        rate = self._answers / (now - self._started_at)
        self._answers, self._needed, self._started_at = 0, 0, now
        if not self.may_grow:
            self._periods_at_rest += 1
            if self._periods_at_rest >= PROBE_PAUSE_PERIODS:
                self.may_grow, self.fallback, self._periods_at_rest = True, math.inf, 0
                self._limit, self._rate = limit, rate
        elif limit >= 1.5 * self._limit:
            if rate < MIN_GAIN * self._rate:
                self.may_grow, self.fallback = False, float(self._limit)
            else:
                self._limit, self._rate = limit, rate
