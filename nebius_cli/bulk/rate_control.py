"""How fast a bulk run may go: how many requests at once, how many and how many tokens a minute.

Concurrency is found as TCP finds a window (RFC 5681): it grows with each answer until the server refuses
or nothing is gained any more, and is halved where the server refuses. The clock is handed in.
"""

import math
import re
from collections.abc import Mapping

FIRST = 8  # requests at once, before anything is known of the server
MOST = 256  # requests at once, unless more are asked for
LONGEST_PAUSE = 120.0  # seconds; a server that asks for more is asked again
GAIN = 1.05  # what half as many requests again must bring, for more of them to make sense
LOOK_AGAIN = 20  # periods of measuring after which more are tried once more
LONGEST_OUTAGE_PAUSE = 30.0  # seconds
ROUNDING = 1e-6  # seconds not worth a wait: sums of floats never quite meet

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{0,9})?)(ms|[smhd])")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{0,9})?")


def parse_duration(text: str) -> float | None:
    """Return the seconds of `2s`, `1m30s`, `500ms` or a plain number, None where it is none of them."""
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
    """A token bucket: so many units a minute and no more in any minute, in bursts of half a second."""

    def __init__(self, ceiling: float, now: float) -> None:
        self._own = ceiling
        self._level = 0.0
        self._at = now
        self._set(ceiling)
        self._level = self._burst

    def _set(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self._burst = max(1.0, ceiling / 120)
        # A burst at the start of a minute leaves that much less for the rest of it.
        self._refill = (ceiling - self._burst + 1) / 60 if ceiling < math.inf else math.inf
        self._level = min(self._level, self._burst)

    def learn(self, ceiling: float, now: float) -> None:
        """Take the server's ceiling: the lower one counts."""
        if (lower := min(self._own, ceiling)) != self.ceiling:
            before = self.ceiling
            self._fill(now)
            self._set(lower)
            if before == math.inf:
                self._level = self._burst

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until `amount` may be taken, 0 for now."""
        if self.ceiling == math.inf:
            return 0.0
        self._fill(now)
        # More than a burst can hold is let through in debt, and paid for by whoever comes next.
        seconds = (min(amount, self._burst) - self._level) / self._refill
        return seconds if seconds > ROUNDING else 0.0

    def take(self, amount: float, now: float) -> None:
        """Take `amount`; a negative one gives back."""
        if self.ceiling < math.inf:
            self._fill(now)
            self._level = min(self._burst, self._level - amount)

    def _fill(self, now: float) -> None:
        if now > self._at:
            if self.ceiling < math.inf:
                self._level = min(self._burst, self._level + (now - self._at) * self._refill)
            self._at = now


class RateController:
    """Says how many requests may be in flight and when the next one may start. Times are in seconds.

    `fixed` sets the number for good. `rpm` and `tpm` are ceilings a minute; those of the server's headers
    count where they are lower. `most` bounds the number that is found.
    """

    def __init__(
        self,
        now: float,
        *,
        fixed: int | None = None,
        rpm: float | None = None,
        tpm: float | None = None,
        most: int = MOST,
        share: int = 1,
    ) -> None:
        self._fixed = fixed is not None
        self._most = max(1, most)
        self._window = float(fixed if fixed is not None else min(FIRST, self._most))
        self._requests = TokenBucket(rpm or math.inf, now)
        self._tokens = TokenBucket(tpm or math.inf, now)
        self._share = share
        self._paused_until = -math.inf
        self._cut_at = -math.inf
        self._refused = False  # once: growth is by one a round trip from then on
        self._outages = 0
        self._used = 1.0  # share of the worst case that requests really use
        self._growth = ThroughputProbe(now)

    @property
    def concurrency(self) -> int:
        """How many requests may be in flight."""
        return int(self._window) if not self._outages else 1

    @property
    def rpm(self) -> float:
        """Requests a minute at most; infinite where nobody says so."""
        return self._requests.ceiling

    @property
    def tpm(self) -> float:
        """Tokens a minute at most; infinite where nobody says so."""
        return self._tokens.ceiling

    def paused(self, now: float) -> float:
        """Return for how many seconds nothing may be sent."""
        return max(0.0, self._paused_until - now)

    def wait(self, worst: int, now: float) -> float:
        """Return the seconds until a request that can take `worst` tokens may start, 0 for now."""
        tokens = self._tokens.wait(worst * self._used, now)
        return max(0.0, self._paused_until - now, self._requests.wait(1.0, now), tokens)

    def sent(self, worst: int, now: float) -> float:
        """Note that a request starts; return the tokens that were set aside for it."""
        estimate = worst * self._used
        self._requests.take(1.0, now)
        self._tokens.take(estimate, now)
        return estimate

    def answered(self, worst: int, estimate: float, used: int | None, in_flight: int, now: float) -> None:
        """Note a good answer: `used` tokens if the server says so, `in_flight` requests with this one."""
        if used is not None and worst > 0:
            self._tokens.take(used - estimate, now)
            self._used += (min(1.0, used / worst) - self._used) * 0.05
        self._answers_again()
        if self._fixed:
            return
        self._growth.count(int(self._window), now)
        # A window that is not full says nothing about a larger one.
        if in_flight >= int(self._window) and self._growth.pays:
            step = 1 / self._window if self._refused else 1.0
            self._window = min(float(self._most), self._window + step)
        elif self._growth.back_to < self._window:
            self._window = max(1.0, float(self._growth.back_to))

    def learn(self, headers: Mapping[str, str], now: float) -> None:
        """Take the ceilings and the pauses that an answer's x-ratelimit-* headers ask for."""
        for kind, rate in (("requests", self._requests), ("tokens", self._tokens)):
            ceiling = _count(headers, f"x-ratelimit-limit-{kind}")
            if ceiling:
                rate.learn(ceiling / self._share, now)
            if _count(headers, f"x-ratelimit-remaining-{kind}") == 0:
                reset = parse_duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
                self.pause(reset or 0.0, now)

    def refused(self, sent_at: float, retry_after: float | None, now: float) -> None:
        """Note a 429 or 503 to a request that was sent at `sent_at`."""
        self._answers_again()
        self.pause(retry_after or 0.0, now)
        # Once a round trip: the others that were on their way then are no news.
        if not self._fixed and sent_at >= self._cut_at:
            self._cut_at = now
            self._refused = True
            self._window = max(1.0, float(int(self._window / 2)))
            self._growth = ThroughputProbe(now)

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing for some seconds."""
        self._paused_until = max(self._paused_until, now + min(seconds, LONGEST_PAUSE))

    def outage(self, sent_at: float, now: float) -> None:
        """Note that nothing answers any more: one request at a time, ever more seldom, until one does."""
        if sent_at >= self._cut_at:
            self._cut_at = now
            self._outages += 1
            self.pause(min(LONGEST_OUTAGE_PAUSE, 2.0 ** min(self._outages - 1, 16)), now)

    def _answers_again(self) -> None:
        if self._outages and not self._fixed:  # what has just come back is not run down at once
            self._window = min(self._window, float(FIRST))
        self._outages = 0


class ThroughputProbe:
    """Whether a larger window brings more answers a second, measured over two round trips at a time."""

    def __init__(self, now: float) -> None:
        self.pays = True
        self.back_to: float = math.inf  # the window that was as good as the one in use
        self._began = now
        self._answers = 0
        self._needed = 0  # answers, for this measure
        self._window = 0  # at the last measure that counts
        self._rate = 0.0
        self._resting = 0

    def count(self, window: int, now: float) -> None:
        """Count an answer that came with this window."""
        self._needed = self._needed or 2 * window
        self._answers += 1
        if self._answers < self._needed or now <= self._began:
            return
        rate = self._answers / (now - self._began)
        self._answers, self._needed, self._began = 0, 0, now
        if not self.pays:
            self._resting += 1
            if self._resting >= LOOK_AGAIN:
                self.pays, self.back_to, self._resting = True, math.inf, 0
                self._window, self._rate = window, rate
        elif window >= 1.5 * self._window:
            if rate < GAIN * self._rate:
                self.pays, self.back_to = False, float(self._window)
            else:
                self._window, self._rate = window, rate
