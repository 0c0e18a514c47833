"""Distinguishes an outage of the server from single broken connections, and limits the wait for it. Pure."""

import math

from nebius_cli.api import retry
from nebius_cli.core.errors_and_exit_codes import NbxError

# Consecutive failures that count as an outage. If the concurrency is above 10, twice the concurrency counts.
MIN_OUTAGE_FAILURES = 20
MAX_OUTAGE_S = 300.0  # the run stops after this time without any answer


class Outage:
    """Counts consecutive failures to reach the server. `retries` is the number of retries of a row."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._failures = 0
        self._since = math.inf
        self._unreached_since = math.inf  # the first failure to reach a server that never answered
        self.ever_reached = False  # whether the server ever answered, even if only with an error

    @property
    def active(self) -> bool:
        """Whether the server is down."""
        return self._since < math.inf

    def reached(self) -> None:
        """Record that the server answered."""
        self.ever_reached, self._failures, self._since = True, 0, math.inf

    def failed(self, concurrency: int, now: float) -> bool:
        """Record a failure to reach the server; return whether it is down."""
        self._failures += 1
        self._unreached_since = min(self._unreached_since, now)
        if self._failures >= max(MIN_OUTAGE_FAILURES, 2 * concurrency) or self.active:
            self._since = min(self._since, now)
        return self.active

    def too_long(self, error: NbxError, now: float) -> bool:
        """Return whether the run should stop waiting for the server; `error` is the last failure.

        A server that never answered is given the time that all retries of a row may take.
        """
        if self.ever_reached:
            return now - self._since > MAX_OUTAGE_S
        patience = retry.longest_backoff(self._retries) if retry.row_retryable(error) else 0.0
        return now - self._unreached_since >= min(patience, MAX_OUTAGE_S)
