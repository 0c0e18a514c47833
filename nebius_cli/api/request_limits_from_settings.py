"""The limits of one request: time, attempts, memory."""

import math
from typing import NamedTuple

from nebius_cli.config.run_settings import RunSettings
from nebius_cli.config.settings_table import DEFAULT


def limits_of(
    settings: RunSettings, *, first_byte_timeout_s: float | None = None, retries: int | None = None
) -> "Limits":
    """Return the configured limits of one request.

    `first_byte_timeout_s` replaces the default of that setting, `retries` replaces the setting.
    """
    first_byte = settings.first_byte_timeout
    if first_byte_timeout_s is not None and settings.origins.first_byte_timeout == DEFAULT:
        first_byte = first_byte_timeout_s
    tries = settings.retries if retries is None else retries
    memory = settings.max_memory << 20
    return Limits(first_byte, settings.stall_timeout, settings.timeout, tries, memory)


MAX_MEMORY_BYTES = 256 * 1024 * 1024  # for one answer, if a caller does not use the setting max_memory


class Limits(NamedTuple):
    """Time limits in seconds (0: none), number of retries, bytes of memory that an answer may take."""

    first_byte: float
    stall: float
    total: float
    retries: int
    memory: int = MAX_MEMORY_BYTES

    @property
    def progress_timeout_s(self) -> float:
        """Seconds allowed without text, even if comments, empty frames or blanks arrive. Or `math.inf`."""
        return max(self.first_byte, self.stall) if self.first_byte and self.stall else math.inf
